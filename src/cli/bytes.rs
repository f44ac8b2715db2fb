//! Amounts of memory as people write them.

/// Units by their lower-case names, and what each is in bytes.
const UNITS: [(&str, u128); 9] = [
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// The most digits of a number: nobody has that much.
const DIGITS: usize = 18;

/// Reads `16GiB`, `1.5 GB`, `640000`; a part of a byte is left out. Decimal and binary units are told apart, so a letter
/// alone is refused.
pub(super) fn parse(text: &str) -> Result<u128, String> {
    const EXPECTED: &str = "expected bytes, as in 16GiB, 1.5GB or 640000";
    let text = text.trim();
    let end = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '_')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.replace('_', "");
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    let unit = unit.trim();
    let size = match unit.to_ascii_lowercase().as_str() {
        "" => 1,
        "k" | "m" | "g" | "t" => {
            let letter = unit.to_ascii_uppercase();
            return Err(format!("`{unit}` can mean {letter}B, which is decimal, or {letter}iB, which is binary"));
        }
        known => UNITS.iter().find(|(name, _)| *name == known).map(|(_, size)| *size).ok_or(EXPECTED)?,
    };
    let digits = format!("{whole}{part}");
    if whole.is_empty() || digits.len() > DIGITS {
        return Err(EXPECTED.to_owned());
    }
    let tens = part.bytes().fold(1_u128, |tens, _| tens * 10);
    digits.parse::<u128>().map(|digits| digits * size / tens).map_err(|_| EXPECTED.to_owned())
}
