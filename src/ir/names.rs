//! Name tables: from an [`Address`] to the name that a dialect's users know.

use super::dialect::Layout;
use super::spelling::Spelling;
use super::{Address, Label, ParameterKind, Place};
use std::fmt::Write;

/// A table of names. Adding a dialect's names is writing one of these; no code knows a particular table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTable {
    /// What descriptions call it.
    pub name: String,
    /// What holds for every block.
    pub common: Rows,
    /// What holds for the nodes of one block of the library or the description, before what is common.
    pub sections: Vec<(String, Rows)>,
    /// The table that it extends, whose rows come after all of these.
    pub base: Option<Box<NameTable>>,
    /// How parameters are called: what is appended to the layer's name.
    pub parameters: ParameterNames,
    /// How parameter tensors are laid out in a weight file.
    pub layout: Layout,
}

/// Rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The name of a block, from which most of its layers' names are made.
    pub block: Option<Template>,
    /// The first row whose selector matches gives the name.
    pub rows: Vec<(Selector, Template)>,
    /// The first selector that matches says how the implementation writes the node.
    pub spellings: Vec<(Selector, Spelling)>,
}

/// Which nodes a row is for: `main.conv`, `skip.*`, `*.norm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    /// The branch; any where there is none.
    pub branch: Option<Label>,
    /// The role; any where there is none.
    pub role: Option<Label>,
}

/// Text with placeholders: `{block}` (the block's name), `{branch}`, `{role}`, `{kind}` ([`super::Op::kind`]), and sums of
/// products of numbers (`{stage}`, `{index}`, `{number}`, `{unit}`, `{sequence}`), `{2 * stage + index + 1}`, in figures or, as
/// `{letter(index)}`, in letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Block,
    Branch,
    Role,
    Kind,
    Number { sum: Vec<Product>, in_letters: bool },
}

/// A constant and numbers of an address, multiplied.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Product {
    constant: u32,
    variables: Vec<Variable>,
}

/// A number of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Stage,
    Index,
    Number,
    Unit,
    Sequence,
}

/// The placeholders that a template can have.
pub const PLACEHOLDERS: [&str; 9] = ["block", "branch", "role", "kind", "stage", "index", "number", "unit", "sequence"];

/// The placeholder that a template does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPlaceholder {
    /// What stands between the braces.
    pub text: String,
    /// Where it stands in the template, in bytes.
    pub start: usize,
}

/// What an address leaves out: the block that the node was expanded from, and what the node is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The block's name in the library.
    pub kind: &'a str,
    /// What the node is: [`super::Op::kind`]; nothing where only its block is asked for.
    pub op: &'static str,
    /// The block's number in the network, from 0; the head's is the number of blocks.
    pub number: u32,
    /// The stage's number, from 0; the head's is the number of stages.
    pub stage: u32,
}

/// What a dialect appends to a layer's name for each of its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterNames {
    /// A convolution's kernel and a linear layer's matrix.
    pub kernel: String,
    /// Their bias.
    pub bias: String,
    /// A norm's gamma.
    pub scale: String,
    /// A norm's beta.
    pub shift: String,
    /// A batch norm's running mean.
    pub mean: String,
    /// A batch norm's running variance.
    pub variance: String,
    /// A layer scale's factors.
    pub gain: String,
    /// Tensors that a checkpoint may have beside these and that mean nothing for inference.
    pub ignored: Vec<String>,
}

impl ParameterNames {
    /// Whether each kind is said by a separator and one word behind it, so that no layer's name can end in one.
    #[must_use]
    pub fn are_words(&self) -> bool {
        let Self { kernel, bias, scale, shift, mean, variance, gain, ignored: _ } = self;
        let is_word = |suffix: &String| {
            let separators: &[char] = &['.', '/'];
            suffix.strip_prefix(separators).is_some_and(|word| !word.is_empty() && !word.contains(separators))
        };
        [kernel, bias, scale, shift, mean, variance, gain].into_iter().all(is_word)
    }

    /// The name of the tensor of a layer called `layer` for its parameter `kind`.
    #[must_use]
    pub fn tensor(&self, layer: &str, kind: ParameterKind) -> String {
        format!("{layer}{}", self.suffix(kind))
    }

    /// What is appended to a layer's name for its parameter `kind`.
    #[must_use]
    pub fn suffix(&self, kind: ParameterKind) -> &str {
        match kind {
            ParameterKind::Kernel => &self.kernel,
            ParameterKind::Bias => &self.bias,
            ParameterKind::Scale => &self.scale,
            ParameterKind::Shift => &self.shift,
            ParameterKind::Mean => &self.mean,
            ParameterKind::Variance => &self.variance,
            ParameterKind::Gain => &self.gain,
        }
    }
}

impl Selector {
    fn matches(&self, address: &Address) -> bool {
        self.branch.is_none_or(|branch| branch == address.branch) && self.role.is_none_or(|role| role == address.role)
    }
}

impl Template {
    /// Whether it refers to the block's name.
    #[must_use]
    pub fn says_block(&self) -> bool {
        self.pieces.contains(&Piece::Block)
    }

    /// The first placeholder that only a layer has, not a block: its role, kind, unit or sequence.
    #[must_use]
    pub fn of_layers(&self) -> Option<&'static str> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Role => Some("role"),
            Piece::Kind => Some("kind"),
            Piece::Number { sum, .. } => {
                let variables = sum.iter().flat_map(|product| &product.variables);
                variables.into_iter().find_map(|variable| match variable {
                    Variable::Unit => Some("unit"),
                    Variable::Sequence => Some("sequence"),
                    Variable::Stage | Variable::Index | Variable::Number => None,
                })
            }
            Piece::Text(_) | Piece::Block | Piece::Branch => None,
        })
    }

    /// Reads a template.
    ///
    /// # Errors
    /// The first placeholder that is none.
    pub fn parse(text: &str) -> Result<Self, UnknownPlaceholder> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let start = text.len() - after.len() - 1;
            let (inner, tail) = after.split_once('}').unwrap_or((after, ""));
            let closed = inner.len() < after.len();
            let piece = Piece::parse(inner).filter(|_| closed);
            pieces.push(piece.ok_or_else(|| UnknownPlaceholder { text: inner.to_owned(), start })?);
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }
}

impl Piece {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text {
            "block" => return Some(Self::Block),
            "branch" => return Some(Self::Branch),
            "role" => return Some(Self::Role),
            "kind" => return Some(Self::Kind),
            _ => {}
        }
        let letters =
            text.strip_prefix("letter").and_then(|rest| rest.trim_start().strip_prefix('(')?.strip_suffix(')'));
        let sum = letters.unwrap_or(text).split('+').map(Product::parse).collect::<Option<Vec<_>>>()?;
        // A number that is nothing but a constant is text.
        let varies = sum.iter().any(|product| !product.variables.is_empty());
        varies.then_some(Self::Number { sum, in_letters: letters.is_some() })
    }
}

impl Product {
    fn parse(text: &str) -> Option<Self> {
        let mut product = Self { constant: 1, variables: Vec::new() };
        for factor in text.split('*').map(str::trim) {
            match Variable::find(factor) {
                Some(variable) => product.variables.push(variable),
                None if factor.starts_with('+') => return None,
                None => product.constant = product.constant.checked_mul(factor.parse().ok()?)?,
            }
        }
        Some(product)
    }

    fn value(&self, address: &Address, context: Context<'_>) -> u64 {
        let values = self.variables.iter().map(|variable| u64::from(variable.of(address, context)));
        values.fold(self.constant.into(), u64::saturating_mul)
    }
}

/// `number` in letters: `a` to `z`, then `aa`, `ab` and so on.
fn write_letters(number: u64, out: &mut String) {
    let mut letters = Vec::new();
    let mut rest = Some(number);
    while let Some(number) = rest {
        let digit = u32::try_from(number % 26).unwrap_or_default();
        letters.extend(char::from_digit(10 + digit, 36));
        rest = (number / 26).checked_sub(1);
    }
    out.extend(letters.iter().rev());
}

impl NameTable {
    /// The dialect's name of the node at `address`; where the table has no row for it, the block's name, the branch and
    /// the role, which other nodes may have too.
    #[must_use]
    pub fn name(&self, address: &Address, context: Context<'_>) -> String {
        let mut name = String::with_capacity(24);
        match self.row(address, context) {
            Some(template) => self.expand(template, address, context, &mut name),
            None => self.plain(address, context, &mut name),
        }
        name
    }

    /// The template of the first row for `address`: a table's rows come before those of its base, and in a table those for
    /// the node's block before those for every block.
    #[must_use]
    pub fn row(&self, address: &Address, context: Context<'_>) -> Option<&Template> {
        let mut rows = self.rows(context.kind).flat_map(|rows| &rows.rows);
        rows.find(|(selector, _)| selector.matches(address)).map(|(_, template)| template)
    }

    /// How the first row for `address` that says so says that the implementation writes the node.
    #[must_use]
    pub fn spelling(&self, address: &Address, context: Context<'_>) -> Option<Spelling> {
        let mut rows = self.rows(context.kind).flat_map(|rows| &rows.spellings);
        rows.find(|(selector, _)| selector.matches(address)).map(|(_, spelling)| *spelling)
    }

    fn plain(&self, address: &Address, context: Context<'_>, out: &mut String) {
        if let Place::Block { .. } = address.place {
            self.expand_block(address, context, out);
            out.push('.');
        }
        let _ = write!(out, "{}", address.branch);
        if address.branch != Label::INPUT {
            let _ = write!(out, ".{}", address.role);
            if address.unit > 0 {
                let _ = write!(out, "{}", address.unit);
            }
        }
    }

    /// The dialect's name of the block at `address`.
    #[must_use]
    pub fn block_name(&self, address: &Address, context: Context<'_>) -> String {
        let mut name = String::new();
        self.expand_block(address, context, &mut name);
        name
    }

    /// Whether a name in a block called `kind` can say which of all blocks of the network it is in.
    #[must_use]
    pub fn says_number(&self, kind: &str) -> bool {
        let mut templates =
            self.rows(kind).flat_map(|rows| rows.block.iter().chain(rows.rows.iter().map(|(_, template)| template)));
        templates.any(|template| {
            template.pieces.iter().any(|piece| match piece {
                Piece::Number { sum, .. } => sum.iter().any(|product| product.variables.contains(&Variable::Number)),
                Piece::Text(_) | Piece::Block | Piece::Branch | Piece::Role | Piece::Kind => false,
            })
        })
    }

    /// The rows for the nodes of a block called `kind`, in the order in which they count.
    fn rows<'t>(&'t self, kind: &str) -> impl Iterator<Item = &'t Rows> {
        std::iter::successors(Some(self), |table| table.base.as_deref()).flat_map(move |table| {
            let own = table.sections.iter().find(|(name, _)| name == kind).map(|(_, rows)| rows);
            own.into_iter().chain([&table.common])
        })
    }

    fn expand_block(&self, address: &Address, context: Context<'_>, out: &mut String) {
        match self.rows(context.kind).find_map(|rows| rows.block.as_ref()) {
            // The template of a block's name does not refer to itself.
            Some(template) => template.write(address, context, out, &mut |_| {}),
            None => place(address, out),
        }
    }

    fn expand(&self, template: &Template, address: &Address, context: Context<'_>, out: &mut String) {
        template.write(address, context, out, &mut |out| self.expand_block(address, context, out));
    }
}

impl Template {
    fn write(&self, address: &Address, context: Context<'_>, out: &mut String, block: &mut dyn FnMut(&mut String)) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Block => block(out),
                Piece::Branch => out.push_str(address.branch.as_str()),
                Piece::Role => out.push_str(address.role.as_str()),
                Piece::Kind => out.push_str(context.op),
                Piece::Number { sum, in_letters } => {
                    let value = sum.iter().map(|product| product.value(address, context)).fold(0, u64::saturating_add);
                    if *in_letters {
                        write_letters(value, out);
                    } else {
                        let _ = write!(out, "{value}");
                    }
                }
            }
        }
    }
}

impl Variable {
    fn find(word: &str) -> Option<Self> {
        Some(match word {
            "stage" => Self::Stage,
            "index" => Self::Index,
            "number" => Self::Number,
            "unit" => Self::Unit,
            "sequence" => Self::Sequence,
            _ => return None,
        })
    }

    fn of(self, address: &Address, context: Context<'_>) -> u32 {
        let block = match address.place {
            Place::Block { block, .. } => block,
            Place::Input | Place::Stem | Place::Head => 0,
        };
        match self {
            Self::Stage => context.stage,
            Self::Index => block,
            Self::Number => context.number,
            Self::Unit => address.unit,
            Self::Sequence => address.sequence,
        }
    }
}

fn place(address: &Address, out: &mut String) {
    match address.place {
        Place::Block { stage, block } => {
            let _ = write!(out, "stage{}.block{}", stage + 1, block + 1);
        }
        Place::Input => out.push_str("input"),
        Place::Stem => out.push_str("stem"),
        Place::Head => out.push_str("head"),
    }
}
