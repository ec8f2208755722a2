//! The rows, with a file for each step.

mod auth;
mod clients;
mod config;
mod dns;
mod matters;
mod mistakes;
mod output;
mod proxy;
mod regions;
mod shared;
mod stream;
mod tcp;
mod tls;

use super::{Fault, Row};

pub(crate) use matters::Matter;

/// Every row that this program itself uses, in the order of the steps. Of rows that share a code,
/// the first is the general one.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    [
        config::ROWS,
        mistakes::ROWS,
        dns::ROWS,
        tcp::ROWS,
        proxy::ROWS,
        tls::ROWS,
        auth::ROWS,
        stream::ROWS,
        regions::ROWS,
        output::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The row of a fault.
pub(crate) fn row(fault: Fault) -> &'static Row {
    let mut all = rows().chain(clients::ROWS);
    all.find(|row| row.fault == fault).expect("every fault has a row, as a test checks")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Holes, Step};

    fn all() -> impl Iterator<Item = &'static Row> {
        rows().chain(clients::ROWS)
    }

    fn texts(row: &Row) -> Vec<&'static str> {
        [row.headline, row.means].into_iter().chain(row.fixes.iter().copied()).collect()
    }

    #[test]
    fn every_fault_has_exactly_one_row() {
        for fault in Fault::ALL {
            assert_eq!(all().filter(|row| row.fault == *fault).count(), 1, "{fault:?}");
        }
    }

    #[test]
    fn every_code_names_a_step_and_every_row_says_what_to_do() {
        for row in all() {
            let (step, what) = row.code.split_once('.').expect("step.what");
            assert!(Step::ALL.iter().any(|known| known.name() == step), "{row:?}");
            assert!(!what.is_empty() && !row.fixes.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn what_only_clients_say_has_a_code_of_this_program() {
        for row in clients::ROWS {
            assert!(rows().any(|own| own.code == row.code), "{row:?}");
        }
    }

    #[test]
    fn every_text_is_a_clause_and_stands_once_in_its_row() {
        for row in all() {
            let texts = texts(row);
            for (i, text) in texts.iter().enumerate() {
                assert!(!text.is_empty() && !text.ends_with('.'), "{row:?}");
                assert!(i < 2 || !texts[..i].contains(text), "said twice: {row:?}");
            }
        }
    }

    #[test]
    fn every_hole_is_known_and_headlines_are_short() {
        for row in all() {
            for text in texts(row) {
                assert!(!Holes::default().fill(text).contains('{'), "{text}");
            }
            let headline = Holes::default().fill(row.headline);
            assert!(headline.chars().count() <= 60, "{headline}");
        }
    }
}
