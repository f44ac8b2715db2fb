//! Texts and files that reached the terminal, a table or memory as they are.
