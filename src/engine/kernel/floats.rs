//! Memory that begins where a line of the cache does.

/// Floats of a line of the cache.
const LINE: usize = 16;

/// Floats that begin at a line of the cache.
#[derive(Debug, Default)]
pub(in crate::engine) struct Floats {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Floats {
    /// So many zeros.
    pub(in crate::engine) fn zeros(len: usize) -> Self {
        let memory = vec![0.0_f32; len.saturating_add(LINE)];
        // Where the address cannot be had, as in an interpreter, any place does.
        let start = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { memory, start, len }
    }

    /// At least `len` floats, zeros in place of those here if these are fewer.
    pub(in crate::engine) fn hold(&mut self, len: usize) {
        if self.len < len {
            // Never both at a time.
            *self = Self::default();
            *self = Self::zeros(len);
        }
    }

    pub(in crate::engine) fn get(&self) -> &[f32] {
        self.memory.get(self.start..).and_then(|floats| floats.get(..self.len)).unwrap_or_default()
    }

    pub(in crate::engine) fn get_mut(&mut self) -> &mut [f32] {
        self.memory.get_mut(self.start..).and_then(|floats| floats.get_mut(..self.len)).unwrap_or_default()
    }
}
