//! The one place that decides about lines: templates write every statement on one, and those that are too long are
//! broken here as `ruff format` breaks them; so are comments that no formatter breaks.

use std::fmt::Write;
use std::ops::Range;

/// The longest line, ruff's default.
const WIDTH: usize = 88;

/// `text` with every statement broken that does not fit, every line inside a docstring, and every comment of one line.
pub(super) fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut docstring = false;
    for line in text.lines() {
        let quotes = line.matches("\"\"\"").count();
        let prose = docstring || quotes > 0;
        let inside = docstring && quotes == 0;
        docstring ^= quotes % 2 == 1;
        if inside {
            prose_lines(line, "    ", &mut out);
        } else if !prose && line.trim_start().starts_with('#') {
            prose_lines(line, "# ", &mut out);
        } else if prose || line.len() <= WIDTH {
            out.push_str(line);
        } else {
            out.push_str(&broken(line));
        }
        out.push('\n');
    }
    out
}

/// `text`, which is TOML, with every comment broken that does not fit: statements stay on their lines, where TOML has them.
pub(super) fn wrap_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with('#') {
            prose_lines(line, "# ", &mut out);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// A line of a docstring or a comment; where it is too long, its other lines begin with `next` after the indentation.
fn prose_lines(line: &str, next: &str, out: &mut String) {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let (mut begin, mut rest) = (String::new(), line);
    while begin.len() + rest.len() > WIDTH {
        let start = WIDTH.checked_sub(begin.len()).and_then(|last| rest.get(..=last));
        let space = start.and_then(|start| start.rfind(' ')).filter(|at| begin.len() + at > indent.len() + 4);
        let Some((line, tail)) = space.and_then(|at| rest.split_at_checked(at)) else { break };
        out.extend([&begin, line, "\n"]);
        rest = tail.trim_start();
        begin = format!("{indent}{next}");
    }
    out.extend([&begin, rest]);
}

/// A bracketed part of a line: the bytes at which its brackets stand, and the commas directly inside.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    open: usize,
    close: usize,
    commas: Vec<usize>,
}

/// The outermost bracketed parts of `line`, strings skipped.
fn groups(line: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut depth, mut string, mut escaped) = (0_usize, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            _ if string => {}
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    groups.push(Group { open: at, close: at, commas: Vec::new() });
                }
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if let Some(group) = groups.last_mut().filter(|_| depth == 0) {
                    group.close = at;
                }
            }
            b',' if depth == 1 => {
                if let Some(group) = groups.last_mut() {
                    group.commas.push(at);
                }
            }
            _ => {}
        }
    }
    groups
}

/// `line` in several lines. Of a call of a call, the last brackets are opened if what stands before them fits, the
/// first otherwise; what stands between stays on one line if it fits, and has a line for each element otherwise.
fn broken(line: &str) -> String {
    let groups = groups(line);
    let called = match groups.as_slice() {
        [.., first, last] if first.close + 1 == last.open && last.open >= WIDTH => Some(first),
        [.., last] => Some(last),
        [] => None,
    };
    let Some(group) = called else { return line.to_owned() };
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let part = |range: Range<usize>| line.get(range).unwrap_or_default();
    let (head, tail) = (part(0..group.open + 1), part(group.close..line.len()));
    let inside = part(group.open + 1..group.close);
    // A tuple or list that stands for itself has a line an element at once.
    let literal = ["= (", "= [", "  (", "  ["].iter().any(|opening| head.ends_with(opening));
    if !literal && indent.len() + 4 + inside.len() <= WIDTH {
        return format!("{head}\n{indent}    {inside}\n{indent}{tail}");
    }
    let mut out = head.to_owned();
    let mut from = group.open + 1;
    for end in group.commas.iter().copied().chain([group.close]) {
        let element = part(from..end).trim();
        if !element.is_empty() {
            let line = format!("{indent}    {element},");
            let _ = write!(out, "\n{}", if line.len() <= WIDTH { line } else { broken(&line) });
        }
        from = end + 1;
    }
    format!("{out}\n{indent}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hide_their_brackets() {
        let groups = groups(r#"f("(\"(", [1, 2], a)(b)"#);
        let commas: Vec<_> = groups.iter().map(|group| group.commas.len()).collect();
        assert_eq!(commas, [2, 0]);
    }

    #[test]
    fn a_short_line_stays() {
        assert_eq!(wrap("x = f(x)\n"), "x = f(x)\n");
    }

    #[test]
    fn a_table_of_toml_stays_on_its_line() {
        let table = format!("package-dir = {{ \"{}\" = \".\" }}\n", "x".repeat(80));
        assert_ne!(wrap(&table), table, "as Python it would be broken");
        assert_eq!(wrap_comments(&table), table);
        assert_eq!(wrap_comments(&format!("# {}\n", "word ".repeat(20))).lines().count(), 2);
    }

    #[test]
    fn a_long_comment_goes_on_as_a_comment() {
        let words = "word ".repeat(20);
        let text = wrap(&format!("    # {words}\n"));
        assert_eq!(text.split_whitespace().filter(|word| *word == "word").count(), 20);
        assert!(text.lines().all(|line| line.starts_with("    # word") && line.len() <= WIDTH), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
