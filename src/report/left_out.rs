//! The types of the events that `--event` left out, for a run that wrote nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};

use crate::values;

/// The most types that are counted one by one.
const MOST: usize = 10;

/// How much of a type's name is kept, in characters.
const LONGEST: usize = 40;

/// Counts events by their types. What comes from outside is bounded in number and length.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    types: BTreeMap<String, u64>,
    /// Of further types.
    others: u64,
    without_type: u64,
}

impl LeftOut {
    /// Counts one event of this type.
    pub(crate) fn add(&mut self, event: Option<&str>) {
        let Some(event) = event else { return self.without_type += 1 };
        let event = match event.char_indices().nth(LONGEST) {
            Some((end, _)) => Cow::from(format!("{}…", &event[..end])),
            None => Cow::from(event),
        };
        if let Some(count) = self.types.get_mut(event.as_ref()) {
            *count += 1;
        } else if self.types.len() < MOST {
            self.types.insert(event.into_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    /// How many were counted.
    pub(crate) fn total(&self) -> u64 {
        self.types.values().sum::<u64>() + self.others + self.without_type
    }
}

/// `` `InteractionCreated` (2), `AgentStatusChange` (1), 5 of other types ``.
impl Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut types: Vec<_> = self.types.iter().collect();
        types.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let types = types.iter().map(|(name, count)| format!("{} ({count})", values::quoted(name)));
        let rest = [(self.others, "of other types"), (self.without_type, "without a type")];
        let rest = rest.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> =
            types.chain(rest.map(|(count, what)| format!("{count} {what}"))).collect();
        f.write_str(&parts.join(", "))
    }
}
