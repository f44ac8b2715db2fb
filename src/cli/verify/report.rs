//! What is said of the runtimes.

use super::case::{Case, Outcome};
use super::coverage::Coverage;
use super::difference::{Difference, TOLERANCE};
use super::divergence::Divergence;
use super::runtime::Runtime;
use crate::cli::Failure;
use crate::cli::network::with_batch;
use crate::cli::npy::Array;
use crate::cli::output::{self, Format, Grid};
use resnetc::ir::NodeId;
use serde_json::{Value, json};

/// A runtime and what came of it.
pub(super) struct Row {
    pub(super) runtime: Runtime,
    pub(super) outcome: Outcome,
}

/// Two runtimes that ran.
pub(super) struct Pair {
    pub(super) runtimes: [Runtime; 2],
    pub(super) difference: Difference,
    /// The most that it may be.
    pub(super) allowed: f64,
    /// Where they part, if that was looked for.
    pub(super) divergence: Option<Divergence>,
}

/// Everything that was found out.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) pairs: Vec<Pair>,
    /// What it tells that the outputs agree.
    pub(super) coverage: Coverage,
}

pub(super) enum Verdict {
    Verified,
    Different,
    /// A runtime could not run what was written for it.
    Failed,
    /// There was nothing to compare; why.
    NotVerified(String),
}

impl Report {
    pub(super) fn verdict(&self) -> Verdict {
        let failed = self.rows.iter().any(|row| matches!(row.outcome, Outcome::Failed(_)));
        let programs_differ = self.pairs.iter().any(|pair| !pair.runtimes[0].is_like(pair.runtimes[1]));
        let unverified = |why: &str| Verdict::NotVerified(why.to_owned());
        if !self.pairs.iter().all(Pair::agrees) {
            Verdict::Different
        } else if failed {
            Verdict::Failed
        } else if self.ran().all(|row| row.runtime.is_own()) {
            unverified("no runtime but resnetc's own could be asked")
        } else if !programs_differ {
            unverified("only what one back end wrote could be run")
        } else if !self.ran().all(|row| row.outcome.is_finite()) {
            unverified("the outputs are not finite numbers throughout")
        } else if let Some(why) = &self.coverage.nothing {
            unverified(why)
        } else {
            Verdict::Verified
        }
    }

    /// The most by which two outputs may differ.
    fn allowed(&self) -> f64 {
        self.pairs.first().map_or(TOLERANCE, |pair| pair.allowed)
    }

    fn ran(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Ran { .. }))
    }

    pub(super) fn render(&self, case: &Case, format: Format) -> Result<String, Failure> {
        let grid = self.grid(case);
        match grid.render(format) {
            None => output::json(&self.json(case)),
            Some(text) if format == Format::Csv => Ok(text),
            Some(text) => {
                let table = if grid.rows.is_empty() { String::new() } else { format!("{text}\n") };
                let findings: String = self.findings(case).iter().map(|line| format.line(line)).collect();
                Ok(format!("{}\n{table}{findings}", format.line(&title(case))))
            }
        }
    }

    /// What ran, and how far it is from the first that did.
    fn grid(&self, case: &Case) -> Grid {
        let mut rows = Vec::new();
        for row in &self.rows {
            let Outcome::Ran { version, values } = &row.outcome else { continue };
            let shape = values.get(&case.last()).map(shape).unwrap_or_default();
            let from_first = self.pairs.iter().find(|pair| {
                let first = self.pairs.first().map(|pair| pair.runtimes[0]);
                Some(pair.runtimes[0]) == first && pair.runtimes[1] == row.runtime
            });
            let difference = from_first.map(|pair| written(pair.difference.value)).unwrap_or_default();
            rows.push(vec![row.runtime.name(), version.clone(), shape, difference]);
        }
        Grid {
            header: vec!["runtime", "version", "output", "from the first"],
            rows,
            numeric: vec![false, false, false, true],
        }
    }

    fn findings(&self, case: &Case) -> Vec<String> {
        let mut lines = Vec::new();
        for (why, runtimes) in self.reasons(|outcome| match outcome {
            Outcome::Absent(why) => Some(why),
            Outcome::Ran { .. } | Outcome::Failed(_) => None,
        }) {
            lines.push(format!("without {runtimes}: {why}"));
        }
        for (why, runtimes) in self.reasons(|outcome| match outcome {
            Outcome::Failed(why) => Some(why),
            Outcome::Ran { .. } | Outcome::Absent(_) => None,
        }) {
            lines.push(format!("failed: {runtimes}: {why}"));
        }
        for Pair { runtimes, difference, allowed, divergence } in &self.pairs {
            if difference.value > *allowed {
                let [left, right] = runtimes.map(Runtime::name);
                let by = written(difference.value);
                lines.push(format!("different: {left} and {right}, by {by}, more than {}", bound(*allowed)));
                lines.extend(
                    divergence
                        .iter()
                        .flat_map(|divergence| explained(divergence, *runtimes, case))
                        .map(|line| format!("  {line}")),
                );
            }
        }
        let largest = self.pairs.iter().map(|pair| pair.difference.value).max_by(f64::total_cmp);
        match (self.verdict(), largest) {
            (Verdict::Verified, Some(largest)) => {
                lines.push(format!(
                    "verified: any two outputs differ by at most {} of three times their root mean square, and {} is allowed",
                    written(largest),
                    bound(self.allowed())
                ));
                lines.extend(self.coverage.lines(case));
            }
            (Verdict::NotVerified(_), _) if self.ran().all(|row| row.runtime.is_own()) => lines.push(
                "`pip install numpy onnxruntime keras jax safetensors` gives a Python something to compare with"
                    .to_owned(),
            ),
            _ => {}
        }
        lines
    }

    /// The reasons that `why` finds, each with all the runtimes that have it.
    fn reasons<'a>(&'a self, why: impl Fn(&'a Outcome) -> Option<&'a String>) -> Vec<(&'a str, String)> {
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for Row { runtime, outcome } in &self.rows {
            let Some(why) = why(outcome) else { continue };
            match reasons.iter_mut().find(|(known, _)| known == why) {
                Some((_, runtimes)) => runtimes.push(runtime.name()),
                None => reasons.push((why, vec![runtime.name()])),
            }
        }
        reasons.into_iter().map(|(why, runtimes)| (why, runtimes.join(", "))).collect()
    }

    fn json(&self, case: &Case) -> Value {
        let runtimes: Vec<_> = self.rows.iter().map(|row| row.json(case)).collect();
        let differences: Vec<_> = self.pairs.iter().map(|pair| pair.json(case)).collect();
        let (verdict, reason) = match self.verdict() {
            Verdict::Verified => ("verified", None),
            Verdict::Different => ("different", None),
            Verdict::Failed => ("failed", None),
            Verdict::NotVerified(why) => ("not verified", Some(why)),
        };
        json!({
            "name": case.network.graph().name,
            "dialect": case.network.graph().dialect.name,
            "input": case.images.shape,
            "tolerance": self.allowed(),
            "verdict": verdict,
            "reason": reason,
            "compared_beside": self.coverage.beside.iter().map(|node| case.network.name(*node)).collect::<Vec<_>>(),
            "not_compared": self.coverage.missed,
            "runtimes": runtimes,
            "differences": differences,
        })
    }
}

impl Coverage {
    /// What the agreement of the outputs does not tell.
    fn lines(&self, case: &Case) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.is_known {
            lines.push(
                "on which weights the output depends is not known: its layers' values take too much memory".to_owned(),
            );
        }
        if !self.beside.is_empty() {
            let names = listed(self.beside.iter().map(|node| case.network.name(*node)));
            lines
                .push(format!("the output does not depend on every layer, so these values were compared too: {names}"));
        }
        if !self.missed.is_empty() {
            let names = listed(self.missed.iter().map(String::as_str));
            lines.push(format!("not compared, since no value depends on them {}: {names}", case.blame()));
        }
        lines
    }
}

/// The first names, and how many there are beside.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const MOST: usize = 8;
    let more = names.len().saturating_sub(MOST);
    let first = names.take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

impl Row {
    fn json(&self, case: &Case) -> Value {
        let name = self.runtime.name();
        match &self.outcome {
            Outcome::Ran { version, values } => {
                let shape = values.get(&case.last()).map(|array| &array.shape);
                json!({ "name": name, "status": "ran", "version": version, "output_shape": shape })
            }
            Outcome::Absent(why) => json!({ "name": name, "status": "absent", "reason": why }),
            Outcome::Failed(why) => json!({ "name": name, "status": "failed", "reason": why }),
        }
    }
}

impl Pair {
    pub(super) fn agrees(&self) -> bool {
        self.difference.value <= self.allowed
    }

    fn json(&self, case: &Case) -> Value {
        let Difference { value, at, elements, shapes } = &self.difference;
        let (first, reason) = match &self.divergence {
            Some(Divergence::At { node, difference, operands }) => {
                (Some(first(*node, difference, operands, case)), None)
            }
            Some(Divergence::Vanished) => (None, Some(VANISHED)),
            Some(Divergence::Unknown(why)) => (None, Some(why.as_str())),
            None => (None, None),
        };
        json!({
            "between": self.runtimes.map(Runtime::name),
            "difference": number(*value),
            "at": at,
            "elements": elements,
            "shapes": shapes,
            "first": first,
            "reason": reason,
        })
    }
}

const VANISHED: &str =
    "no value differs once the layers are shown: one of them computes several layers as one otherwise";

/// Where two runtimes part.
fn first(node: NodeId, difference: &Difference, operands: &[(NodeId, f64)], case: &Case) -> Value {
    let layer = case.network.layer(node);
    let Difference { value, at, elements, shapes } = difference;
    let operand =
        |(node, difference): &(NodeId, f64)| json!({ "path": case.network.name(*node), "difference": difference });
    json!({
        "path": layer.name,
        "op": layer.node.op.name(),
        "difference": number(*value),
        "at": at,
        "elements": elements,
        "shapes": shapes,
        "operands": operands.iter().map(operand).collect::<Vec<_>>(),
    })
}

fn title(case: &Case) -> String {
    let graph = case.network.graph();
    let batch = u32::try_from(case.batch()).unwrap_or(u32::MAX);
    let input = with_batch(batch, case.network.input_shape());
    format!("{}: dialect {}, input {input}", graph.name, graph.dialect.name)
}

/// Where two runtimes part, a line at a time.
fn explained(divergence: &Divergence, runtimes: [Runtime; 2], case: &Case) -> Vec<String> {
    match divergence {
        Divergence::At { node, difference, operands } => {
            let layer = case.network.layer(*node);
            let Difference { value, at, elements: [one, other], shapes } = difference;
            let [left, right] = runtimes.map(Runtime::name);
            let op = layer.node.op.name();
            let found = match shapes {
                Some([one, other]) => format!("{left} gives the shape {one:?} and {right} {other:?}"),
                None => format!("by {}: at {at:?}, {left} has {one} and {right} {other}", written(*value)),
            };
            let first = format!("first at `{}` ({op}, {}), {found}", layer.name, layer.output);
            [first].into_iter().chain(operands.iter().map(|operand| read(*operand, case))).collect()
        }
        Divergence::Vanished => vec![VANISHED.to_owned()],
        Divergence::Unknown(why) => vec![why.clone()],
    }
}

fn read((node, difference): (NodeId, f64), case: &Case) -> String {
    format!("it reads `{}`, which agrees: {}", case.network.name(node), written(difference))
}

/// As JSON, which has no infinity.
fn number(difference: f64) -> Value {
    if difference.is_finite() { difference.into() } else { "infinite".into() }
}

fn shape(array: &Array) -> String {
    array.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
}

/// A bound, and why it is no other.
fn bound(allowed: f64) -> String {
    if allowed > TOLERANCE {
        format!("{} (norms of few values magnify rounding; elsewhere {TOLERANCE:e})", written(allowed))
    } else {
        format!("{TOLERANCE:e}")
    }
}

fn written(difference: f64) -> String {
    format!("{difference:.1e}")
}
