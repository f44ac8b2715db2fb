//! What is on its way to a file, and who is at work on it: removed and ended where the program is interrupted.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Temporary files and folders that exist now.
static PATHS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The process that runs now.
static PROCESS: Mutex<Option<Child>> = Mutex::new(None);

/// A temporary file or folder, which an interruption removes for as long as this lives.
#[must_use]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// What removes what `create` creates where the program is interrupted, and what that is; to be dropped in the other
    /// order. An interruption comes before it exists or when it is known, never between.
    pub(super) fn of<T: AsRef<Path>>(create: impl FnOnce() -> io::Result<T>) -> io::Result<(Self, T)> {
        watch();
        let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
        let created = create()?;
        let path = created.as_ref().to_owned();
        paths.insert(path.clone());
        Ok((Self(path), created))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        PATHS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// A temporary folder.
pub(super) struct Folder {
    folder: TempDir,
    _scratch: Scratch,
}

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        let (scratch, folder) = Scratch::of(tempfile::tempdir)?;
        Ok(Self { folder, _scratch: scratch })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// How a process ended, if it did within `limit`; else it is killed, as it is by an interruption.
pub(super) fn ended(command: &mut Command, limit: Duration) -> io::Result<Option<ExitStatus>> {
    watch();
    let running = || PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut process = running();
    *process = Some(command.spawn()?);
    drop(process);
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(status) = running().as_mut().map(Child::try_wait).transpose()?.flatten() {
            return Ok(Some(status));
        }
        sleep(Duration::from_millis(10));
    }
    if let Some(mut process) = running().take() {
        process.kill()?;
        process.wait()?;
    }
    Ok(None)
}

/// From now on an interruption, a request to end and a closed terminal remove what is temporary, and end who works on it. Where
/// that cannot be had, they end the program as they would anyway.
fn watch() {
    static WATCH: Once = Once::new();
    WATCH.call_once(listen);
}

#[cfg(unix)]
fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    // Who starts the program under `nohup` wants it to go on. A shell lets what it starts in the background ignore interruptions
    // from the keyboard; one that is sent all the same is meant.
    let signals = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP));
    if let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) {
        std::thread::spawn(move || signals.forever().for_each(interrupted));
    }
}

/// Whether the program was started so that `signal` does nothing, as far as the system says.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(not(unix))]
fn listen() {
    /// What shells elsewhere call an interruption.
    const INTERRUPTION: i32 = 2;
    let _ = ctrlc::set_handler(|| interrupted(INTERRUPTION));
}

/// Ends the program as `signal` asks, with the exit code that shells have for it: 130 for an interruption, 143 for a request to end,
/// 129 for a closed terminal.
fn interrupted(signal: i32) {
    let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = process.as_mut().map(Child::kill);
    // Whoever holds the lock does so for a moment; after this nobody begins another file.
    let paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
    for path in paths.iter() {
        let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    std::process::exit(128 + signal);
}
