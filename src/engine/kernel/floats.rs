//! Memory that begins where a line of the cache does, and in large pages where it is large: a page of 4 KiB has to be looked up anew for
//! every thousand weights, which costs more than a matrix product takes to read them.

use memmap2::MmapMut;

/// Floats of a line of the cache.
const LINE: usize = 16;
/// Bytes of a large page.
const PAGE: usize = 2 << 20;

/// Floats that begin at a line of the cache.
#[derive(Debug, Default)]
pub(in crate::engine) struct Floats {
    memory: Memory,
    start: usize,
    len: usize,
}

#[derive(Debug)]
enum Memory {
    Heap(Vec<f32>),
    Pages(MmapMut),
}

impl Default for Memory {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl Floats {
    /// So many zeros.
    pub(in crate::engine) fn zeros(len: usize) -> Self {
        if let Some(floats) = Self::paged(len) {
            return floats;
        }
        let memory = vec![0.0_f32; len.saturating_add(LINE)];
        // Where the address cannot be had, as in an interpreter, any place does.
        let start = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Self { memory: Memory::Heap(memory), start, len }
    }

    /// So many zeros, of which whole large pages are asked of the system; what is left over has small ones, so that no more memory is
    /// taken.
    fn paged(len: usize) -> Option<Self> {
        let bytes = len.checked_mul(size_of::<f32>()).filter(|bytes| *bytes >= PAGE)?;
        let memory = MmapMut::map_anon(bytes.checked_add(PAGE)?).ok()?;
        let start = memory.as_ptr().align_offset(PAGE);
        if start > PAGE {
            return None;
        }
        // A system without large pages, or without any that are free, does with small ones.
        #[cfg(target_os = "linux")]
        let _ = memory.advise_range(memmap2::Advice::HugePage, start, bytes / PAGE * PAGE);
        Some(Self { memory: Memory::Pages(memory), start: start / size_of::<f32>(), len })
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
        let memory = match &self.memory {
            Memory::Heap(memory) => memory,
            Memory::Pages(memory) => bytemuck::cast_slice(memory),
        };
        memory.get(self.start..).and_then(|floats| floats.get(..self.len)).unwrap_or_default()
    }

    pub(in crate::engine) fn get_mut(&mut self) -> &mut [f32] {
        let memory = match &mut self.memory {
            Memory::Heap(memory) => memory,
            Memory::Pages(memory) => bytemuck::cast_slice_mut(memory),
        };
        memory.get_mut(self.start..).and_then(|floats| floats.get_mut(..self.len)).unwrap_or_default()
    }
}
