//! The stable codes: E01xx syntax, E02xx description, E03xx shape, E04xx graph, E05xx target, E06xx limit,
//! E07xx weights and data, W lints.

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal;)*) => {
        /// A stable error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = concat!($number, ": ", $title)] $name,)*
        }

        impl Code {
            /// Every code, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is printed: `E0201`.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$name => $number),* }
            }

            /// What it means, in one line.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// The page that `resnetc explain` prints: Markdown with a wrong and a right example.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("pages/", $number, ".md"))),* }
            }
        }
    };
}

codes! {
    Syntax = "E0101", "the TOML does not parse";
    DslSyntax = "E0102", "the DSL does not parse";
    UnknownKey = "E0201", "a key that nothing declares";
    WrongType = "E0202", "a value of the wrong type";
    MissingKey = "E0203", "a key or table that must be there is not";
    UnknownChoice = "E0204", "a word that is not one of the choices";
    OutOfRange = "E0205", "a number outside its range";
    BadName = "E0206", "a network name that cannot be used in generated code";
    BadDepth = "E0207", "a depth that no table has";
    DepthAndStages = "E0208", "`depth` together with `[[stage]]`";
    NoStages = "E0209", "a network without stages";
    NotApplicable = "E0210", "a setting that cannot stand here";
    ExpectationNotMet = "E0211", "the network is not the one that `[expect]` describes";
    OverBudget = "E0212", "the network exceeds its `[budget]`";
    UnknownName = "E0213", "a name that nothing declares";
    WrongArguments = "E0214", "a call with the wrong arguments";
    NotWhole = "E0215", "a number that must be whole and is not";
    Arithmetic = "E0216", "a calculation that has no result";
    Recursion = "E0217", "a block that calls itself";
    NotMet = "E0218", "a block's requirement is not met";
    DefinedTwice = "E0219", "two definitions with one name";
    WrongBlock = "E0220", "a block that does not fit its place";
    BranchesDiffer = "E0301", "the branches of a join do not fit together";
    MapVanishes = "E0302", "a feature map shrinks to nothing";
    GroupsDoNotDivide = "E0303", "the groups of a convolution do not divide its channels";
    WrongRank = "E0304", "an op needs a feature map and got a vector, or the other way round";
    SliceOutside = "E0305", "a slice takes channels that are not there";
    OnlyPadding = "E0307", "a pool's window lies wholly in padding";
    MalformedGraph = "E0401", "the graph is not a network";
    DuplicateName = "E0402", "two layers have the same name";
    Unsupported = "E0501", "the target cannot express this op";
    Unsayable = "E0502", "the other language cannot say this";
    SourceTooLarge = "E0601", "the description is larger than the limit";
    TooDeep = "E0602", "the description is nested deeper than the limit";
    TooManyNodes = "E0603", "the graph has more nodes than the limit";
    TooManyBlocks = "E0604", "a stage has more blocks than the limit";
    TooManyChannels = "E0605", "more channels or features than the limit";
    MapTooLarge = "E0606", "a feature map side is larger than the limit";
    TooMuchMemory = "E0607", "the network needs more memory than this machine has";
    TooMuchWork = "E0608", "a block does more work than the limit";
    WeightsDoNotFit = "E0701", "the weight file does not fit the network";
    WeightsUnreadable = "E0702", "the weight file cannot be read";
    InputDoesNotFit = "E0703", "the input array does not fit the network";
    WeightsUnusable = "E0704", "the weight file has values that no network can use";
    HeaderTooLarge = "E0705", "the header of the weight file is larger than the limit";
    UnusedParameter = "W0101", "a parameter or variable that nothing uses";
    DeadBranch = "W0102", "statements that can never be reached";
    CommentOfANumber = "W0103", "a comment that looks like a division";
    PreactivationEnds = "W0104", "pre-activation blocks behind the stem, or before the head, of others";
    KernelBeyondMap = "W0105", "kernels that are larger than the input";
    DenseForLinear = "W0106", "DenseNet's layer in the place of a fully connected one";
    DeadRow = "W0107", "a row of a table of names that names no layer";
}

impl Code {
    /// The code called `number`, in either case, with or without the leading `E`.
    #[must_use]
    pub fn find(number: &str) -> Option<Self> {
        let upper = number.to_uppercase();
        Self::ALL.iter().copied().find(|code| code.number() == upper || code.number().trim_start_matches('E') == upper)
    }
}
