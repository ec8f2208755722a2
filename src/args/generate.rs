//! What `--generate` prints.

use crate::args::document::Document;
use crate::args::{complete, man};

/// The text of a document.
pub(crate) fn generate(document: Document) -> String {
    match document {
        Document::Man => man::page(),
        Document::Bash => complete::bash(),
        Document::Zsh => complete::zsh(),
        Document::Fish => complete::fish(),
    }
}
