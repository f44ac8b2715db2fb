//! Every function of the reference's table at many points, against formulas that are not the compiler's.

use super::program::Program;
use super::reference::rows;
use resnetc::diagnostic::render;

/// Quarters: every x of the points is `n / 4`, so that formulas of whole numbers say what comes out.
const POINTS: std::ops::RangeInclusive<i64> = -13..=13;

fn quarter(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    let fraction = ["0", "25", "5", "75"][(n.unsigned_abs() % 4) as usize];
    format!("{sign}{}.{fraction}", n.unsigned_abs() / 4)
}

/// What holds of the function called `name`, an expression a line.
fn claims(name: &str) -> Vec<String> {
    let each = |claim: &dyn Fn(i64) -> String| POINTS.map(claim).collect::<Vec<_>>();
    match name {
        "min" | "max" => {
            let best = |values: &[i64]| {
                let (least, most) = (values.iter().min().unwrap(), values.iter().max().unwrap());
                quarter(if name == "min" { *least } else { *most })
            };
            let pairs =
                POINTS.flat_map(|a| [a - 3, a, a + 5, -a].map(|b| vec![a, b, 2])).chain(POINTS.map(|a| vec![a]));
            let call = |values: &[i64]| values.iter().map(|n| quarter(*n)).collect::<Vec<_>>().join(", ");
            pairs.map(|values| format!("{name}({}) == {}", call(&values), best(&values))).collect()
        }
        "floor" => each(&|n| format!("floor({}) == {}", quarter(n), n.div_euclid(4))),
        "ceil" => each(&|n| format!("ceil({}) == {}", quarter(n), -(-n).div_euclid(4))),
        // Of n / 4 the whole number with the smallest distance, and of two the even one.
        "round" => each(&|n| {
            let nearest = (-9..=9).min_by_key(|whole: &i64| ((n - 4 * whole).abs(), whole.rem_euclid(2))).unwrap();
            format!("round({}) == {nearest}", quarter(n))
        }),
        "abs" => each(&|n| format!("abs({}) == {}", quarter(n), quarter(n.abs()))),
        "log2" => {
            let powers = (0..40).map(|power| format!("log2({}) == {power}", 1_u64 << power));
            let between = (1..60).map(|n| {
                // The logarithm of n: a bit at a time, by squaring.
                let (mut x, mut log, mut bit) = (f64::from(n), 0.0, 1.0);
                while x >= 2.0 {
                    (x, log) = (x / 2.0, log + 1.0);
                }
                for _ in 0..50 {
                    (x, bit) = (x * x, bit / 2.0);
                    if x >= 2.0 {
                        (x, log) = (x / 2.0, log + bit);
                    }
                }
                format!("abs(log2({n}) - {log:e}) < 1e-12")
            });
            powers.chain(between).collect()
        }
        "sqrt" => {
            let squares = (0..40).map(|n| format!("sqrt({}) == {n}", n * n));
            let between = (2..60).map(|n| format!("abs(sqrt({n}) * sqrt({n}) - {n}) < 1e-12 and sqrt({n}) > 0"));
            squares.chain(between).collect()
        }
        "make_divisible" => {
            let claim = |value: i64, divisor: i64, tenths: Option<i64>| {
                let multiples = (1..1000).map(|times| times * divisor);
                // Of two that are equally near, the larger.
                let nearest = multiples.min_by_key(|multiple| ((multiple - value).abs(), -multiple)).unwrap();
                let is_less = 10 * nearest < tenths.unwrap_or(9) * value;
                let limit = tenths.map_or_else(String::new, |tenths| format!(", {tenths} / 10"));
                format!("make_divisible({value}, {divisor}{limit}) == {}", nearest + divisor * i64::from(is_less))
            };
            let values = [1, 3, 4, 5, 11, 12, 13, 20, 27, 28, 33, 37, 100, 173, 960];
            let calls = values.into_iter().flat_map(|value| [1, 2, 3, 8, 16].map(|divisor| (value, divisor)));
            calls
                .flat_map(|(value, divisor)| {
                    [None, Some(0), Some(5), Some(10)].map(|limit| claim(value, divisor, limit))
                })
                .collect()
        }
        "len" => (0..9_usize).map(|length| format!("len([{}]) == {length}", vec!["7"; length].join(", "))).collect(),
        "item" => (0..9).map(|at| format!("item([0, 10, 20, 30, 40, 50, 60, 70, 80], {at}) == {at}0")).collect(),
        other => panic!("{other} needs claims here"),
    }
}

/// Calls of the function called `name` that are refused.
fn refused(name: &str) -> Vec<String> {
    let bad = |arguments: &[&str]| arguments.iter().map(|one| format!("{name}({one})")).collect();
    match name {
        "min" | "max" => bad(&["", "true", "1, true", "[1, 2]", "a = 1"]),
        "floor" | "ceil" | "round" | "abs" => bad(&["", "true", "1, 2", "[1]", "x = 1.5"]),
        "log2" => bad(&["", "true", "1, 2", "0", "-1"]),
        "sqrt" => bad(&["", "true", "1, 2", "-1"]),
        "make_divisible" => bad(&["1", "1, 2, 3, 4", "true, 8", "1, 0", "1, -8"]),
        "len" => bad(&["", "1", "true", "[1], [2]"]),
        "item" => bad(&["[1]", "[1], 1", "[1], -1", "[1], 0.5", "true, 0", "[], 0"]),
        other => panic!("{other} needs calls here"),
    }
}

#[test]
fn every_function_gives_what_the_reference_says() {
    for row in rows("functions") {
        let name = row[0].split('(').next().unwrap();
        let claims = claims(name);
        assert!(claims.len() >= 9, "{name}");
        for some in claims.chunks(100) {
            let program = Program::parse_all(&format!("true:\n{}", some.join("\n"))).unwrap().pop().unwrap();
            if let Err(report) = resnetc::compile(&program.source) {
                panic!("{}", render::text(&report, &program.source, false));
            }
        }
        for call in refused(name) {
            let program = Program::parse_all(&format!("body: let x = {call} act")).unwrap().pop().unwrap();
            assert!(resnetc::compile(&program.source).is_err(), "{call} has a value");
        }
    }
}
