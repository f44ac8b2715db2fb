//! Programs drawn at random, nearly all of which compile.

use super::tree::{Block, Branch, Default, Held, Number, Parameter, Program, Stage, Statement, Truth};

const IMPLICIT: [&str; 10] =
    ["index", "blocks", "number", "total", "stage", "stages", "stage_stride", "channels", "height", "width"];
const SHAPE: [&str; 3] = ["channels", "height", "width"];
/// Few, so that they hide each other; two are called like a layer and like a block.
const VARIABLES: [&str; 5] = ["a", "b", "c", "dropout", "narrow"];
const LABELS: [&str; 4] = ["main", "skip", "near", "far"];
const PARTS: [&str; 2] = ["narrow", "deep"];

/// The program of `seed`.
pub fn program(seed: u64) -> Program {
    let mut draw = Draw { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66, names: Vec::new(), blocks: 0 };
    let blocks = vec![
        draw.part("narrow", &[]),
        draw.part("deep", &["narrow"]),
        draw.main("first", true),
        draw.main("two", false),
    ];
    let stages = (0..1 + draw.below(3)).map(|_| draw.stage()).collect();
    let input = [1 + draw.below(24), 4 + draw.below(30), 4 + draw.below(30)];
    Program { input, stages, blocks }
}

struct Draw {
    state: u64,
    /// The parameters and variables that hold a number here.
    names: Vec<&'static str>,
    /// How many blocks may be called here, of [`PARTS`].
    blocks: usize,
}

impl Draw {
    /// A number below `count`, by SplitMix64.
    fn below(&mut self, count: i64) -> i64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % count as u64) as i64
    }

    fn one_in(&mut self, count: i64) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as i64) as usize]
    }

    fn stage(&mut self) -> Stage {
        let block = self.of(&["first", "two"]);
        let gate = (block == "first" && self.one_in(2)).then(|| {
            let gate = self.of(&["narrow", "deep", "none"]);
            (gate, (gate != "none" && self.one_in(2)).then(|| self.below(20)))
        });
        Stage {
            block,
            filters: 1 + self.below(24),
            extra: self.one_in(2).then(|| self.below(9)),
            gate,
            blocks: 1 + self.below(3),
            stride: self.one_in(2).then(|| 1 + self.below(3)),
        }
    }

    /// A block that keeps height and width.
    fn part(&mut self, name: &'static str, calls: &[&'static str]) -> Block {
        self.blocks = calls.len();
        let default = |draw: &mut Self, ty: &'static str, name: &'static str| {
            draw.names.clear();
            let number = draw.number(2);
            let number = if ty == "channels" { positive(number) } else { remainder(number, 99) };
            Parameter { name, ty, default: Some(Default::Number(number)) }
        };
        let parameters = vec![
            default(self, "integer(0..99)", "own"),
            default(self, "channels", "width_of"),
            default(self, "integer(0..99)", "told"),
        ];
        self.names = vec!["own", "width_of", "told"];
        Block { name, parameters, body: self.body(2, true) }
    }

    /// A block that stages call.
    fn main(&mut self, name: &'static str, gated: bool) -> Block {
        self.blocks = PARTS.len();
        self.names.clear();
        let extra = remainder(self.number(2), 99);
        let mut parameters = vec![
            Parameter { name: "filters", ty: "channels", default: None },
            Parameter { name: "stride", ty: "integer(1..4)", default: Some(Default::Number(Number::Literal(1))) },
            Parameter { name: "extra", ty: "integer(0..99)", default: Some(Default::Number(extra)) },
        ];
        if gated {
            parameters.push(Parameter {
                name: "gate",
                ty: "block(told)",
                default: Some(Default::Block(self.of(&["none", "narrow", "deep"]))),
            });
        }
        self.names = vec!["filters", "stride", "extra"];
        let mut body = self.body(3, false);
        if gated {
            let at = self.below(body.len() as i64 + 1) as usize;
            let told = remainder(self.outside(), 99);
            body.insert(at, Statement::Call("gate", vec![("told", told)]));
        }
        // A block always adds something.
        body.push(Statement::Act);
        Block { name, parameters, body }
    }

    fn body(&mut self, depth: usize, keeps: bool) -> Vec<Statement> {
        let known = self.names.len();
        let count = 1 + self.below(4);
        let mut body = Vec::new();
        for _ in 0..count {
            self.statement(&mut body, depth, keeps);
        }
        self.names.truncate(known);
        body
    }

    fn statement(&mut self, body: &mut Vec<Statement>, depth: usize, keeps: bool) {
        let kind = self.below(if depth == 0 { 6 } else { 15 });
        let statement = match kind {
            0 | 1 => self.conv(keeps),
            2 => Statement::Norm,
            3 => Statement::Act,
            4 => {
                let name = self.of(&VARIABLES);
                let value = self.number(2);
                self.names.push(name);
                Statement::Let(name, value)
            }
            5 if keeps => Statement::Norm,
            5 => Statement::MaxPool(self.step()),
            6 => {
                let condition = self.truth(2);
                let yes = self.body(depth - 1, keeps);
                let no = if self.one_in(2) { self.body(depth - 1, keeps) } else { Vec::new() };
                Statement::If(condition, yes, no)
            }
            7 => {
                let (from, name) = (self.below(3), self.of(&VARIABLES));
                let to = Number::Binary("+", Box::new(Number::Literal(from)), Box::new(remainder(self.number(1), 3)));
                let inner = self.loop_body(name, depth, keeps);
                Statement::Range(name, Number::Literal(from), to, inner)
            }
            8 => {
                let name = self.of(&VARIABLES);
                let items = (0..1 + self.below(2)).map(|_| self.number(1)).collect();
                let inner = self.loop_body(name, depth, keeps);
                Statement::Each(name, items, inner)
            }
            9 => Statement::Unit(remainder(self.number(1), 5), self.body(depth - 1, keeps)),
            10 => Statement::Labelled(self.of(&LABELS), self.body(depth - 1, keeps)),
            11 | 12 if self.blocks > 0 => {
                let block = PARTS[self.below(self.blocks as i64) as usize];
                if self.names.contains(&block) {
                    // A number of this name hides the block.
                    Statement::Act
                } else if kind == 11 {
                    Statement::Call(block, self.arguments())
                } else {
                    self.held(block)
                }
            }
            13 => self.gate(),
            _ => return self.join(body, depth),
        };
        body.push(statement);
    }

    /// A variable that holds a block, also one that is called like a layer, which it then hides up to the end of its braces.
    fn held(&mut self, block: &'static str) -> Statement {
        let held = Held { block, arguments: self.arguments() };
        let name = self.of(&["held", "norm"]);
        let body = vec![Statement::Hold(name, held), Statement::Call(name, self.arguments())];
        Statement::Labelled(self.of(&LABELS), body)
    }

    fn loop_body(&mut self, name: &'static str, depth: usize, keeps: bool) -> Vec<Statement> {
        self.names.push(name);
        let body = self.body(depth - 1, keeps);
        self.names.pop();
        body
    }

    fn arguments(&mut self) -> Vec<(&'static str, Number)> {
        let mut arguments = Vec::new();
        for name in ["own", "width_of", "told"] {
            if self.one_in(2) {
                let value = self.number(2);
                arguments.push((name, if name == "width_of" { positive(value) } else { remainder(value, 99) }));
            }
        }
        arguments
    }

    fn conv(&mut self, keeps: bool) -> Statement {
        let filters = positive(self.number(2));
        let stride = if keeps { Number::Literal(1) } else { self.step() };
        let dilation = if self.one_in(4) { positive(remainder(self.number(1), 3)) } else { Number::Literal(1) };
        Statement::Conv { kernel: self.of(&[1, 3]), filters, stride, dilation }
    }

    fn step(&mut self) -> Number {
        match self.below(3) {
            0 if self.names.contains(&"stride") => Number::Name("stride"),
            1 => {
                let choice =
                    Number::If(Box::new(self.truth(1)), Box::new(Number::Literal(2)), Box::new(Number::Literal(1)));
                Number::At(self.of(&["first", "spatial"]), Box::new(choice))
            }
            _ => Number::Literal(1),
        }
    }

    /// Squeeze and excitation: a factor of one pixel for each channel.
    fn gate(&mut self) -> Statement {
        let squeeze = self.conv(true);
        let out = Statement::Conv {
            kernel: 1,
            filters: Number::Name("channels_before"),
            stride: Number::Literal(1),
            dilation: Number::Literal(1),
        };
        let map = Branch { label: "map", condition: None, body: Vec::new() };
        let gate = Branch { label: "gate_of", condition: None, body: vec![Statement::GlobalPool, squeeze, out] };
        let mut branches = vec![map, gate];
        if self.one_in(2) {
            branches.reverse();
        }
        let body =
            vec![Statement::Let("channels_before", Number::Name("channels")), Statement::Join("multiply", branches)];
        Statement::Labelled(self.of(&LABELS), body)
    }

    /// A join, whose branches of a sum come to the same channels.
    fn join(&mut self, body: &mut Vec<Statement>, depth: usize) {
        let kind = self.of(&["add", "concat", "multiply"]);
        let known = self.names.len();
        if kind != "concat" {
            body.push(Statement::Let(
                "out",
                if self.one_in(2) { Number::Name("channels") } else { positive(self.number(1)) },
            ));
            self.names.push("out");
        }
        let labels = &LABELS[..2 + self.below(3) as usize];
        let mut branches = Vec::new();
        for label in labels {
            let mut condition = self.one_in(2).then(|| self.truth(2));
            let mut inner = if self.one_in(3) { Vec::new() } else { self.body(depth - 1, true) };
            if kind != "concat" {
                if inner.is_empty() {
                    // The tensor itself fits where it has the channels.
                    condition = Some(Truth::Compare("==", Number::Name("channels"), Number::Name("out")));
                } else {
                    inner.push(Statement::Conv {
                        kernel: 1,
                        filters: Number::Name("out"),
                        stride: Number::Literal(1),
                        dilation: Number::Literal(1),
                    });
                }
            }
            branches.push(Branch { label, condition, body: inner });
        }
        self.names.truncate(known);
        // A tensor named before the join may be hidden in a branch: the sum's channels are not.
        body.push(Statement::Join(kind, branches));
        if kind == "concat" {
            // Nested joins would multiply the channels.
            body.push(Statement::Conv {
                kernel: 1,
                filters: positive(self.number(1)),
                stride: Number::Literal(1),
                dilation: Number::Literal(1),
            });
        }
    }

    /// A number that reads no variable of the body, only parameters.
    fn outside(&mut self) -> Number {
        let name = self.of(&["filters", "extra", "channels", "height", "index"]);
        Number::Binary("+", Box::new(Number::Name(name)), Box::new(Number::Literal(self.below(9))))
    }

    fn number(&mut self, depth: usize) -> Number {
        if depth == 0 {
            return match self.below(6) {
                0 => Number::Literal(self.below(20)),
                1 | 2 if !self.names.is_empty() => {
                    let at = self.below(self.names.len() as i64) as usize;
                    Number::Name(self.names[at])
                }
                3 => Number::Name(self.of(&IMPLICIT)),
                _ => Number::Name(self.of(&SHAPE)),
            };
        }
        let inner = |draw: &mut Self| Box::new(draw.number(depth - 1));
        match self.below(9) {
            0 | 1 => Number::Binary(self.of(&["+", "-"]), inner(self), inner(self)),
            2 => Number::Binary("*", inner(self), Box::new(Number::Literal(self.below(4)))),
            3 => remainder(self.number(depth - 1), 1 + self.below(6)),
            4 => Number::Extreme(self.of(&["min", "max"]), inner(self), inner(self)),
            5 => Number::Quotient(inner(self), 1 + self.below(5)),
            6 => Number::If(Box::new(self.truth(depth - 1)), inner(self), inner(self)),
            7 => Number::Previous(self.of(&["filters", "extra", "stride", "absent"]), inner(self)),
            _ => {
                let items: Vec<_> = (0..2).map(|_| self.number(depth - 1)).collect();
                Number::Item(items, Box::new(remainder(self.number(depth - 1), 2)))
            }
        }
    }

    fn truth(&mut self, depth: usize) -> Truth {
        let inner = depth.saturating_sub(1);
        match self.below(if depth == 0 { 2 } else { 5 }) {
            // A shape beside a number that it may well be.
            0 => {
                let (name, number) = (self.of(&SHAPE), self.below(17));
                Truth::Compare(
                    self.of(&["<", "<=", ">", ">=", "==", "!="]),
                    Number::Name(name),
                    Number::Literal(number),
                )
            }
            1 => {
                let sign = self.of(&["<", "<=", ">", ">=", "==", "!="]);
                Truth::Compare(sign, self.number(inner), self.number(inner))
            }
            2 => Truth::Not(Box::new(self.truth(inner))),
            3 => Truth::Both(self.of(&["and", "or"]), Box::new(self.truth(inner)), Box::new(self.truth(inner))),
            _ => Truth::Project(positive(self.number(0)), positive(self.number(0))),
        }
    }
}

/// From 1 to 32.
fn positive(number: Number) -> Number {
    Number::Binary("+", Box::new(remainder(number, 32)), Box::new(Number::Literal(1)))
}

fn remainder(number: Number, by: i64) -> Number {
    Number::Binary("%", Box::new(number), Box::new(Number::Literal(by)))
}
