//! Weights that come through a pipe, to be read here and there as a file is: what was read is kept, and no more is read than is asked
//! for.

use crate::cli::memory;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// A pipe.
pub(super) struct Piped {
    source: Box<dyn Read + Send>,
    kept: Vec<u8>,
    at: u64,
    /// The most bytes that are kept, where the machine says what is free.
    most: Option<u128>,
}

impl Piped {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, kept: Vec::new(), at: 0, most: memory::free() }
    }
}

impl Read for Piped {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let end = self.at.saturating_add(bytes.len() as u64);
        if self.most.is_some_and(|most| u128::from(end) > most) {
            let why = format!("its first {end} bytes do not fit into the memory that is free; give it as a file");
            return Err(io::Error::new(ErrorKind::OutOfMemory, why));
        }
        let missing = end.saturating_sub(self.kept.len() as u64);
        self.source.by_ref().take(missing).read_to_end(&mut self.kept)?;
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let mut found = self.kept.get(at..).unwrap_or_default();
        let count = found.read(bytes)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Piped {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            SeekFrom::End(_) => return Err(ErrorKind::Unsupported.into()),
        };
        Ok(self.at)
    }
}
