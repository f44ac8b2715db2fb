//! Names of which no two are alike: what is numbered gets its number without another look at all those before it.

use std::collections::{HashMap, HashSet};

/// Names that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// For what something was to be called, the number that the next of the name may have.
    next: HashMap<String, u32>,
    /// What was taken, in order: the name, what it was to be called, and the number that was next.
    order: Vec<(String, String, u32)>,
}

impl Names {
    /// These.
    pub(super) fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self { taken: names.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Takes the first of `numbered(1)`, `numbered(2)`, … that is not taken, and may be had.
    pub(super) fn take(&mut self, may_be: impl Fn(&str) -> bool, numbered: impl Fn(u32) -> String) -> String {
        let word = numbered(1);
        let first = self.next.get(&word).copied().unwrap_or(1);
        let candidates = (first..=u32::MAX).map(|number| (number, numbered(number)));
        let is_free = |(_, name): &(u32, String)| !self.taken.contains(name) && may_be(name);
        let (number, name) = { candidates }.find(is_free).expect("fewer names are taken than there are numbers");
        self.next.insert(word.clone(), number + 1);
        self.taken.insert(name.clone());
        self.order.push((name.clone(), word, first));
        name
    }

    /// How many were taken one after the other.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Lets go of all that were taken but the first `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        while self.order.len() > len {
            let Some((name, word, next)) = self.order.pop() else { return };
            self.taken.remove(&name);
            self.next.insert(word, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn what_is_let_go_is_free_again() {
        let mut names = Names::of(["a_2".to_owned()]);
        let take = |names: &mut Names, word: &str| {
            let numbered = |number| if number == 1 { word.to_owned() } else { format!("{word}_{number}") };
            names.take(|name| name != "b", numbered)
        };
        assert_eq!([take(&mut names, "a"), take(&mut names, "a"), take(&mut names, "b")], ["a", "a_3", "b_2"]);
        assert_eq!(take(&mut names, "a_3"), "a_3_2");
        names.truncate(1);
        assert_eq!([take(&mut names, "b"), take(&mut names, "a"), take(&mut names, "a")], ["b_2", "a_3", "a_4"]);
    }
}
