//! What the key, the CA and the config file have in common.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

/// The reason of an I/O error in the words of all other messages.
pub(crate) fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Whether others than the owner can read the file.
pub(crate) fn readable_by_others(file: &Metadata) -> bool {
    file.is_file() && file.mode() & 0o044 != 0
}

/// Whether anyone but the owner can change the file.
pub(crate) fn writable_by_others(file: &Metadata) -> bool {
    file.is_file() && file.mode() & 0o022 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_lower_case_and_without_numbers() {
        assert_eq!(why(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(why(&io::Error::other("Odd")), "odd");
    }
}
