//! The header of a `.npy` file: the literal of a Python dictionary, of which NumPy takes what Python can read and what has these
//! three keys and no other. What is taken here is what NumPy takes of arrays of floats.

/// A float type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Float {
    Half,
    Single,
    Double,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) float: Float,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) shape: Vec<u64>,
}

/// The most dimensions that an array of NumPy may have.
const DIMENSIONS: usize = 64;

/// How deep brackets may stand in each other.
const NESTING: usize = 32;

impl Header {
    /// Reads a dictionary such as NumPy writes: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. `is_old` says that
    /// Python 2 may have written it, whose long integers end in `L`.
    pub(super) fn parse(text: &str, is_old: bool) -> Result<Self, String> {
        let malformed = || "its header is no dictionary of Python".to_owned();
        let text = text.trim_start_matches([' ', '\t']);
        let mut reader = Reader { rest: text, is_old, depth: 0 };
        let value =
            Some(text).filter(|text| !text.contains('\0')).and_then(|_| reader.value()).ok_or_else(malformed)?;
        reader.skip();
        let Literal::Dictionary(entries) = value else { return Err(malformed()) };
        if !reader.rest.is_empty() {
            return Err(malformed());
        }
        Self::of(&entries)
    }

    fn of(entries: &[(String, Literal)]) -> Result<Self, String> {
        const KEYS: [&str; 3] = ["descr", "fortran_order", "shape"];
        if let Some((key, _)) = entries.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
            return Err(format!("its header has a key `{key}`; expected `descr`, `fortran_order` and `shape`"));
        }
        // Of two entries with one key, Python takes the second.
        let entry = |name: &str| entries.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value);
        let [descr, order, shape] = KEYS.map(|key| entry(key).ok_or_else(|| format!("its header lacks `{key}`")));
        let Literal::Text(descr) = descr? else { return Err("its elements are records, not floats".to_owned()) };
        let Some((big_endian, float)) = float(descr) else {
            return Err(format!("its elements are `{descr}`; expected float32: `X.astype(\"float32\")`"));
        };
        let Literal::Boolean(fortran) = *order? else { return Err("its header has no order".to_owned()) };
        let Literal::Tuple(sides) = shape? else { return Err("its header has no shape".to_owned()) };
        let side = |literal: &Literal| match literal {
            Literal::Number(side) => Some(*side),
            Literal::Boolean(side) => Some(u64::from(*side)),
            _ => None,
        };
        let shape: Option<Vec<_>> = sides.iter().map(side).collect();
        let shape = shape.filter(|sides| sides.iter().all(|side| i64::try_from(*side).is_ok()));
        let shape = shape.ok_or("its header's shape is not made of numbers")?;
        if shape.len() > DIMENSIONS {
            return Err(format!("its header's shape has {} dimensions", shape.len()));
        }
        Ok(Self { float, big_endian, fortran, shape })
    }
}

/// The float type that NumPy calls `descr`, and whether its bytes are in the order of big-endian machines.
fn float(descr: &str) -> Option<(bool, Float)> {
    let (order, name) = match descr.split_at_checked(1) {
        Some((order @ ("<" | ">" | "=" | "|"), name)) => (Some(order), name),
        _ => (None, descr),
    };
    let float = match (name, order) {
        ("f2" | "e", _) | ("float16" | "half", None) => Float::Half,
        ("f4" | "f", _) | ("float32" | "single", None) => Float::Single,
        ("f8" | "d", _) | ("float64" | "double" | "float", None) => Float::Double,
        _ => return None,
    };
    let native = cfg!(target_endian = "big");
    Some((order.map_or(native, |order| order == ">" || native && order != "<"), float))
}

/// A literal of Python, as far as headers have them.
enum Literal {
    Text(String),
    Boolean(bool),
    Number(u64),
    Tuple(Vec<Self>),
    Dictionary(Vec<(String, Self)>),
}

struct Reader<'t> {
    rest: &'t str,
    is_old: bool,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// Goes past white space, comments and joined lines.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.rest = match (self.rest.strip_prefix('#'), self.rest.strip_prefix("\\\n")) {
                (Some(comment), _) => comment.find('\n').and_then(|end| comment.get(end..)).unwrap_or_default(),
                (None, Some(next)) => next,
                (None, None) => return,
            };
        }
    }

    /// Goes past `sign`, if it comes next.
    fn eat(&mut self, sign: char) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Literal> {
        self.skip();
        match self.rest.chars().next()? {
            '{' => self.nested(Self::dictionary),
            '(' => self.nested(Self::tuple),
            '0'..='9' => self.number(),
            '+' => {
                self.rest = self.rest.get(1..)?;
                self.skip();
                self.number()
            }
            _ => match ["True", "False"].into_iter().find(|word| self.word() == *word) {
                Some(word) => {
                    self.rest = self.rest.get(word.len()..)?;
                    Some(Literal::Boolean(word == "True"))
                }
                None => self.text().map(Literal::Text),
            },
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Literal>) -> Option<Literal> {
        self.rest = self.rest.get(1..)?;
        self.depth += 1;
        let value = if self.depth > NESTING { None } else { read(self) };
        self.depth -= 1;
        value
    }

    fn dictionary(&mut self) -> Option<Literal> {
        let mut entries = Vec::new();
        while !self.eat('}') {
            self.skip();
            let key = self.text()?;
            let value = self.eat(':').then(|| self.value())??;
            entries.push((key, value));
            if !self.eat(',') {
                return self.eat('}').then_some(Literal::Dictionary(entries));
            }
        }
        Some(Literal::Dictionary(entries))
    }

    /// A tuple, or a value in brackets.
    fn tuple(&mut self) -> Option<Literal> {
        let mut values = Vec::new();
        while !self.eat(')') {
            values.push(self.value()?);
            if !self.eat(',') {
                let is_closed = self.eat(')');
                let value = if values.len() == 1 { values.pop() } else { Some(Literal::Tuple(values)) };
                return value.filter(|_| is_closed);
            }
        }
        Some(Literal::Tuple(values))
    }

    /// The letters, digits and underscores that come next.
    fn word(&self) -> &'t str {
        let end = self.rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(self.rest.len());
        self.rest.get(..end).unwrap_or_default()
    }

    /// Texts that follow each other are one.
    fn text(&mut self) -> Option<String> {
        let mut text = self.one_text()?;
        loop {
            self.skip();
            match self.one_text() {
                Some(more) => text += &more,
                None => return Some(text),
            }
        }
    }

    fn one_text(&mut self) -> Option<String> {
        let unprefixed = self.rest.strip_prefix(['u', 'U', 'r', 'R']).unwrap_or(self.rest);
        let quote = unprefixed.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let inner = unprefixed.get(1..)?;
        let end = inner
            .find([quote, '\n', '\\'])
            .filter(|end| inner.get(*end..).is_some_and(|rest| rest.starts_with(quote)))?;
        self.rest = inner.get(end + 1..)?;
        inner.get(..end).map(str::to_owned)
    }

    fn number(&mut self) -> Option<Literal> {
        let word = self.word();
        self.rest = self.rest.get(word.len()..)?;
        // A fraction or an exponent is no side.
        if self.rest.starts_with('.') {
            return None;
        }
        let digits = if self.is_old { word.strip_suffix('L').unwrap_or(word) } else { word };
        let lower = digits.to_ascii_lowercase();
        let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
        let (digits, radix) = prefixes
            .iter()
            .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|digits| (digits, *radix)))
            .unwrap_or((&lower, 10));
        // An underscore stands between digits, after a prefix too.
        let after = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
        let is_grouped = !after.starts_with('_') && !after.ends_with('_') && !after.contains("__");
        let plain = after.replace('_', "");
        let leads = radix == 10 && plain.starts_with('0') && plain.bytes().any(|digit| digit != b'0');
        let digits = plain.bytes().all(|digit| char::from(digit).is_digit(radix));
        if !is_grouped || leads || !digits {
            return None;
        }
        u64::from_str_radix(&plain, radix).ok().map(Literal::Number)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "tests")]
mod tests {
    use super::Header;
    use std::path::Path;
    use std::process::Command;

    /// What headers are made of: each list has what NumPy takes and what it refuses.
    const DESCR: [&str; 22] = [
        "'<f4'",
        "'=f4'",
        "'|f4'",
        "'>f4'",
        "\"<f4\"",
        "'f4'",
        "'<f8'",
        "'<f2'",
        "'float32'",
        "'<float32'",
        "'f'",
        "'<d'",
        "'e'",
        "u'<f4'",
        "'<' 'f4'",
        "'''<f4'''",
        "('<f4')",
        "'<f4' ",
        "' <f4'",
        "'<f16x'",
        "None",
        "3",
    ];
    const ORDER: [&str; 9] = ["False", "True", "false", "0", "'False'", "(False)", "Falsey", "None", "False "];
    const SHAPE: [&str; 34] = [
        "(2, 3)",
        "(2,)",
        "()",
        "(2)",
        "[2, 3]",
        "(2, 3,)",
        "(2,,3)",
        "(,)",
        "(2 3)",
        "( 2 ,3 )",
        "(2\n,3)",
        "(2, # two\n3)",
        "(+2, 3)",
        "(-2, 3)",
        "(0x2, 3)",
        "(0b10, 0o3)",
        "(1_0, 3)",
        "(1__0, 3)",
        "(_1, 3)",
        "(1_, 3)",
        "(02, 3)",
        "(00, 3)",
        "(2L, 3L)",
        "(2.0, 3)",
        "(2e0, 3)",
        "(2, 3",
        "2, 3",
        "(2, 3))",
        "(0x_2, 3)",
        "((2, 3))",
        "(2, (3))",
        "(2j, 3)",
        "(2, 3) + ()",
        "(99999999999999999999, 0)",
    ];
    const FRAMES: [&str; 16] = [
        "{'descr': D, 'fortran_order': O, 'shape': S, }",
        "{'descr': D, 'fortran_order': O, 'shape': S}\n",
        "  {'shape': S, 'fortran_order': O, 'descr': D}  \n",
        "\n{'descr': D, 'fortran_order': O, 'shape': S}",
        "\t{ 'descr' :D,'fortran_order':O,'shape':S }",
        "{'descr': D, 'fortran_order': O, 'shape': S, 'x': 1}",
        "{'descr': D, 'fortran_order': O}",
        "{'descr': D, 'fortran_order': O, 'shape': S} x",
        "{'descr': D, 'fortran_order': O, 'shape': S} # x",
        "{'descr': D 'fortran_order': O, 'shape': S}",
        "{'descr': D, 'fortran_order': O, 'shape': S,,}",
        "({'descr': D, 'fortran_order': O, 'shape': S})",
        "{'descr': D, 'fortran_order': O, 'shape': (9,), 'shape': S}",
        "x{'descr': D, 'fortran_order': O, 'shape': S}",
        "{'descr': D, 'fortran_order': O, 'shape': S",
        "['descr', D, 'fortran_order', O, 'shape', S]",
    ];

    /// Every frame with every part, all others as they should be, and what is drawn of all combinations.
    fn headers() -> Vec<String> {
        let fill = |frame: &str, descr: &str, order: &str, shape: &str| {
            frame.replace('D', descr).replace('O', order).replace('S', shape)
        };
        let mut all: Vec<_> = FRAMES.iter().map(|frame| fill(frame, "'<f4'", "False", "(2, 3)")).collect();
        all.extend(DESCR.iter().map(|descr| fill(FRAMES[0], descr, "False", "(2, 3)")));
        all.extend(ORDER.iter().map(|order| fill(FRAMES[0], "'<f4'", order, "(2, 3)")));
        all.extend(SHAPE.iter().map(|shape| fill(FRAMES[0], "'<f4'", "False", shape)));
        let mut state = 1_u64;
        let mut drawn = |from: &[&'static str]| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            from[(state >> 33) as usize % from.len()]
        };
        // Mostly what is right, so that most that is wrong is wrong in one thing.
        for number in 0..3_000 {
            let [frame, descr, order, shape] = [
                if number % 4 == 0 { drawn(&FRAMES) } else { drawn(&FRAMES[..5]) },
                if number % 4 == 1 { drawn(&DESCR) } else { drawn(&DESCR[..8]) },
                if number % 4 == 2 { drawn(&ORDER) } else { drawn(&ORDER[..2]) },
                if number % 4 == 3 { drawn(&SHAPE) } else { drawn(&SHAPE[..3]) },
            ];
            all.push(fill(frame, descr, order, shape));
        }
        all
    }

    #[test]
    fn what_is_taken_is_what_numpy_takes() {
        let headers = headers();
        let cases: Vec<_> = headers.iter().flat_map(|header| [1, 3].map(|version| (version, header))).collect();
        let script = "
import io, json, struct, sys, warnings
import numpy as np
warnings.simplefilter('ignore')
answers = []
for version, header in json.load(sys.stdin):
    text = header.encode('utf-8')
    size = struct.pack('<H' if version == 1 else '<I', len(text))
    data = b'\\x93NUMPY' + bytes([version, 0]) + size + text + bytes(4096)
    try:
        array = np.lib.format.read_array(io.BytesIO(data))
        floats = array.dtype.kind == 'f' and array.dtype.itemsize <= 8
        answers.append([array.dtype.itemsize, array.dtype.byteorder == '>', list(array.shape)] if floats else None)
    except Exception:
        answers.append(None)
print(json.dumps(answers))
";
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = std::env::var_os("RESNETC_PYTHON").map_or(root.join(".venv/bin/python"), Into::into);
        let mut child = Command::new(python)
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        serde_json::to_writer(child.stdin.take().unwrap(), &cases).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let answers: Vec<Option<(u64, bool, Vec<u64>)>> = serde_json::from_slice(&output.stdout).unwrap();
        let taken = answers.iter().flatten().count();
        assert!(taken > 500 && taken < answers.len() - 500, "{taken} of {}", answers.len());
        for ((version, header), expected) in cases.iter().zip(answers) {
            let found = Header::parse(header, *version < 3).ok();
            let bytes = |header: Header| (header.float.bytes(), header.big_endian, header.shape);
            assert_eq!(found.map(bytes), expected, "version {version}: {header}");
        }
    }
}
