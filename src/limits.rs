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
/// Statements and expressions that may be evaluated for each node that the graph may have (E0608).
pub const WORK: usize = 20;
