//! `resnetc convert`: a description in the other language.

use super::{Failure, Global, files, output, say, write};
use clap::ValueEnum;
use resnetc::diagnostic::{Code, Diagnostic, Report};
use resnetc::source::{Source, Span};
use resnetc::spec::{Form, Spec};
use resnetc::valid::Checked;
use resnetc::{Options, back, front, lower};
use std::path::{Path, PathBuf};

/// Write a description in the other language: TOML or the DSL
///
/// What comes out is the same network with the same names, and is compiled to prove it; what the other language cannot say
/// is refused. `depth`, variables and parameters of the network are written out, and what the defaults say is not. Blocks,
/// dialects and tables of names that it defines are kept as they are, with the comments in them and directly before them;
/// so is the comment at the top. Other comments are left out, which a note says.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The language [default: what the name of the output says, else the other one]
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    to: Option<Language>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Tables
    Toml,
    /// The DSL
    Resnet,
}

impl Language {
    fn form(self) -> Form {
        match self {
            Self::Toml => Form::Toml,
            Self::Resnet => Form::Dsl,
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let source = files::read_description(&arguments.file)?;
    let form = form(arguments, &source)?;
    let (spec, network) = files::described(&source, global)?;
    let text = say::answered(convert(&spec, &network, form, global), &source, global)?;
    let text = front::comment(&front::heading(&source), form) + &text;
    let lost = front::other_comments(&source, &spec);
    if lost > 0 {
        let comments = if lost == 1 { "1 comment is" } else { &format!("{lost} comments are") };
        say::note(&format!("{comments} left out: those at the top and of definitions are kept"), global);
    }
    match &arguments.output {
        None => output::print(&text),
        Some(path) => write::new(path, text.as_bytes(), arguments.force),
    }
}

/// The language to write: the one that is asked for, the one that the output's name says, or the other one.
fn form(arguments: &Arguments, source: &Source) -> Result<Form, Failure> {
    let output = arguments.output.as_deref();
    let said = output.and_then(Path::extension).and_then(|extension| match extension.to_str() {
        Some("toml") => Some(Form::Toml),
        Some("resnet") => Some(Form::Dsl),
        _ => None,
    });
    let asked = arguments.to.map(Language::form);
    if let (Some(asked), Some(said), Some(output)) = (asked, said, output)
        && asked != said
    {
        let (name, read) = (output.display(), if said == Form::Toml { "TOML" } else { "the DSL" });
        return Err(Failure::Unasked(
            format!("{name} would be read as {read}: give it another name, or leave `--to` out").into(),
        ));
    }
    Ok(asked.or(said).unwrap_or(match front::form(source) {
        Form::Toml => Form::Dsl,
        Form::Dsl => Form::Toml,
    }))
}

/// `spec`, which compiles to `network`, in the language `form`: a text that compiles to the same.
fn convert(spec: &Spec, network: &Checked, form: Form, global: Global) -> Result<String, Report> {
    let text = front::print(&lower::write_short(spec, form), form).map_err(|error| *error)?;
    let name = if form == Form::Toml { "converted.toml" } else { "converted.resnet" };
    let options = Options { limit: global.limit, ..Options::default() };
    let why = match resnetc::compile_with(&Source::new(name, text.as_str()), &options) {
        Ok(written) if back::fingerprint(&written) == back::fingerprint(network) => return Ok(text),
        Ok(_) => "what would be written is another network".to_owned(),
        Err(report) => match report.diagnostics().first() {
            Some(first) => format!("what would be written is refused: {}", first.message),
            None => "what would be written is refused".to_owned(),
        },
    };
    Err(not_the_same(spec.name.span, why).into())
}

fn not_the_same(span: Span, why: String) -> Diagnostic {
    Diagnostic::error(Code::Unsayable, span, "the description cannot be converted", why)
}
