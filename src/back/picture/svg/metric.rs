//! How wide a text is, without a font: a sans serif's widths, generous, so that what fits here fits in any.

/// The widths of the ASCII characters from the space on, in hundredths of the font's size.
const WIDTHS: [u8; 95] = [
    32, 41, 46, 84, 64, 95, 78, 28, 39, 39, 50, 84, 32, 37, 32, 34, // space to /
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 54, // 0 to ?
    100, 69, 69, 70, 77, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, // @ to O
    61, 79, 70, 64, 62, 74, 69, 99, 69, 62, 69, 40, 34, 40, 84, 50, // P to _
    50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, // ` to o
    64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84, // p to ~
];

/// The width of `text` in pixels, at a font of `size` pixels.
pub(super) fn width(text: &str, size: i64) -> i64 {
    let of = |letter: char| {
        let at = u32::from(letter).checked_sub(32).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| WIDTHS.get(at)).map_or(100, |width| i64::from(*width))
    };
    // The dot between notes is narrow.
    let hundredths: i64 = text.chars().map(|letter| if letter == '·' { 32 } else { of(letter) }).sum();
    (hundredths * size + 99) / 100
}
