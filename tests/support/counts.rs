//! How much is enough: a few minutes' worth by default, all of it with `TAIL8X8_FULL=1`. Where a count
//! has a variable of its own, that one wins over both.

/// `short` of them, or `full`.
pub fn count(short: usize, full: usize) -> usize {
    match std::env::var("TAIL8X8_FULL").is_ok_and(|value| value == "1") {
        true => full,
        false => short,
    }
}

/// The same, unless `variable` says how many.
#[track_caller]
pub fn count_from(variable: &str, short: usize, full: usize) -> usize {
    match number_from(variable) {
        Some(number) => usize::try_from(number).unwrap(),
        None => count(short, full),
    }
}

/// The number that a variable holds, if it is set.
#[track_caller]
pub fn number_from(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is no number")))
}
