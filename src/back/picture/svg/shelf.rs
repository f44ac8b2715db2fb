//! Bands on shelves: where stem, stages and head stand, and the lines between them.

use super::measure::{self, BESIDE, NOTE, OP, RADIUS, Series};
use super::metric;
use super::place::{Placed, ending, frame, label, wire};
use super::view::{self, Badge, Entry, Kind, Sign};
use super::word::{Hue, Path, Pixels, Text};
use crate::back::picture::drawing::{Band, Drawing, Fork, Join, Line, Role, Run, Step};

/// Around everything; above it, where the picture has a heading.
const MARGIN: i64 = 24;
const HEADING: i64 = 76;
/// Before each band, for the line that leads into it, and between shelves.
const GUTTER: i64 = 26;
const BETWEEN: i64 = 34;
/// Inside a band around its cards, and its heading.
const PADDING: i64 = 12;
const BAND_HEAD: i64 = 46;
/// From a band's heading to its first card, between cards, from the last card to the end.
const ENTRY: i64 = 16;
const CARDS: i64 = 22;
const EXIT: i64 = 34;
/// Inside a card around its boxes; above them, where the card has a caption.
const INSIDE: i64 = 12;
const CAPTION: i64 = 30;
/// The legend.
const LEGEND: i64 = 40;

/// A band with the rooms of its runs.
struct Room<'a> {
    band: &'a Band,
    runs: Vec<Series<'a>>,
    /// How far the cards reach to either side of the line.
    left: i64,
    right: i64,
    width: i64,
    height: i64,
}

/// A band at its place.
struct Place {
    /// The line through it.
    line: i64,
    frame: [i64; 4],
    /// Where the line into it ends, and how; nothing where it begins with the input.
    first: Option<(i64, Kind)>,
    /// Where its last box ends, and its last card.
    last: [i64; 2],
}

/// Lays `drawing` out; `number` is its place among the pictures of a page, nothing if it stands alone.
pub(super) fn picture(drawing: &Drawing, width: i64, number: Option<u32>) -> view::Svg {
    let rooms: Vec<_> = drawing.bands.iter().map(Room::new).collect();
    let alone = number.is_none();
    let (side, top) = if alone { (MARGIN, HEADING) } else { (2, 2) };
    let shelves = balanced(&rooms, width - 2 * side);
    let mut out = Out { bands: Vec::new(), places: Vec::new(), wires: Vec::new() };
    let (mut y, mut right) = (top, 0);
    let mut rest = rooms.iter();
    let last = rooms.len();
    for &count in &shelves {
        let shelf: Vec<_> = rest.by_ref().take(count).collect();
        let height = shelf.iter().map(|room| room.height).max().unwrap_or(0);
        let mut x = side;
        for room in shelf {
            x += GUTTER;
            out.band(room, [x, y], height, last);
            x += room.width;
        }
        right = right.max(x);
        y += height + BETWEEN;
    }
    out.connect(side);
    let heading = if alone {
        metric::width(&drawing.name, 24).max(metric::width(&drawing.subtitle, NOTE)) + MARGIN
    } else {
        0
    };
    let (legend, legend_right) = legend(drawing, [side + GUTTER, y - BETWEEN + LEGEND / 2 + 6]);
    let bottom = y - BETWEEN + if legend.is_empty() { 0 } else { LEGEND };
    view::Svg {
        number: Pixels(number.unwrap_or(0).into()),
        alone,
        width: Pixels(right.max(heading).max(legend_right) + side),
        height: Pixels(bottom + if alone { MARGIN / 2 } else { side }),
        title: Text::new(&drawing.name),
        subtitle: Text::new(&drawing.subtitle),
        describe: Text::new(&describe(drawing)),
        bands: out.bands,
        wires: out.wires,
        legend,
    }
}

/// In words what the picture shows.
fn describe(drawing: &Drawing) -> String {
    let band = |band: &Band| {
        let what = if band.what.is_empty() { String::new() } else { format!(" ({})", band.what) };
        let output = band.output().map_or_else(String::new, |output| format!(", out {}", output.last));
        format!("{}{what}{output}", band.title)
    };
    let bands: Vec<_> = drawing.bands.iter().map(band).collect();
    format!("{}. {}.", drawing.subtitle, bands.join("; "))
}

/// How many bands each shelf holds: as few shelves as `width` needs, and these about equally wide.
fn balanced(rooms: &[Room<'_>], width: i64) -> Vec<usize> {
    let fewest = shelves(rooms, width);
    let (mut low, mut high) = (0, width);
    while low < high {
        let middle = low + (high - low) / 2;
        if shelves(rooms, middle).len() > fewest.len() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    shelves(rooms, high)
}

fn shelves(rooms: &[Room<'_>], width: i64) -> Vec<usize> {
    let mut shelves: Vec<usize> = Vec::new();
    let mut used = 0;
    for room in rooms {
        let needs = GUTTER + room.width;
        match shelves.last_mut().filter(|_| used + needs <= width) {
            Some(count) => {
                *count += 1;
                used += needs;
            }
            None => {
                shelves.push(1);
                used = needs;
            }
        }
    }
    shelves
}

/// The badge of a run that is repeated.
fn times(run: &Run) -> Option<String> {
    (run.times > 1).then(|| format!("x {}", run.times))
}

/// Whether a card needs a line above its boxes.
fn caption_height(run: &Run) -> i64 {
    if run.caption.is_empty() { INSIDE } else { CAPTION }
}

impl<'a> Room<'a> {
    fn new(band: &'a Band) -> Self {
        let runs: Vec<_> = band.runs.iter().map(measure::run).collect();
        let left = runs.iter().map(|run| run.extent.left).max().unwrap_or(0) + INSIDE;
        let mut right = runs.iter().map(|run| run.extent.right).max().unwrap_or(0) + INSIDE;
        // Captions stand right of the line.
        for run in &band.runs {
            let badge = times(run).map_or(0, |times| metric::width(&times, OP) + 24);
            right = right.max(BESIDE + 4 + metric::width(&run.caption, NOTE) + badge + INSIDE);
            right = right.max(BESIDE + metric::width(&run.output().to_string(), NOTE) + INSIDE);
        }
        let heading = metric::width(&band.title, 15) + 16 + metric::width(&band.what, 12);
        let width = (left + right).max(heading).max(metric::width(&band.cost, NOTE)) + 2 * PADDING;
        let right = width - 2 * PADDING - left;
        let cards = band.runs.iter().zip(&runs).map(|(run, series)| caption_height(run) + series.extent.height + INSIDE);
        let gaps = CARDS * i64::try_from(runs.len().saturating_sub(1)).unwrap_or(0);
        let height = BAND_HEAD + ENTRY + cards.sum::<i64>() + gaps + EXIT;
        Self { band, runs, left, right, width, height }
    }
}

struct Out {
    bands: Vec<view::Band>,
    places: Vec<Place>,
    wires: Vec<view::Wire>,
}

impl Out {
    /// Puts a band on a shelf of this height; `last` is how many bands there are.
    fn band(&mut self, room: &Room<'_>, [x, y]: [i64; 2], height: i64, last: usize) {
        let Room { band, left, right, width, .. } = room;
        let line = x + PADDING + left;
        let mut at = y + BAND_HEAD + ENTRY;
        let mut runs = Vec::new();
        let mut first = None;
        let mut end = [at, at];
        for (run, series) in band.runs.iter().zip(&room.runs) {
            let mut placed = Placed::default();
            let top = at + caption_height(run);
            let is_input = matches!(run.body.first(), Some(Step::Cell(cell)) if cell.role == Role::Input);
            if runs.is_empty() {
                first = (!is_input).then(|| (top, ending(series)));
            } else {
                placed.wires.push(wire(ending(series), [[line, end[0]], [line, top]]));
            }
            let bottom = placed.series(series, line, top);
            let height = bottom + INSIDE - at;
            let beside = bottom + INSIDE + CARDS / 2 + 4;
            if runs.len() + 1 == band.runs.len() {
                placed.labels.push(label([line + BESIDE, beside], &run.output().to_string()));
            } else if let Some(piece) = series.pieces.last() {
                placed.shape(piece, line, beside);
            }
            let card = frame([x + PADDING, at], [left + right, height]);
            runs.push(card_of(run, card, [x + PADDING + left + right, at], placed));
            end = [bottom, at + height];
            at += height + CARDS;
        }
        if last == self.bands.len() + 1 {
            self.wires.push(wire(Kind::Flow, [[line, end[0]], [line, end[1] + EXIT - 8]]));
        }
        let edge = x + width - PADDING;
        self.bands.push(view::Band {
            hue: Hue(band.stage),
            frame: frame([x, y], [*width, height]),
            title: label([x + PADDING, y + 22], &band.title),
            what: label([edge, y + 22], &band.what),
            cost: label([x + PADDING, y + 38], &band.cost),
            runs,
        });
        self.places.push(Place { line, frame: [x, y, *width, height], first, last: end });
    }

    /// Draws the lines between bands: out below the last card, up or down before the next band, and in under its heading.
    fn connect(&mut self, side: i64) {
        for pair in self.places.windows(2) {
            let [from, to] = pair else { continue };
            let Some((first, kind)) = to.first else { continue };
            let [to_x, to_y, ..] = to.frame;
            let [_, from_y, _, from_height] = from.frame;
            let entry = to_y + BAND_HEAD + ENTRY / 2 - 1;
            let mut points = vec![[from.line, from.last[0]]];
            if from_y == to_y {
                let gutter = to_x - GUTTER / 2;
                let exit = from.last[1] + EXIT - 10;
                points.extend([[from.line, exit], [gutter, exit], [gutter, entry]]);
            } else {
                let gutter = side + GUTTER / 2;
                let exit = from_y + from_height + BETWEEN / 2;
                points.extend([[from.line, exit], [gutter, exit], [gutter, entry]]);
            }
            points.extend([[to.line, entry], [to.line, first]]);
            self.wires.push(wire(kind, points));
        }
    }
}

/// A card and what stands on it; `corner` is its upper right.
fn card_of(run: &Run, card: view::Frame, [right, top]: [i64; 2], placed: Placed) -> view::Run {
    let mut edge = right - INSIDE;
    let badge = times(run).map(|times| {
        let width = metric::width(&times, OP) + 14;
        edge -= width + 6;
        Badge {
            frame: frame([right - 7 - width, top + 6], [width, 18]),
            label: label([right - 7 - width / 2, top + 19], &times),
        }
    });
    let Placed { wires, labels, cells, joins } = placed;
    let [first, last] = &run.names;
    let names = if first == last { first.clone() } else { format!("{first} to {last}") };
    view::Run {
        frame: card,
        tip: Text::new(&format!("{names}: {} to {}", run.input, run.output())),
        caption: (!run.caption.is_empty()).then(|| label([edge, top + 19], &run.caption)),
        times: badge,
        wires,
        labels,
        cells,
        joins,
    }
}

/// What of a picture has to be explained.
#[derive(Default)]
struct Seen {
    lines: Vec<Line>,
    joins: Vec<Join>,
}

impl Seen {
    fn look(&mut self, steps: &[Step]) {
        for step in steps {
            let Step::Fork(Fork { branches, join, .. }) = step else { continue };
            self.joins.push(*join);
            for branch in branches {
                self.lines.push(branch.line);
                self.look(&branch.steps);
            }
        }
    }
}

/// The legend from this point on, and where it ends.
fn legend(drawing: &Drawing, [x, y]: [i64; 2]) -> (Vec<Entry>, i64) {
    let mut seen = Seen::default();
    for run in drawing.bands.iter().flat_map(|band| &band.runs) {
        seen.look(&run.body);
    }
    let entries = [
        (Sign::Identity, "identity", seen.lines.contains(&Line::Identity)),
        (Sign::Shortcut, "projection or padding", seen.lines.contains(&Line::Shortcut)),
        (Sign::Join(Join::Add), "add", seen.joins.contains(&Join::Add)),
        (Sign::Join(Join::Multiply), "multiply", seen.joins.contains(&Join::Multiply)),
        (Sign::Join(Join::Concat), "concatenate", seen.joins.contains(&Join::Concat)),
    ];
    let mut at = x;
    let entry = |(sign, text, _): (Sign, &str, bool)| {
        let width = if matches!(sign, Sign::Join(_)) { 2 * RADIUS } else { 26 };
        let entry = Entry {
            sign,
            x: Pixels(at + RADIUS),
            y: Pixels(y),
            path: Path::new([[at, y], [at + width, y]], 0),
            label: label([at + width + BESIDE, y + 4], text),
        };
        at += width + BESIDE + metric::width(text, NOTE) + 14;
        entry
    };
    let entries: Vec<_> = entries.into_iter().filter(|(_, _, is_seen)| *is_seen).map(entry).collect();
    (entries, at)
}
