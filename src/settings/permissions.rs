//! Who else can read or change the files that hold keys and options.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Whether anyone but the owner can read the file.
pub(crate) fn readable_by_others(file: &Metadata) -> bool {
    file.is_file() && file.mode() & 0o044 != 0
}

/// Whether anyone but the owner can change the file.
pub(crate) fn writable_by_others(file: &Metadata) -> bool {
    file.is_file() && file.mode() & 0o022 != 0
}
