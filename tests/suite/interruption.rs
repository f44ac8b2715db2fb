//! An interruption leaves nothing half-written and nothing behind.

#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn files(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect()
}

/// Sends `signal` as soon as `folder` has something in it; the exit code.
fn interrupted(mut child: Child, signal: &str, folder: &Path) -> Option<i32> {
    let begun = Instant::now();
    while files(folder).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing was begun");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

/// Whether this process, and so what it starts, was told to ignore SIGHUP.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1)
}

#[test]
fn a_file_is_whole_or_not_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        // Under `nohup` a hangup stays ignored, in every program below.
        if signal == "-HUP" && ignores_hangups() {
            eprintln!("hangups are ignored here: not tried");
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir(&out).unwrap();
        // A quarter of a gigabyte, so that it is caught on its way.
        let child = Command::new(env!("CARGO_BIN_EXE_resnetc"))
            .args(["build", "--target", "onnx", "--output"])
            .arg(&out)
            .arg(root.join("architectures/resnet152.toml"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        assert_eq!(interrupted(child, signal, &out), Some(code));
        assert_eq!(files(&out), [""; 0]);
    }
}

#[test]
fn a_folder_and_a_process_of_a_verification_go_with_it() {
    use std::os::unix::fs::PermissionsExt;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let python = folder.path().join("python");
    let begun = folder.path().join("begun");
    std::fs::create_dir(&begun).unwrap();
    std::fs::write(&python, format!("#!/bin/sh\n: > {}/$$\nexec sleep 600\n", begun.display())).unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_resnetc"))
        .arg("verify")
        .arg(root.join("architectures/cifar_resnet20.toml"))
        .arg("--python")
        .arg(&python)
        .env("TMPDIR", &temporary)
        .spawn()
        .unwrap();
    assert_eq!(interrupted(child, "-INT", &begun), Some(130));
    assert_eq!(files(&temporary), [""; 0]);
    // What has ended has no command line.
    let process = files(&begun).remove(0);
    let runs = || std::fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty());
    let since = Instant::now();
    while runs() {
        assert!(since.elapsed() < Duration::from_secs(60), "it runs on");
        std::thread::sleep(Duration::from_millis(1));
    }
}
