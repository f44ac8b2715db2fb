//! Bands in columns, as a newspaper has them: where stem, stages and head stand, and the lines between them.

use super::measure::{self, BESIDE, NOTE, OP, RADIUS, Series};
use super::metric;
use super::place::{Placed, ending, frame, label, wire};
use super::view::{self, Badge, Entry, Kind, Sign};
use super::word::{Hue, Path, Pixels, Text};
use crate::back::picture::drawing::{Band, Drawing, Fork, Join, Line, Role, Run, Step};

/// Around everything; above it, where the picture has a heading.
const MARGIN: i64 = 24;
const HEADING: i64 = 84;
/// Between columns, for the line that leads up into the next one; above them, for the same; between the bands of a column.
const GUTTER: i64 = 26;
const ABOVE: i64 = 20;
const BETWEEN: i64 = 14;
/// Inside a band around its cards, and its heading.
const PADDING: i64 = 10;
const BAND_HEAD: i64 = 48;
/// Between cards, and from the last card to the end.
const CARDS: i64 = 22;
const EXIT: i64 = 30;
/// Inside a card around its boxes; above them, where the card has a caption.
const INSIDE: i64 = 10;
const CAPTION: i64 = 30;
/// The legend.
const LEGEND: i64 = 36;
/// The most columns that are tried.
const COLUMNS: i64 = 64;

/// A band with the rooms of its runs.
struct Room<'a> {
    band: &'a Band,
    runs: Vec<Series<'a>>,
    /// How far the cards reach to either side of the line.
    left: i64,
    right: i64,
    height: i64,
}

/// A band at its place.
struct Place {
    column: usize,
    /// The line through it, and where its column begins.
    line: i64,
    x: i64,
    /// Where the line into it ends, and how; nothing where it begins with the input.
    first: Option<(i64, Kind)>,
    /// Where its last box ends, and its last card.
    last: [i64; 2],
}

/// Lays `drawing` out; `number` is its place among the pictures of a page, nothing if it stands alone.
pub(super) fn picture(drawing: &Drawing, width: i64, number: Option<u32>) -> view::Svg {
    let rooms: Vec<_> = drawing.bands.iter().map(Room::new).collect();
    let alone = number.is_none();
    let (side, top) = if alone { (MARGIN, HEADING) } else { (1, ABOVE) };
    let mut out = Out { bands: Vec::new(), places: Vec::new(), wires: Vec::new() };
    let (mut right, mut bottom) = (side, top);
    let mut rest = rooms.iter();
    for (number, count) in columns(&rooms, width - 2 * side).into_iter().enumerate() {
        let column: Vec<_> = rest.by_ref().take(count).collect();
        let [left, reach] = extent(&column);
        let x = if number == 0 { side } else { right + GUTTER };
        let mut y = top;
        for room in column {
            out.band(room, number, [x, y], [left, reach]);
            y += room.height + BETWEEN;
        }
        right = x + left + reach + 2 * PADDING;
        bottom = bottom.max(y - BETWEEN);
    }
    out.connect(top);
    let heading =
        if alone { MARGIN + metric::width(&drawing.name, 24).max(metric::width(&drawing.subtitle, NOTE)) } else { 0 };
    let (legend, legend_right) = legend(drawing, [side, bottom + LEGEND / 2 + 4]);
    let bottom = bottom + if legend.is_empty() { 0 } else { LEGEND };
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

/// How far a column reaches to either side of its line.
fn extent(column: &[&Room<'_>]) -> [i64; 2] {
    let most = |side: fn(&Room<'_>) -> i64| column.iter().map(|room| side(room)).max().unwrap_or(0);
    [most(|room| room.left), most(|room| room.right)]
}

/// How many bands each column holds: the columns within `width` that are least high, as few as possible.
fn columns(rooms: &[Room<'_>], width: i64) -> Vec<usize> {
    let narrowest = rooms.iter().map(|room| room.left + room.right + 2 * PADDING).min().unwrap_or(1);
    let most = ((width + GUTTER) / (narrowest + GUTTER)).clamp(1, COLUMNS);
    let mut best = vec![rooms.len()];
    let mut least = height(rooms, &best);
    for count in 2..=most {
        let columns = balanced(rooms, count);
        let height = height(rooms, &columns);
        if height < least && wide(rooms, &columns) <= width {
            (best, least) = (columns, height);
        }
    }
    best
}

/// At most `count` columns whose highest is as low as it can be.
fn balanced(rooms: &[Room<'_>], count: i64) -> Vec<usize> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut low, mut high) = (0, rooms.iter().map(|room| room.height + BETWEEN).sum::<i64>());
    while low < high {
        let middle = low + (high - low) / 2;
        if filled(rooms, middle).len() > count {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    filled(rooms, high)
}

/// Columns that are filled up to `height`.
fn filled(rooms: &[Room<'_>], height: i64) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::new();
    let mut used = 0;
    for room in rooms {
        let needs = room.height + BETWEEN;
        if let Some(count) = columns.last_mut().filter(|_| used + needs <= height) {
            *count += 1;
            used += needs;
        } else {
            columns.push(1);
            used = needs;
        }
    }
    columns
}

/// The columns of `rooms`, so many rooms each.
fn split<'r, 'a>(rooms: &'r [Room<'a>], columns: &[usize]) -> Vec<Vec<&'r Room<'a>>> {
    let mut rest = rooms.iter();
    columns.iter().map(|&count| rest.by_ref().take(count).collect()).collect()
}

fn height(rooms: &[Room<'_>], columns: &[usize]) -> i64 {
    let heights = split(rooms, columns).into_iter().map(|column| column.iter().map(|room| room.height + BETWEEN).sum());
    heights.max().unwrap_or(0)
}

fn wide(rooms: &[Room<'_>], columns: &[usize]) -> i64 {
    let width = |column: Vec<&Room<'_>>| extent(&column).into_iter().sum::<i64>() + 2 * PADDING + GUTTER;
    split(rooms, columns).into_iter().map(width).sum::<i64>() - GUTTER
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
        // The line goes between the title and what stands beside it.
        let beside = metric::width(&band.what, 12).max(metric::width(&band.cost, NOTE));
        let left = left.max(metric::width(&band.title, 15) + BESIDE);
        let right = right.max(beside + 2 * BESIDE);
        let cards =
            band.runs.iter().zip(&runs).map(|(run, series)| caption_height(run) + series.extent.height + INSIDE);
        let gaps = CARDS * i64::try_from(runs.len().saturating_sub(1)).unwrap_or(0);
        let height = BAND_HEAD + cards.sum::<i64>() + gaps + EXIT;
        Self { band, runs, left, right, height }
    }
}

struct Out {
    bands: Vec<view::Band>,
    places: Vec<Place>,
    wires: Vec<view::Wire>,
}

impl Out {
    /// Puts a band into a column that reaches so far to both sides of its line.
    fn band(&mut self, room: &Room<'_>, column: usize, [x, y]: [i64; 2], [left, right]: [i64; 2]) {
        let band = room.band;
        let line = x + PADDING + left;
        let mut at = y + BAND_HEAD;
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
        let edge = x + left + right + PADDING;
        self.bands.push(view::Band {
            hue: Hue(band.stage),
            frame: frame([x, y], [left + right + 2 * PADDING, room.height]),
            title: label([x + PADDING, y + 24], &band.title),
            what: label([edge, y + 22], &band.what),
            cost: label([edge, y + 37], &band.cost),
            runs,
        });
        self.places.push(Place { column, line, x, first, last: end });
    }

    /// Draws the lines between bands: straight down a column, and from the end of one up to the `top` of the next.
    fn connect(&mut self, top: i64) {
        for (at, from) in self.places.iter().enumerate() {
            let start = [from.line, from.last[0]];
            let Some(to) = self.places.get(at + 1) else {
                self.wires.push(wire(Kind::Flow, [start, [from.line, from.last[1] + EXIT - 4]]));
                continue;
            };
            let Some((first, kind)) = to.first else { continue };
            let end = [to.line, first];
            if from.column == to.column {
                self.wires.push(wire(kind, [start, [from.line, first], end]));
                continue;
            }
            let (exit, gutter, above) = (from.last[1] + EXIT - 8, to.x - GUTTER / 2, top - ABOVE / 2 - 2);
            let corners = [[from.line, exit], [gutter, exit], [gutter, above], [to.line, above]];
            self.wires.push(wire(kind, [start].into_iter().chain(corners).chain([end])));
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
