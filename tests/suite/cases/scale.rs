//! Descriptions that took more time than their size.
