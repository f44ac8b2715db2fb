//! A runtime that is a Python library, in a process of its own.

use super::case::{Case, Outcome};
use crate::cli::{Failure, npy, scratch, write};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a script answers.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Version(String),
    Absent(String),
    Failed(String),
}

/// The environment under which every library computes in float32 on the processor.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("JAX_PLATFORMS", "cpu"),
    ("KERAS_TORCH_DEVICE", "cpu"),
    ("CUDA_VISIBLE_DEVICES", "-1"),
    ("TF_CPP_MIN_LOG_LEVEL", "2"),
];

/// Lets `script` do the job that `job` writes for a folder, to which values go.
pub(super) fn run(
    case: &Case,
    script: &str,
    job: impl FnOnce(&Path) -> Value,
    environment: &[(&str, &str)],
) -> Result<Outcome, Failure> {
    let at = |name: &str| case.folder.path().join(name);
    let values = tempfile::tempdir_in(case.folder.path())
        .map_err(|error| Failure::unasked("cannot write to the temporary folder", error))?;
    write::atomic(&at("run.py"), script.as_bytes())?;
    write::atomic(&at("job.json"), job(values.path()).to_string().as_bytes())?;
    let (answer, said) = (values.path().join("answer.json"), at("said.txt"));
    let mut command = Command::new(&case.python);
    command.arg("-B").args(["run.py", "job.json"].map(at)).arg(&answer);
    // Keras would write its settings into the home folder.
    command.env("KERAS_HOME", case.folder.path());
    command.envs(ENVIRONMENT).envs(environment.iter().copied());
    let stderr =
        File::create(&said).map_err(|error| Failure::unasked("cannot write to the temporary folder", error))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let status = match scratch::ended(&mut command, case.time_limit) {
        Ok(Some(status)) => status,
        Ok(None) => return Ok(Outcome::Absent(format!("it took more than {} s", case.time_limit.as_secs()))),
        Err(error) => return Ok(Outcome::Absent(unstartable(&case.python, error.kind()))),
    };
    let died = || format!("its process ended with {status}: {}", last_line(&std::fs::read(&said).unwrap_or_default()));
    match std::fs::read(answer).ok().and_then(|answer| serde_json::from_slice(&answer).ok()) {
        Some(Answer::Version(version)) => {
            let values = read(values.path())?;
            let whole = values.contains_key(&case.last());
            Ok(if whole { Outcome::Ran { version, values } } else { Outcome::Failed(died()) })
        }
        Some(Answer::Absent(why)) => Ok(Outcome::Absent(format!("{why} in `{}`", case.python.display()))),
        Some(Answer::Failed(why)) => Ok(Outcome::Failed(why)),
        // Killed, by a system that has no memory left, say: that tells nothing of the network.
        None if status.code().is_none() => Ok(Outcome::Absent(died())),
        None => Ok(Outcome::Failed(died())),
    }
}

fn unstartable(python: &Path, error: ErrorKind) -> String {
    let python = python.display();
    match error {
        ErrorKind::NotFound => format!("there is no `{python}`: name a Python with `--python`"),
        error => format!("cannot start `{python}`: {error}"),
    }
}

/// The last line that a process wrote.
fn last_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.unwrap_or("it said nothing").trim().to_owned()
}

/// The values in `folder`, by the places that their files are named after.
fn read(folder: &Path) -> Result<BTreeMap<usize, npy::Array>, Failure> {
    let failed = |error| Failure::unasked("cannot read the temporary folder", error);
    let mut values = BTreeMap::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let place = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(place) = place {
            let file = File::open(&path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            let array = npy::read(&mut BufReader::new(file), Some(length), None);
            values.insert(place, array.map_err(|why| Failure::unasked("cannot read the answer of Python", why))?);
        }
    }
    Ok(values)
}
