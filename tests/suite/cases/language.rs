//! Descriptions that were compiled to another network than they say.
