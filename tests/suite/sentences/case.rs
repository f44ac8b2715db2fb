//! The cases of a file.

use super::answer::{self, Answer};
use super::program::Program;
use super::reference::normal;

/// Passages of the reference, and programs that show what they say.
pub struct Case {
    /// The file that it stands in.
    pub file: String,
    /// The line where it begins.
    line: usize,
    /// The passages.
    pub cited: Vec<String>,
    shown: Vec<Shown>,
}

/// A program, or several of one answer, and what comes out.
struct Shown {
    line: usize,
    programs: Vec<Program>,
    answers: Vec<Answer>,
}

/// The cases of the file called `file`.
pub fn parse(file: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut is_citing = false;
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((line, text)) = lines.next() {
        let fault = |why: &str| -> ! { panic!("{file}:{line}: {why}: {text}") };
        if text.trim().is_empty() || text.starts_with('#') {
            is_citing = false;
            continue;
        }
        if let Some(cited) = text.strip_prefix('>') {
            if !is_citing {
                cases.push(Case { file: file.to_owned(), line, cited: vec![String::new()], shown: Vec::new() });
            }
            let passages = &mut cases.last_mut().unwrap().cited;
            match cited.trim() {
                "" => passages.push(String::new()),
                more => *passages.last_mut().unwrap() = normal(&format!("{} {more}", passages.last().unwrap())),
            }
            is_citing = true;
            continue;
        }
        is_citing = false;
        let Some(case) = cases.last_mut() else { fault("a case begins with a passage") };
        if let Some(answer) = answer::parse(text) {
            let Some(shown) = case.shown.last_mut() else { fault("an answer stands behind a program") };
            shown.answers.push(answer);
        } else {
            let mut program = text.to_owned();
            while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with("    ")) {
                program = format!("{program}\n{}", &more[4..]);
            }
            let programs = Program::parse_all(&program).unwrap_or_else(|| fault("this is no program and no answer"));
            case.shown.push(Shown { line, programs, answers: Vec::new() });
        }
    }
    cases
}

impl Case {
    /// Where it is.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.shown.is_empty() {
            faults.push(format!("{}: no program shows this", self.place()));
        }
        for shown in &self.shown {
            for program in &shown.programs {
                for why in answer::faults(program, &shown.answers) {
                    let place = format!("{}:{}", self.file, shown.line);
                    faults.push(format!("{place}: {why}\n    of: {}\n{}", self.cited.join(" "), program.source.text()));
                }
            }
        }
        faults
    }
}
