//! `resnetc build`: source code or ONNX files, for the targets that are named.

use super::seal::{Origin, sealed};
use super::{Failure, Global, files, output, say, weights, write};
use clap::ValueEnum;
use resnetc::back::onnx::{self, EmitError};
use resnetc::back::{self, Unsupported};
use resnetc::diagnostic::{Code, Diagnostic, Report};
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{SEED, Supply};
use resnetc::{Options, pass};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Lower a description to source code or an ONNX file, and print what was written
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to generate; may be given several times [default: burn]
    #[arg(long = "target", value_enum, value_name = "TARGET")]
    targets: Vec<Target>,
    /// The folder to write to; a package or crate becomes a folder of its own in it
    #[arg(short, long, default_value = "generated", value_name = "DIR")]
    output: PathBuf,
    /// The weights of an ONNX file, as safetensors under the dialect's names [default: fresh]
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// The seed of fresh weights for an ONNX file
    #[arg(long, value_name = "SEED", value_parser = super::number::within(0..=u64::MAX), conflicts_with = "weights")]
    seed: Option<u64>,
    /// Fold every batch norm into the convolution before it: the form for inference
    #[arg(long)]
    fold_batch_norm: bool,
    /// Write nothing; fail if a file is missing, edited or not what would be written
    #[arg(long)]
    check: bool,
    /// Overwrite files that resnetc did not write or that were edited since; replace links
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A Rust crate on burn: NAME/Cargo.toml
    Burn,
    /// A Python package on Keras 3: NAME/__init__.py, NAME/pyproject.toml
    Keras,
    /// A graph with its weights, for ONNX Runtime and others: NAME.onnx
    Onnx,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Burn => "burn",
            Self::Keras => "keras",
            Self::Onnx => "onnx",
        }
    }
}

/// What a file will hold.
enum Content<'n> {
    Text(String),
    Onnx(&'n Checked, Box<dyn Supply>),
}

impl Content<'_> {
    fn write(&mut self, out: &mut impl Write) -> Result<(), EmitError> {
        match self {
            Self::Text(text) => out.write_all(text.as_bytes()).map_err(EmitError::Io),
            Self::Onnx(network, weights) => onnx::emit(network, weights, out),
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let source = files::read_description(&arguments.file)?;
    let targets = if arguments.targets.is_empty() { &[Target::Burn][..] } else { &arguments.targets };
    if (arguments.weights.is_some() || arguments.seed.is_some()) && !targets.contains(&Target::Onnx) {
        let only =
            "only an ONNX file holds weights, `--target onnx`; what the other targets write loads them when it runs";
        return Err(Failure::unasked("cannot use `--weights` or `--seed`", only));
    }
    let options = Options { limit: global.limit, ..Options::default() };
    if arguments.output == Path::new("-") {
        return Err(Failure::unasked(
            "cannot write to `-`",
            "what is built is files in a folder; `./-` is a folder of this name",
        ));
    }
    let network = files::compiled(&source, &options, global)?;
    let (network, mut tensors) = if targets.contains(&Target::Onnx) {
        let seed = arguments.seed.unwrap_or(SEED);
        let file = arguments.weights.as_deref();
        let (network, tensors) = weights::load(network, file, seed, arguments.fold_batch_norm, global)?;
        (network, Some(tensors))
    } else if arguments.fold_batch_norm {
        (pass::fold_batch_norm(network).0, None)
    } else {
        (network, None)
    };
    let mut generated = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        if targets.iter().take(at).any(|before| before == target) {
            continue;
        }
        let texts = match target {
            Target::Burn => back::burn::emit(&network),
            Target::Keras => back::keras::emit(&network),
            Target::Onnx => {
                let path = arguments.output.join(format!("{}.onnx", network.graph().name));
                generated.extend(tensors.take().map(|tensors| (path, Content::Onnx(&network, tensors))));
                continue;
            }
        };
        let texts = texts.map_err(|unsupported| explain(&network, target.name(), &unsupported));
        let texts = say::answered(texts, &source, global)?;
        generated.extend(
            texts.into_iter().map(|file| (arguments.output.join(&file.path), Content::Text(sealed(&file.text)))),
        );
    }
    if arguments.check {
        check(&mut generated, &network, &source, global)
    } else {
        write(&mut generated, arguments, &network, &source, global)
    }
}

/// Says which layer `target` cannot have, and why.
pub(super) fn explain(network: &Checked, target: &str, unsupported: &Unsupported) -> Report {
    let layer = network.layer(unsupported.node);
    Diagnostic::error(
        Code::Unsupported,
        layer.node.origin.span,
        format!("the target `{target}` cannot express `{}`", layer.name),
        unsupported.reason.clone(),
    )
    .into()
}

/// Says why nothing came of `path`.
fn failed(error: EmitError, path: &Path, network: &Checked, source: &Source, global: Global) -> Failure {
    match error {
        EmitError::Unsupported(unsupported) => {
            let report = explain(network, Target::Onnx.name(), &unsupported);
            say::reported(&report, source, global)
        }
        EmitError::Misfit(misfit) => say::refused(misfit, Some(path), global),
        EmitError::TooLarge(bytes) => Failure::unasked(
            format!("cannot write {}", path.display()),
            format_args!("it would have {bytes} bytes, and an ONNX file in one piece has at most 2 GiB"),
        ),
        EmitError::Io(error) => write::unwritable(path, &error),
    }
}

/// Prints the files that are not what would be written.
fn check(
    generated: &mut [(PathBuf, Content<'_>)],
    network: &Checked,
    source: &Source,
    global: Global,
) -> Result<(), Failure> {
    let mut stale = 0;
    for (path, content) in generated {
        let verdict = if path.is_file()
            && let Ok(file) = File::open(&*path)
        {
            let mut same = Same { file: BufReader::new(file), so_far: true };
            content.write(&mut same).map_err(|error| failed(error, path, network, source, global))?;
            if same.ends() {
                continue;
            }
            if matches!(write::origin(path), Ok(Origin::Edited)) { "edited" } else { "stale" }
        } else {
            "missing"
        };
        stale += 1;
        output::print_line(&format!("{verdict} {}", path.display()))?;
    }
    if stale == 0 { Ok(()) } else { Err(Failure::No) }
}

/// Whether what is written is what a file has.
struct Same {
    file: BufReader<File>,
    so_far: bool,
}

impl Same {
    fn ends(mut self) -> bool {
        self.so_far && matches!(self.file.read(&mut [0]), Ok(0))
    }
}

impl Write for Same {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut found = vec![0; bytes.len()];
        self.so_far = self.so_far && self.file.read_exact(&mut found).is_ok() && found == bytes;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes every file, or none where one of them is not ours.
fn write(
    generated: &mut [(PathBuf, Content<'_>)],
    Arguments { output: folder, force, .. }: &Arguments,
    network: &Checked,
    source: &Source,
    global: Global,
) -> Result<(), Failure> {
    for (path, _) in &*generated {
        write::ours_below(folder, path, *force)?;
    }
    for (path, content) in generated {
        write::make_way(folder, path)?;
        write::whole(path, |mut out| content.write(&mut out))
            .map_err(|error| failed(error, path, network, source, global))?;
        write::tell(path, None, global)?;
    }
    Ok(())
}
