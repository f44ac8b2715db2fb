//! Where values lie: in memory that is used again when what was there has been read.

use super::{Plan, Planning, Step};
use crate::engine::work::Work;
use std::cmp::Reverse;
use std::ops::RangeInclusive;

/// Memory that one value has, or several one after another in its place.
struct Buffer {
    floats: usize,
    /// The steps from the one that makes its first value, or the first of those that it is joined to, to the last that reads any.
    lives: RangeInclusive<usize>,
    offset: usize,
}

impl Plan {
    /// Gives every value its place.
    ///
    /// A step works in place where it may: a convolution over its residual, what works on single elements over its first operand, if
    /// nothing reads that later. The buffers are then placed greedily (Pisarchyk and Lee 2020, arXiv 2001.03288).
    pub(super) fn place(&mut self) {
        let last_reads = self.last_reads();
        let mut buffers: Vec<Buffer> = Vec::new();
        let mut buffer_of = vec![0; self.values.len()];
        for at in 0..self.steps.len() {
            // Other threads are in the steps that this one is joined to: what they read and write is there meanwhile.
            let first = self.chain(at);
            let (before, rest) = self.steps.split_at_mut(at);
            let step = &mut rest[0];
            let is_read = |value: usize| before[first..].iter().any(|step| step.uses(value));
            let over = step.overwritten().filter(|value| last_reads.get(*value) == Some(&at) && !is_read(*value));
            let last = last_reads.get(step.value).copied().unwrap_or(at);
            let buffer = over.and_then(|value| buffer_of.get(value).copied()).unwrap_or_else(|| {
                let floats = self.values.get(step.value).map_or(0, |value| value.extent.floats());
                buffers.push(Buffer { floats, lives: first..=at, offset: 0 });
                buffers.len() - 1
            });
            step.in_place = over.is_some();
            if let Some(buffer) = buffers.get_mut(buffer) {
                buffer.lives = *buffer.lives.start()..=last.max(at);
            }
            if let Some(slot) = buffer_of.get_mut(step.value) {
                *slot = buffer;
            }
        }
        self.floats = placed(&mut buffers);
        for (value, buffer) in self.values.iter_mut().zip(buffer_of) {
            value.offset = buffers.get(buffer).map_or(0, |buffer| buffer.offset);
        }
    }

    /// The last step that reads each value. What the network returns, and every value of a plan that keeps them, is read after the last.
    fn last_reads(&self) -> Vec<usize> {
        let end = self.steps.len();
        let mut last = vec![if self.planning == Planning::Apart { end } else { 0 }; self.values.len()];
        for (at, step) in self.steps.iter().enumerate() {
            for value in step.operands.iter().chain(&step.residual) {
                if let Some(last) = last.get_mut(*value) {
                    *last = at.max(*last);
                }
            }
        }
        if let Some(last) = last.get_mut(self.output) {
            *last = end;
        }
        last
    }
}

impl Step {
    /// The value in whose place it could work.
    fn overwritten(&self) -> Option<usize> {
        match &self.work {
            Work::Conv(_) => self.residual.filter(|value| !self.operands.contains(value)),
            Work::Pointwise(_) => {
                let (first, others) = self.operands.split_first()?;
                (!others.contains(first)).then_some(*first)
            }
            Work::Pack | Work::Resample(_) | Work::Mix(_) | Work::Gather(_) => None,
        }
    }
}

/// What comes first has the least of these.
type Order = fn(&Buffer) -> (Reverse<usize>, usize);

/// Places buffers, and says how many floats they take together: one after another, each where the lowest gap is between those that
/// live at the same time, in that of several orders in which they take least.
fn placed(buffers: &mut [Buffer]) -> usize {
    let orders: [Order; 4] = [
        // Greedy by size.
        |buffer| (Reverse(buffer.floats), *buffer.lives.start()),
        // As they are made, or the other way round.
        |buffer| (Reverse(0), *buffer.lives.start()),
        |buffer| (Reverse(*buffer.lives.end()), 0),
        // Those that live long first.
        |buffer| (Reverse(buffer.lives.end() - buffer.lives.start()), *buffer.lives.start()),
    ];
    let layouts = orders.map(|order| {
        let mut places: Vec<_> = (0..buffers.len()).collect();
        places.sort_by_key(|at| buffers.get(*at).map(order));
        laid_out(buffers, &places)
    });
    let Some((offsets, end)) = layouts.into_iter().min_by_key(|(_, end)| *end) else { return 0 };
    buffers.iter_mut().zip(offsets).for_each(|(buffer, offset)| buffer.offset = offset);
    end
}

/// Where buffers lie that are placed in this order, and how many floats they take together.
fn laid_out(buffers: &[Buffer], order: &[usize]) -> (Vec<usize>, usize) {
    let mut offsets = vec![0; buffers.len()];
    let mut taken: Vec<(usize, usize, RangeInclusive<usize>)> = Vec::new();
    let mut end = 0;
    for &at in order {
        let Some(buffer) = buffers.get(at) else { continue };
        let mut offset = 0;
        for (start, end, lives) in &taken {
            let meets = lives.start() <= buffer.lives.end() && buffer.lives.start() <= lives.end();
            if meets && *start < offset + buffer.floats && offset < *end {
                offset = *end;
            }
        }
        if let Some(slot) = offsets.get_mut(at) {
            *slot = offset;
        }
        end = end.max(offset + buffer.floats);
        taken.push((offset, offset + buffer.floats, buffer.lives.clone()));
        taken.sort_unstable_by_key(|(start, ..)| *start);
    }
    (offsets, end)
}
