//! The keys of a description's tables: what the reader takes, the printer leaves alone, and the schema says.

use crate::limits;

/// The root.
pub const ROOT: Keys = Keys::Closed(&[
    Key::new("name", Holds::Name, Needed::Always, "what the generated package and crate are called"),
    Key::new("dialect", Holds::Dialect, Needed::Always, "everything in which published implementations differ"),
    Key::new(
        "depth",
        Holds::Depth,
        Needed::No,
        "in place of `[[stage]]`: the stages of a depth of the papers' tables: with the `cifar` stem those of a depth 6n + 2, \
         elsewhere ImageNet's; it stands for `[stem]` and `[input]` too, unless they are written",
    ),
    Key::new("input", Holds::Table(INPUT), Needed::UnlessDepth, "what the network reads"),
    Key::new("stem", Holds::Table(STEM), Needed::UnlessDepth, "a block, once, before the stages"),
    Key::new("block", Holds::Table(BLOCK), Needed::No, "what every stage gets unless it says otherwise"),
    Key::new(
        "stage",
        Holds::Tables(STAGE),
        Needed::UnlessDepth,
        "a run of equal blocks, of which the first takes the stage's stride",
    ),
    Key::new(
        "head",
        Holds::Table(HEAD),
        Needed::No,
        "a block, once, after the stages; without the table the last feature map is the output",
    ),
    Key::new("expect", Holds::Table(EXPECT), Needed::No, "figures that the network must have"),
    Key::new("budget", Holds::Table(BUDGET), Needed::No, "figures that the network must not exceed"),
    Key::new(
        "definitions",
        Holds::Definitions,
        Needed::No,
        "blocks, dialects and tables of names in the DSL, between ''' and ''', for all that follows",
    ),
]);

/// A machine.
pub const MACHINE: Keys = Keys::Closed(&[
    Key::new("name", Holds::Name, Needed::Always, "what the machine is called"),
    Key::new("bandwidth", FIGURE, Needed::Always, "bytes that its memory moves in a second"),
    Key::new("peak", Holds::Table(PEAK), Needed::Always, "floating-point operations a second"),
]);

const PEAK: Keys = Keys::Closed(&[
    Key::new("float64", FIGURE, Needed::No, "FLOP/s in float64"),
    Key::new("float32", FIGURE, Needed::No, "FLOP/s in float32"),
    Key::new("bfloat16", FIGURE, Needed::No, "FLOP/s in bfloat16"),
    Key::new("float16", FIGURE, Needed::No, "FLOP/s in float16"),
]);

const INPUT: Keys = Keys::Closed(&[
    Key::new("channels", Holds::Whole { min: 1, max: limits::CHANNELS }, Needed::Always, "channels of an image"),
    Key::new("size", Holds::Size, Needed::Always, "height and width of an image"),
]);

const STEM: Keys = Keys::Open(
    Caller::Stem,
    &[Key::new("kind", Holds::Kind, Needed::Always, "the stem; `none`: the first stage reads the input")],
);

const BLOCK: Keys =
    Keys::Open(Caller::Defaults, &[Key::new("kind", Holds::Kind, Needed::No, "the block of the stages")]);

const STAGE: Keys = Keys::Open(
    Caller::Stage,
    &[
        Key::new("kind", Holds::Kind, Needed::No, "the block; that of `[block]` where it is not written"),
        Key::new(
            "blocks",
            Holds::Whole { min: 1, max: limits::BLOCKS },
            Needed::Always,
            "how many blocks the stage has",
        ),
    ],
);

const HEAD: Keys = Keys::Open(
    Caller::Head,
    &[Key::new("kind", Holds::Kind, Needed::No, "the head; `classifier` where it is not written")],
);

const FIGURE: Holds = Holds::Whole { min: 0, max: u64::MAX };

const EXPECT: Keys = Keys::Closed(&[
    Key::new("parameters", FIGURE, Needed::No, "trainable parameters"),
    Key::new("total_parameters", FIGURE, Needed::No, "trainable parameters and batch-norm statistics"),
    Key::new("macs", FIGURE, Needed::No, "multiply-accumulates of convolutions and linear layers, for one image"),
]);

const BUDGET: Keys = Keys::Closed(&[
    Key::new("max_parameters", FIGURE, Needed::No, "trainable parameters"),
    Key::new("max_macs", FIGURE, Needed::No, "multiply-accumulates, for one image"),
    Key::new("max_memory", FIGURE, Needed::No, "bytes of the weights and of the peak of inference, for one image"),
]);

/// The keys that a table has.
#[derive(Debug, Clone, Copy)]
pub enum Keys {
    /// These and no others.
    Closed(&'static [Key]),
    /// These, and arguments of the block that it calls.
    Open(Caller, &'static [Key]),
}

/// What calls a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// `[stem]`
    Stem,
    /// `[block]`, for every stage
    Defaults,
    /// `[[stage]]`
    Stage,
    /// `[head]`
    Head,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What stands behind it.
    pub holds: Holds,
    /// Whether it must be there.
    pub needed: Needed,
    /// What it means, one line.
    pub meaning: &'static str,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// The network's name.
    Name,
    /// The name of a dialect.
    Dialect,
    /// A depth of the papers' tables.
    Depth,
    /// Definitions in the DSL.
    Definitions,
    /// The name of a block.
    Kind,
    /// A whole number.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Height and width.
    Size,
    /// A table.
    Table(Keys),
    /// An array of tables.
    Tables(Keys),
}

/// Whether a key must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Yes.
    Always,
    /// Where `depth` does not stand for it.
    UnlessDepth,
    /// No.
    No,
}

impl Key {
    const fn new(name: &'static str, holds: Holds, needed: Needed, meaning: &'static str) -> Self {
        Self { name, holds, needed, meaning }
    }
}

impl Keys {
    /// The keys of its own.
    #[must_use]
    pub fn own(self) -> &'static [Key] {
        let (Self::Closed(keys) | Self::Open(_, keys)) = self;
        keys
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        self.own().iter().map(|key| key.name)
    }

    /// The keys of the table, or tables, called `name`.
    pub(super) fn of_table(self, name: &str) -> Self {
        let key = self.own().iter().find(|key| key.name == name);
        match key.map(|key| key.holds) {
            Some(Holds::Table(keys) | Holds::Tables(keys)) => keys,
            _ => Self::Closed(&[]),
        }
    }
}
