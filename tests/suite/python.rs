//! The Python that outside references run in.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python with what `tests/requirements.txt` names: `RESNETC_PYTHON`, or the one that `make test` sets up.
pub fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("RESNETC_PYTHON").map_or(root.join(".venv/bin/python"), PathBuf::from);
    assert!(python.exists(), "there is no {}: run `make test`, which makes it", python.display());
    python
}

/// A program that a package of that Python brings.
pub fn program(name: &str) -> PathBuf {
    let program = python().with_file_name(name);
    assert!(program.exists(), "there is no {}: run `make test`, which installs it", program.display());
    program
}

/// What `tests/python/SCRIPT` prints.
pub fn script(script: &str, arguments: &[&Path]) -> String {
    script_on("jax", script, arguments)
}

/// What `tests/python/SCRIPT` prints where Keras runs on this back end.
pub fn script_on(backend: &str, script: &str, arguments: &[&Path]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let mut command = Command::new(python());
    output(backend, command.arg("-B").arg(path).args(arguments))
}

/// The back ends of Keras that are installed: JAX always, and it is said which others are not.
pub fn backends() -> Vec<&'static str> {
    let installed = |backend: &&str| {
        let found = format!("import importlib.util as u, sys; sys.exit(u.find_spec('{backend}') is None)");
        let found = Command::new(python()).args(["-c", &found]).status().unwrap().success();
        if !found {
            eprintln!("skipped on {backend}, which {} does not have", python().display());
        }
        found
    };
    ["jax"].into_iter().chain(["tensorflow", "torch"].into_iter().filter(installed)).collect()
}

/// What `python -m MODULE` prints.
pub fn module(module: &str, arguments: &[&str], at: &Path) -> String {
    let mut command = Command::new(python());
    output("jax", command.args(["-B", "-m", module]).args(arguments).current_dir(at))
}

fn output(backend: &str, command: &mut Command) -> String {
    let output = command.env("KERAS_BACKEND", backend).env("JAX_PLATFORMS", "cpu").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
