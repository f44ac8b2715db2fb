//! Descriptions whose generated programs were wrong.
