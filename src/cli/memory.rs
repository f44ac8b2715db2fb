//! The memory that is free, asked before something is allocated whose size a user has chosen.

use resnetc::diagnostic::{Code, Refusal};

/// Bytes of memory that are free, where that is known.
pub(super) fn free() -> Option<u128> {
    kibibytes("/proc/meminfo", "MemAvailable:").map(|free| u128::from(free) * 1024)
}

/// The number of KiB after `key` in one of Linux's status files; elsewhere there is none.
pub(super) fn kibibytes(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// That what is called `what` needs so many `bytes`, and fewer are free.
pub(super) fn short(what: &str, bytes: u128) -> Refusal {
    let mebibytes = |bytes: u128| bytes.div_ceil(1 << 20);
    let found = free().map_or_else(String::new, |free| format!(", and {} are free", mebibytes(free)));
    Refusal::new(Code::TooMuchMemory, format!("{what} needs about {} MiB{found}", mebibytes(bytes)))
}
