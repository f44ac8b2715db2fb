//! Why a weight file cannot be used, with the evidence.

use crate::diagnostic::{Code, Refusal, suggest};
use crate::limits;
use std::collections::HashMap;
use std::fmt;

/// Why a weight file cannot be used for a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// It is no safetensors file.
    Unreadable(Unreadable),
    /// Its tensors are not the network's.
    Different(Differences),
}

/// What stands where a safetensors file should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A file of `torch.save`, which may run code when it is read.
    Pickle,
    /// A `.keras` archive.
    KerasArchive,
    /// HDF5: a `.h5` file.
    Hdf5,
    /// A safetensors file whose header has so many bytes, more than [`limits::WEIGHTS_HEADER`].
    LargeHeader(u64),
    /// Anything else, or a safetensors file that is damaged.
    Corrupt(String),
}

/// Everything in which a file differs from what a network expects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// The network.
    pub network: String,
    /// Names and shapes that the file does not have.
    pub missing: Vec<(String, Vec<u64>)>,
    /// Names and shapes that the network does not have.
    pub unexpected: Vec<(String, Vec<u64>)>,
    /// Names, expected and found shapes.
    pub misshapen: Vec<(String, Vec<u64>, Vec<u64>)>,
    /// Names and the types that they have in place of a float.
    pub mistyped: Vec<(String, String)>,
}

impl Differences {
    /// How many of each kind a message names; the others are counted.
    pub const SHOWN: usize = 10;
    /// How many missing names are searched for the one that was meant, and for how many others.
    const SEARCHED: usize = 1000;

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshapen.is_empty() && self.mistyped.is_empty()
    }

    /// The message that names all of them.
    #[must_use]
    pub fn in_full(&self) -> Refusal {
        // What stands before every name is one mistake.
        self.refusal(if self.renaming().is_some() { Self::SHOWN } else { usize::MAX })
    }

    /// The message that names the first `shown` of each kind.
    fn refusal(&self, shown: usize) -> Refusal {
        let counts = [
            (self.missing.len(), "missing"),
            (self.unexpected.len(), "unexpected"),
            (self.misshapen.len(), "misshapen"),
            (self.mistyped.len(), "no floats"),
        ];
        let counts: Vec<_> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let message = format!("the weights do not fit `{}`: {}", self.network, counts.join(", "));
        let mut refusal = Refusal::new(Code::WeightsDoNotFit, message);
        self.notes(shown, &mut refusal.notes);
        refusal.help = self.renaming().map(|renaming| renaming.help()).or_else(|| self.uncounted());
        refusal
    }

    fn notes(&self, shown: usize, notes: &mut Vec<String>) {
        let mut notes = Notes { shown, notes };
        notes.list("missing", &self.missing, |_, (name, shape)| format!("missing `{name}`, {}", Dimensions(shape)));
        notes.list("unexpected", &self.unexpected, |place, (name, shape)| {
            // What is of another shape is another tensor.
            let searched = if place < Self::SEARCHED { Self::SEARCHED } else { 0 };
            let missing = self.missing.iter().take(searched).filter(|(_, expected)| expected == shape);
            let missing = missing.map(|(name, _)| name.as_str()).filter(|missing| is_misspelt(name, missing));
            match suggest::closest(name, missing) {
                Some(near) => format!("unexpected `{name}`; missing is `{near}`"),
                None => format!("unexpected `{name}`"),
            }
        });
        notes.list("misshapen", &self.misshapen, |_, (name, expected, found)| {
            format!("`{name}`: expected {}, found {}", Dimensions(expected), Dimensions(found))
        });
        notes.list("of another type", &self.mistyped, |_, (name, found)| {
            format!("`{name}`: expected F32, F64, F16 or BF16, found {found}")
        });
    }

    /// What stands before the names on one side and not on the other, where that is why most tensors are missing: those
    /// that it pairs have one shape.
    fn renaming(&self) -> Option<Renaming<'_>> {
        let found: HashMap<&str, &[u64]> =
            self.unexpected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let missing: HashMap<&str, &[u64]> =
            self.missing.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let of = |longer: &'_ HashMap<&str, &[u64]>, shorter: &'_ HashMap<&str, &[u64]>, prefix: &str| {
            let pairs = |(name, shape): &(&&str, &&[u64])| {
                name.strip_prefix(prefix).is_some_and(|rest| shorter.get(rest) == Some(*shape))
            };
            longer.iter().filter(pairs).count()
        };
        let in_file = prefixes(&self.unexpected, &self.missing)
            .into_iter()
            .map(|prefix| (prefix, of(&found, &missing, prefix), true));
        let in_network = prefixes(&self.missing, &self.unexpected)
            .into_iter()
            .map(|prefix| (prefix, of(&missing, &found, prefix), false));
        let (prefix, count, is_in_file) = in_file.chain(in_network).max_by_key(|(_, count, _)| *count)?;
        let has = |name: &str| {
            if is_in_file {
                found.contains_key(format!("{prefix}{name}").as_str())
            } else {
                name.strip_prefix(prefix).is_some_and(|rest| found.contains_key(rest))
            }
        };
        let others: Vec<_> = self.missing.iter().map(|(name, _)| name.as_str()).filter(|name| !has(name)).collect();
        (2 * count > self.missing.len()).then_some(Renaming { prefix, is_in_file, others })
    }

    /// What to write where everything is there, and beside it what networks do not have.
    fn uncounted(&self) -> Option<String> {
        let ends = |(name, _): &(String, Vec<u64>)| name.ends_with(COUNTER);
        let is_all = self.missing.is_empty() && self.misshapen.is_empty() && self.mistyped.is_empty();
        (is_all && !self.unexpected.is_empty() && self.unexpected.iter().all(ends)).then(|| {
            format!(
                "write `ignored \"{COUNTER}\"` among the `parameters` of the table of names: networks do not have them"
            )
        })
    }
}

/// The number of batches that PyTorch's batch norms keep in a file.
const COUNTER: &str = ".num_batches_tracked";

/// How many names are looked at for what stands before all of them.
const LEADING: usize = 32;

/// Whether a text can stand in a line of Python, which somebody else named and the user is told to run.
fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._/-:".contains(letter))
}

/// What may stand before the names in `longer` that `shorter` does not have there: ends of name's parts.
fn prefixes<'a>(longer: &'a [(String, Vec<u64>)], shorter: &[(String, Vec<u64>)]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for (name, _) in shorter.iter().take(LEADING) {
        let stripped = longer.iter().filter_map(|(known, _)| known.strip_suffix(name.as_str()));
        for prefix in stripped.filter(|prefix| is_plain(prefix) && prefix.ends_with(['.', '/', '_'])).take(LEADING) {
            if !found.contains(&prefix) {
                found.push(prefix);
            }
        }
    }
    found.truncate(LEADING);
    found
}

/// Names that differ by what stands before them.
struct Renaming<'a> {
    prefix: &'a str,
    /// Whether it is the file's names that have it.
    is_in_file: bool,
    /// The tensors that the file does not have under any name.
    others: Vec<&'a str>,
}

impl Renaming<'_> {
    fn help(&self) -> String {
        let Self { prefix, is_in_file, others } = self;
        let (whose, who) = if *is_in_file { ("file", "network") } else { ("network", "file") };
        let renamed = if *is_in_file {
            format!(
                "k.removeprefix('{prefix}'): v for k, v in s.load_file('weights.safetensors').items() if k.startswith('{prefix}')"
            )
        } else {
            format!("'{prefix}' + k: v for k, v in s.load_file('weights.safetensors').items()")
        };
        let (shown, left) = (others.iter().take(4).map(|name| format!("`{name}`")), others.len().saturating_sub(4));
        let shown: Vec<_> = shown.collect();
        let left = if left > 0 { format!(" and {left} more") } else { String::new() };
        let others = if others.is_empty() {
            String::new()
        } else {
            format!(
                "; {}{left} are then still missing, which the file does not have: leave those layers out of the description, as \
                 a head without `classes` does, or add them",
                shown.join(", ")
            )
        };
        format!(
            "the names of the {whose} begin with `{prefix}`, those of the {who} do not{others}; rename them, in Python:\n\
             import safetensors.numpy as s; s.save_file({{{renamed}}}, 'renamed.safetensors')"
        )
    }
}

/// Whether every part of `name` is that of `other`, or nearly: the bias of a convolution is not a norm's.
fn is_misspelt(name: &str, other: &str) -> bool {
    let [parts, others] = [name, other].map(|name| name.split('.'));
    let mut pairs = parts.clone().zip(others.clone());
    parts.count() == others.count()
        && pairs.all(|(part, other)| part == other || suggest::closest(part, [other]).is_some())
}

/// Notes, of which there are not too many.
struct Notes<'n> {
    shown: usize,
    notes: &'n mut Vec<String>,
}

impl Notes<'_> {
    /// Adds a line for each of the first `items`, and one that counts the others.
    fn list<T>(&mut self, what: &str, items: &[T], line: impl Fn(usize, &T) -> String) {
        self.notes.extend(items.iter().take(self.shown).enumerate().map(|(place, item)| line(place, item)));
        if let Some(more) = items.len().checked_sub(self.shown).filter(|more| *more > 0) {
            self.notes.push(format!("and {more} more {what}"));
        }
    }
}

/// `64 x 3 x 7 x 7`.
struct Dimensions<'a>(&'a [u64]);

impl fmt::Display for Dimensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides: Vec<_> = self.0.iter().map(u64::to_string).collect();
        f.write_str(if sides.is_empty() { "a scalar".to_owned() } else { sides.join(" x ") }.as_str())
    }
}

impl Unreadable {
    fn refusal(&self) -> Refusal {
        let refuse = |message: &str| Refusal::new(Code::WeightsUnreadable, message);
        match self {
            Self::Pickle => refuse("the weights are a pickle, which may run code when it is read")
                .help(format!("convert them, in Python:\n{}", convert::TORCH)),
            Self::KerasArchive => refuse("the weights are a Keras archive, not safetensors")
                .help(format!("convert them, in Python:\n{}", convert::KERAS)),
            Self::Hdf5 => refuse("the weights are HDF5, not safetensors")
                .note("a file of weights alone is read by `load_weights` of the model that it belongs to")
                .help(format!("convert them, in Python:\n{}", convert::HDF5)),
            Self::LargeHeader(bytes) => Refusal::new(
                Code::HeaderTooLarge,
                format!(
                    "the header of the weight file has {bytes} bytes, and at most {} are read",
                    limits::WEIGHTS_HEADER
                ),
            )
            .help("keep the tensors of the network alone, and no metadata"),
            Self::Corrupt(why) => refuse("the weights are no safetensors file, or it is damaged").note(why.clone()),
        }
    }
}

/// The line of Python that converts a file.
mod convert {
    pub(super) const TORCH: &str = "import torch, safetensors.torch as s; c = torch.load('weights.pth', map_location='cpu', \
        weights_only=True); s.save_file({k: v.contiguous().clone() for k, v in c.get('state_dict', c).items()}, 'weights.safetensors')";
    pub(super) const KERAS: &str = "import keras, safetensors.numpy as s; s.save_file({'/'.join(w.path.split('/')\
        [-2:]): keras.ops.convert_to_numpy(w) for w in keras.saving.load_model('model.keras', compile=False).weights}, \
        'weights.safetensors')";
    pub(super) const HDF5: &str = "import keras, safetensors.numpy as s; s.save_file({'/'.join(w.path.split('/')\
        [-2:]): keras.ops.convert_to_numpy(w) for w in keras.saving.load_model('model.h5', compile=False).weights}, \
        'weights.safetensors')";
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Unreadable(unreadable) => unreadable.refusal(),
            Misfit::Different(differences) => differences.refusal(Differences::SHOWN),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Refusal::from(self.clone()).fmt(f)
    }
}

impl std::error::Error for Misfit {}
