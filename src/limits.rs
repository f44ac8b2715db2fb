//! The published limits: one place, each with its own E06xx code, checked before anything is expanded or allocated.

/// Bytes of a description (E0601).
pub const SOURCE_BYTES: usize = 1 << 20;
/// Levels of nesting in a description (E0602).
pub const NESTING: usize = 64;
/// Nodes of a graph, unless `--limit` raises it (E0603).
pub const NODES: usize = 100_000;
/// Blocks of one stage (E0604).
pub const BLOCKS: u64 = 10_000;
/// Channels of a feature map, outputs of a linear layer (E0605).
pub const CHANNELS: u64 = 1 << 20;
/// Features of a vector, as a flattened map has them (E0605).
pub const FEATURES: u64 = u32::MAX as u64;
/// Height and width of a feature map (E0606).
pub const SIDE: u64 = 65_536;
/// Blocks that call each other, one inside the other (E0602).
pub const CALLS: usize = 32;
/// Links of a chain of `extends` (E0602).
pub const CHAIN: usize = 16;
/// Operands of an expression, those of expressions in brackets around it included: what recursion over an expression may
/// need of the stack (E0602).
pub const OPERANDS: usize = 250;
/// Words and signs of a description in the DSL, comments left out (E0601).
pub const TOKENS: usize = 40_000;
/// Bytes of a line of a description in the DSL (E0601).
pub const LINE: usize = 10_000;
/// Parts between brackets: arguments, parameters, choices, items of a list (E0601).
pub const PARTS: usize = 256;
/// Bytes of a text in quotes (E0601).
pub const TEXT: usize = 500;
/// Names that a block or a network knows at once: parameters and variables (E0601).
pub const NAMES: usize = 256;
/// Dialects of a description, and tables of names (E0601).
pub const TABLES: usize = 64;
/// Rows of a table of names (E0601).
pub const ROWS: usize = 500;
/// Placeholders of a template of a table of names (E0205).
pub const PLACES: usize = 8;
/// Values in a list, those of lists in it included, and of a block with arguments (E0608).
pub const VALUES: usize = 1_000;
/// Steps of evaluation that are there before the first node (E0608).
pub const FIRST_WORK: usize = 100_000;
/// Steps of evaluation, statements and expressions, that each node of the graph adds (E0608).
pub const WORK: usize = 20;
/// Steps of evaluation of a network's own statements (E0608).
pub const NETWORK_WORK: usize = 200_000;
/// Bytes of a weight file's header (E0705): four tensors for each node of a graph at its limit have less.
pub const WEIGHTS_HEADER: u64 = 1 << 26;
