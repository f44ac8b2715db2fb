//! The front ends: from text to a [`crate::spec::Spec`].

pub mod toml;
