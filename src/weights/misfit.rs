//! Why a weight file cannot be used, with the evidence.

use crate::diagnostic::{Code, Refusal, suggest};
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
    /// Names that the network does not have.
    pub unexpected: Vec<String>,
    /// Names, expected and found shapes.
    pub misshapen: Vec<(String, Vec<u64>, Vec<u64>)>,
    /// Names and the types that they have in place of a float.
    pub mistyped: Vec<(String, String)>,
}

impl Differences {
    /// How many of each kind a message names; the others are counted.
    pub const SHOWN: usize = 10;
    /// How many missing names are searched for the one that was meant.
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
        self.refusal(if self.prefix().is_some() { Self::SHOWN } else { usize::MAX })
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
        refusal.help = self.prefix().map(|prefix| {
            format!("the names begin with `{prefix}`, those of the network do not: save the inner module's tensors")
        });
        refusal
    }

    fn notes(&self, shown: usize, notes: &mut Vec<String>) {
        let mut notes = Notes { shown, notes };
        notes.list("missing", &self.missing, |(name, shape)| format!("missing `{name}`, {}", Dimensions(shape)));
        notes.list("unexpected", &self.unexpected, |name| {
            let missing = self.missing.iter().take(Self::SEARCHED).map(|(name, _)| name.as_str());
            let missing = missing.filter(|missing| is_misspelt(name, missing));
            match suggest::closest(name, missing) {
                Some(near) => format!("unexpected `{name}`; missing is `{near}`"),
                None => format!("unexpected `{name}`"),
            }
        });
        notes.list("misshapen", &self.misshapen, |(name, expected, found)| {
            format!("`{name}`: expected {}, found {}", Dimensions(expected), Dimensions(found))
        });
        notes.list("of another type", &self.mistyped, |(name, found)| {
            format!("`{name}`: expected F32, F64, F16 or BF16, found {found}")
        });
    }

    /// What stands before the network's names in the file, where that is all that is wrong.
    fn prefix(&self) -> Option<&str> {
        let (name, _) = self.missing.first()?;
        let prefix = self.unexpected.iter().find_map(|found| found.strip_suffix(name.as_str()))?;
        let stripped: Vec<_> = self.unexpected.iter().filter_map(|found| found.strip_prefix(prefix)).collect();
        let found = |name: &String| stripped.binary_search(&name.as_str()).is_ok();
        self.missing.iter().all(|(name, _)| found(name)).then_some(prefix)
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
    fn list<T>(&mut self, what: &str, items: &[T], line: impl Fn(&T) -> String) {
        self.notes.extend(items.iter().take(self.shown).map(line));
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
