//! Descriptions whose messages led elsewhere.
