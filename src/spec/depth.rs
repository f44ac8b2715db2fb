//! The tables behind `depth = N`.
//!
//! He et al. 2015 (arXiv 1512.03385): table 1 for 18, 34, 50, 101 and 152; section 4.2 for CIFAR's 6n + 2; He et al.
//! 2016 (arXiv 1603.05027) for 200.

/// The stages that a depth stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The block that belongs to the depth: `basic` or `bottleneck`.
    pub kind: &'static str,
    /// For each stage: filters, blocks, stride.
    pub stages: Vec<[u64; 3]>,
}

impl Plan {
    /// Whether the stages may have `kind` blocks: those of the depth, with norms and activations behind the convolutions or
    /// before them, or the same layers without a shortcut.
    #[must_use]
    pub fn allows(&self, kind: &str) -> bool {
        activated(kind) == self.kind || self.kind == "basic" && kind == "plain"
    }
}

/// The block or stem that a table has for the one called `kind`: pre-activation ones have depths of the same tables.
#[must_use]
pub fn activated(kind: &str) -> &str {
    kind.strip_prefix("preact_").unwrap_or(kind)
}

/// The depths of the ImageNet table, ascending, and their blocks per stage.
pub const IMAGENET: [(u64, &str, [u64; 4]); 6] = [
    (18, "basic", [2, 2, 2, 2]),
    (34, "basic", [3, 4, 6, 3]),
    (50, "bottleneck", [3, 4, 6, 3]),
    (101, "bottleneck", [3, 4, 23, 3]),
    (152, "bottleneck", [3, 8, 36, 3]),
    (200, "bottleneck", [3, 24, 36, 3]),
];

/// The plan of an ImageNet depth.
#[must_use]
pub fn imagenet(depth: u64) -> Option<Plan> {
    let (_, kind, blocks) = IMAGENET.into_iter().find(|(known, ..)| *known == depth)?;
    let stages = [64, 128, 256, 512].into_iter().zip(blocks).zip([1, 2, 2, 2]);
    Some(Plan { kind, stages: stages.map(|((filters, blocks), stride)| [filters, blocks, stride]).collect() })
}

/// The plan of a CIFAR depth, 6n + 2 with n at least 1.
#[must_use]
pub fn cifar(depth: u64) -> Option<Plan> {
    let blocks = depth.checked_sub(2)? / 6;
    (blocks >= 1 && depth == 6 * blocks + 2)
        .then(|| Plan { kind: "basic", stages: vec![[16, blocks, 1], [32, blocks, 2], [64, blocks, 2]] })
}

/// The plan of a depth behind the CIFAR stem: CIFAR's, or, where the depth is none of those, that of the ImageNet table.
#[must_use]
pub fn behind_cifar(depth: u64) -> Option<Plan> {
    cifar(depth).or_else(|| imagenet(depth))
}

/// The valid depths below and above `depth`, for the message about a depth that is not one.
#[must_use]
pub fn neighbours(depth: u64, cifar: bool) -> (Option<u64>, Option<u64>) {
    let known = || IMAGENET.iter().map(|(known, ..)| *known);
    let mut below = known().filter(|&known| known < depth).max();
    let mut above = known().filter(|&known| known > depth).min();
    if cifar {
        let lower = depth.checked_sub(8).map(|over| over / 6 * 6 + 8);
        let upper = lower.map_or(Some(8), |lower| lower.checked_add(6));
        below = below.max(lower);
        above = above.into_iter().chain(upper).min();
    }
    (below, above)
}
