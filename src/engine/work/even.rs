//! Into how many parts something is divided, so that they are of about one size.

/// The size of the parts into which `units` are divided, `least` of them or up to twice as many: the largest with which threads that take
/// one after another have about the same, or the most even.
pub(super) fn even_size(units: usize, least: usize, threads: usize) -> usize {
    let busiest = |each: usize| {
        let parts = units.div_ceil(each);
        let rounds = parts / threads * each;
        match parts % threads {
            0 => rounds,
            1 => rounds + units - (parts - 1) * each,
            _ => rounds + each,
        }
    };
    let sizes = (least..=2 * least).map(|parts| units.div_ceil(parts));
    // Within 1.6 in a hundred.
    let even = sizes.clone().find(|each| 64 * threads * busiest(*each) <= 65 * units);
    even.or_else(|| sizes.min_by_key(|each| busiest(*each))).unwrap_or(units)
}

/// Tiles beside one another.
pub(super) struct Strip {
    /// The first column of the first.
    pub(super) first: usize,
    /// Columns of each.
    pub(super) columns: usize,
    pub(super) count: usize,
}

/// `len` columns in tiles of about one size, none larger than `most`: some of a size, and then those that are one smaller.
pub(super) fn strips(len: usize, most: usize) -> impl Iterator<Item = Strip> {
    let count = len.div_ceil(most).max(1);
    let (columns, larger) = (len / count, len % count);
    let before = larger * (columns + 1);
    let strips = [
        Strip { first: 0, columns: columns + 1, count: larger },
        Strip { first: before, columns, count: count - larger },
    ];
    strips.into_iter().filter(|strip| strip.columns * strip.count > 0)
}
