//! Descriptions that the library could not say, or said wrongly without a word.
