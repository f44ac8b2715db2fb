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

/// What `tests/python/SCRIPT` prints.
pub fn script(script: &str, arguments: &[&Path]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let mut command = Command::new(python());
    output(command.arg("-B").arg(path).args(arguments))
}

/// What `python -m MODULE` prints.
pub fn module(module: &str, arguments: &[&str], at: &Path) -> String {
    let mut command = Command::new(python());
    output(command.args(["-B", "-m", module]).args(arguments).current_dir(at))
}

fn output(command: &mut Command) -> String {
    let output = command.env("KERAS_BACKEND", "jax").env("JAX_PLATFORMS", "cpu").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
