//! The published limits: one place, each with its own E06xx code, checked before anything is expanded or allocated.

/// Bytes of a description (E0601).
pub const SOURCE_BYTES: usize = 1 << 20;
/// Levels of nesting in a description (E0602).
pub const NESTING: usize = 64;
/// Nodes of a graph, unless `--limit` raises it (E0603).
pub const NODES: usize = 100_000;
/// Blocks of one stage (E0604).
pub const BLOCKS: u64 = 10_000;
/// Channels of a feature map and features of a vector that a description may ask for (E0605).
pub const CHANNELS: u64 = 1 << 20;
/// Height and width of a feature map (E0606).
pub const SIDE: u64 = 65_536;
