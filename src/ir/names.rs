//! Name tables: from an [`Address`] to the name that a dialect's users know.

use super::{Address, Branch, ParameterKind, Place};
use std::fmt::Write;

/// A table of names. Adding a dialect's names is writing one of these; no code knows a particular table.
///
/// A template is text with placeholders: `{block}` (the expansion of [`NameTable::block`]), `{stage}`, `{index}` (the
/// block's number in its stage), `{unit}`, `{sequence}`, each but the first optionally `+ 1` and so on: `{stage + 1}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameTable {
    /// The name of a block, from which most of its layers' names are made.
    pub block: &'static str,
    /// Selector and template, the first match wins. A selector is `branch.role`, or `branch.*` for every role.
    pub rows: &'static [(&'static str, &'static str)],
    /// How parameters are called: what is appended to the layer's name.
    pub parameters: ParameterNames,
}

/// What a dialect appends to a layer's name for each of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterNames {
    /// A convolution's kernel and a linear layer's matrix.
    pub kernel: &'static str,
    /// Their bias.
    pub bias: &'static str,
    /// A norm's gamma.
    pub scale: &'static str,
    /// A norm's beta.
    pub shift: &'static str,
    /// A batch norm's running mean.
    pub mean: &'static str,
    /// A batch norm's running variance.
    pub variance: &'static str,
    /// Tensors that a checkpoint may have beside these and that mean nothing for inference.
    pub ignored: &'static [&'static str],
}

impl ParameterNames {
    /// What is appended to a layer's name for its parameter `kind`.
    #[must_use]
    pub fn suffix(&self, kind: ParameterKind) -> &'static str {
        match kind {
            ParameterKind::Kernel => self.kernel,
            ParameterKind::Bias => self.bias,
            ParameterKind::Scale => self.scale,
            ParameterKind::Shift => self.shift,
            ParameterKind::Mean => self.mean,
            ParameterKind::Variance => self.variance,
        }
    }
}

impl NameTable {
    /// The dialect's name of the node at `address`; its plain path where the table has no row for it.
    #[must_use]
    pub fn name(&self, address: &Address) -> String {
        let (branch, role) = (address.branch.word(), address.role.word());
        let row = self.rows.iter().find(|(selector, _)| {
            selector.split_once('.').is_some_and(|(left, right)| left == branch && (right == "*" || right == role))
        });
        let mut name = String::with_capacity(24);
        match row {
            Some((_, template)) => self.expand(template, address, &mut name),
            None => plain(address, &mut name),
        }
        name
    }

    /// The dialect's name of the block at `address`.
    #[must_use]
    pub fn block_name(&self, address: &Address) -> String {
        let mut name = String::new();
        self.expand(self.block, address, &mut name);
        name
    }

    fn expand(&self, template: &str, address: &Address, out: &mut String) {
        let mut rest = template;
        while let Some((text, tail)) = rest.split_once('{') {
            out.push_str(text);
            let (placeholder, tail) = tail.split_once('}').unwrap_or((tail, ""));
            if placeholder == "block" {
                self.expand(self.block, address, out);
            } else {
                let (word, offset) = placeholder.split_once(" + ").unwrap_or((placeholder, "0"));
                let value = number(word, address) + offset.parse().unwrap_or(0);
                let _ = write!(out, "{value}");
            }
            rest = tail;
        }
        out.push_str(rest);
    }
}

fn number(word: &str, address: &Address) -> u32 {
    let (stage, block) = match address.place {
        Place::Block { stage, block } => (stage, block),
        Place::Input | Place::Stem | Place::Head => (0, 0),
    };
    match word {
        "stage" => stage,
        "index" => block,
        "unit" => address.unit,
        _ => address.sequence,
    }
}

/// The address spelt out: what a layer is called that its dialect has no name for.
fn plain(address: &Address, out: &mut String) {
    if let Place::Block { stage, block } = address.place {
        let _ = write!(out, "stage{}.block{}.", stage + 1, block + 1);
    }
    out.push_str(address.branch.word());
    if address.branch != Branch::Input {
        let _ = write!(out, ".{}", address.role.word());
        if address.unit > 0 {
            let _ = write!(out, "{}", address.unit);
        }
    }
}
