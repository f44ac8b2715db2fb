//! How an implementation writes an op in PyTorch, which decides what tools see of it.

/// How an op is written, from what every tool sees to what hardly one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Spelling {
    /// A module of `torch.nn`: `nn.AdaptiveAvgPool2d(1)`.
    #[default]
    Module,
    /// A class derived from such a module, without modules inside: torchvision's `LayerNorm2d`.
    Subclass,
    /// A call of `torch.nn.functional`, be it in a class that holds other modules: `F.relu(x)`, timm's `BatchNormAct2d`.
    Function,
    /// A method of tensors: `x.mean((2, 3))`.
    Method,
}

impl Spelling {
    /// Every spelling under its word in the language.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("module", Self::Module),
        ("subclass", Self::Subclass),
        ("function", Self::Function),
        ("method", Self::Method),
    ];
}
