//! Reading and writing files, and what is said about them.

use super::scratch::Scratch;
use super::{Failure, Global, MessageFormat, npy};
use resnetc::back::HEADER;
use resnetc::back::onnx::PRODUCER;
use resnetc::diagnostic::{Refusal, Report, render};
use resnetc::source::Source;
use resnetc::spec::Spec;
use resnetc::valid::Checked;
use resnetc::{Options, front};
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Refuses to read standard input twice.
pub(super) fn one_standard_input<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), Failure> {
    if files.into_iter().filter(|file| *file == Path::new("-")).count() > 1 {
        return Err(Failure::unasked("cannot read `-` twice", "there is one standard input"));
    }
    Ok(())
}

/// Reads a description; `-` is standard input. No more is read than a description may have, and a character.
pub(super) fn read_description(path: &Path) -> Result<Source, Failure> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    // A character more than there may be: where it is cut, the text is still too long.
    let most = resnetc::limits::SOURCE_BYTES + char::MAX.len_utf8();
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most as u64).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most as u64).read_to_end(&mut text))
    };
    read.map_err(|error| Failure::unasked(format!("cannot read {name}"), error))?;
    if let Err(error) = std::str::from_utf8(&text)
        && error.error_len().is_none()
        && text.len() == most
    {
        text.truncate(error.valid_up_to());
    }
    match String::from_utf8(text) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(Failure::unasked(format!("{name} is not UTF-8"), error.utf8_error())),
    }
}

/// One of several reports: on standard error, or for JSON among `diagnostics`, which [`print_diagnostics`] prints.
pub(super) fn collect(report: &Report, source: &Source, global: Global, diagnostics: &mut Vec<serde_json::Value>) {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{}", render::text(report, source, true)),
        MessageFormat::Json => diagnostics.extend(render::objects(report, source)),
    }
}

/// What [`collect`] collected, as one JSON array, where that is how diagnostics are printed.
pub(super) fn print_diagnostics(diagnostics: Vec<serde_json::Value>, global: Global) -> Result<(), Failure> {
    match global.message_format {
        MessageFormat::Human => Ok(()),
        MessageFormat::Json => print(&format!("{}\n", serde_json::Value::Array(diagnostics))),
    }
}

/// The value, or the report on standard error (standard output for JSON) and the answer no.
pub(super) fn answered<T>(result: Result<T, Report>, source: &Source, global: Global) -> Result<T, Failure> {
    result.map_err(|report| reported(&report, source, global))
}

/// The answer no, once the report is on standard error (standard output for JSON).
pub(super) fn reported(report: &Report, source: &Source, global: Global) -> Failure {
    match global.message_format {
        MessageFormat::Human => {
            anstream::eprint!("{}", render::text(report, source, true));
            Failure::No
        }
        MessageFormat::Json => print(&format!("{}\n", render::json(report, source))).err().unwrap_or(Failure::No),
    }
}

/// The value, or the refusal on standard error (standard output for JSON) and the answer no. `file` is what it is about.
pub(super) fn granted<T>(
    result: Result<T, impl Into<Refusal>>,
    file: Option<&Path>,
    global: Global,
) -> Result<T, Failure> {
    result.map_err(|refusal| refused(refusal, file, global))
}

/// The answer no, once the refusal is on standard error (standard output for JSON).
pub(super) fn refused(refusal: impl Into<Refusal>, file: Option<&Path>, global: Global) -> Failure {
    let refusal = refusal.into();
    let file = file.map(|file| file.display().to_string());
    match global.message_format {
        MessageFormat::Human => {
            anstream::eprint!("{}", render::refusal_text(&refusal, file.as_deref(), true));
            Failure::No
        }
        MessageFormat::Json => {
            let printed = print(&format!("{}\n", render::refusal_json(&refusal, file.as_deref())));
            printed.err().unwrap_or(Failure::No)
        }
    }
}

/// The bytes of a file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::unasked(format!("cannot read {}", path.display()), error))
}

/// The network that a description compiles to; what cannot be meant is warned of on standard error.
pub(super) fn compiled(source: &Source, options: &Options, global: Global) -> Result<Checked, Failure> {
    let network = answered(resnetc::compile_with(source, options), source, global)?;
    warn(&network, source);
    Ok(network)
}

/// A description as it was read and the network that it compiles to; what cannot be meant is warned of.
pub(super) fn described(source: &Source, global: Global) -> Result<(Spec, Checked), Failure> {
    let options = Options { limit: global.limit, ..Options::default() };
    let mut report = Report::default();
    let result = match front::parse(source, &mut report) {
        Some(spec) => resnetc::check(spec.clone(), &options, report).map(|network| (spec, network)),
        None => Err(report),
    };
    let (spec, network) = answered(result, source, global)?;
    warn(&network, source);
    Ok((spec, network))
}

/// Says on standard error what of a description cannot be meant.
pub(super) fn warn(network: &Checked, source: &Source) {
    if !network.warnings.is_empty() {
        anstream::eprint!("{}", render::text(&network.warnings, source, true));
    }
}

/// Prints `text` on standard output. A reader that has gone, such as `head`, has read enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::unasked("cannot print", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says on standard error what is about to be done, or was.
pub(super) fn remark(message: &str) {
    anstream::eprintln!("{message}");
}

/// Says on standard error why something could not be asked.
pub(super) fn complain(message: &str) {
    anstream::eprintln!("error: {message}");
}

/// Writes `bytes` to `path`, where nothing must be unless `force` allows it.
pub(super) fn write_new(path: &Path, bytes: &[u8], force: bool) -> Result<(), Failure> {
    absent(path, force)?;
    write_atomic(path, bytes)
}

/// Refuses to overwrite what is at `path`, unless `force` allows it.
pub(super) fn absent(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && !is_stdout(path) && path.symlink_metadata().is_ok() {
        return Err(Failure::Unasked(format!("{} is there already: `--force` overwrites it", path.display())));
    }
    Ok(())
}

/// Refuses to overwrite what is at `path` and was not generated here, unless `force` allows it.
pub(super) fn ours(path: &Path, force: bool) -> Result<(), Failure> {
    if force || is_stdout(path) || is_ours(path) {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Unasked(format!(
        "{path} exists and was not generated by resnetc: move it away, or overwrite it with `--force`"
    )))
}

/// Whether `path` may be overwritten: it is not there, or it begins as our files do, with [`HEADER`] in its first line or
/// us as an ONNX file's producer, or is an array of NumPy and called one.
fn is_ours(path: &Path) -> bool {
    let mut begin = Vec::new();
    match File::open(path).and_then(|file| file.take(256).read_to_end(&mut begin)) {
        Ok(_) => {
            let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_called = |ending: &str| path.extension().is_some_and(|own| own == ending);
            String::from_utf8_lossy(first).trim_start_matches(['#', '/', '%', '<', '!', '-', ' ']).starts_with(HEADER)
                || is_called("npy") && begin.starts_with(npy::MAGIC)
                || is_called("onnx") && begin.windows(PRODUCER.len()).any(|part| part == PRODUCER.as_bytes())
        }
        // Under a file there is nothing; creating the folder will say so.
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// Writes `bytes` to `path` so that it holds all of them or what it held before; `-` is standard output.
pub(super) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stdout(path) {
        return print_bytes(bytes);
    }
    write_whole(path, |out| out.write_all(bytes)).map_err(|error: std::io::Error| unwritable(path, &error))
}

/// That nothing can be written to `path`.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let folder = folder(path);
    let what = format!("cannot write {}", path.display());
    match error.kind() {
        ErrorKind::NotFound if !folder.exists() => {
            Failure::unasked(what, format_args!("there is no folder `{}`", folder.display()))
        }
        // The error's own text names the temporary file; its kind says enough.
        kind => Failure::unasked(what, kind),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Says that `path` was written and what it is; where the file itself is on standard output, only that, on standard error.
pub(super) fn tell(path: &Path, what: Option<&str>) -> Result<(), Failure> {
    match what {
        Some(what) if is_stdout(path) => anstream::eprintln!("wrote {what}"),
        None if is_stdout(path) => {}
        Some(what) => return print(&format!("wrote {}: {what}\n", path.display())),
        None => return print(&format!("wrote {}\n", path.display())),
    }
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes what `content` writes to `path` so that it holds all of it or what it held before; `-` is standard output.
pub(super) fn write_whole<E: From<std::io::Error>>(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    if is_stdout(path) {
        let mut out = BufWriter::new(std::io::stdout().lock());
        content(&mut out)?;
        return Ok(out.flush()?);
    }
    // Where a link leads is written, and the link stays.
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
    let (_scratch, file) = Scratch::of(|| readable_temporary(folder(path)))?;
    let mut out = BufWriter::new(file.as_file());
    content(&mut out)?;
    out.flush()?;
    drop(out);
    // Who may read what was there may read what replaces it, and nobody else.
    if let Ok(before) = path.metadata() {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file with the permissions that a new file gets; tempfile's own default is the owner's eyes only.
fn readable_temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
