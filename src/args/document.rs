//! What `--generate` prints.

use crate::args::{complete, man};
use crate::values::choice::choice;

choice! {
    /// A document that is made from the options table.
    Document {
        Man = "man",
        Bash = "complete-bash",
        Zsh = "complete-zsh",
        Fish = "complete-fish",
    }
}

impl Document {
    /// The document itself.
    pub(crate) fn text(self) -> String {
        match self {
            Document::Man => man::page(),
            Document::Bash => complete::bash(),
            Document::Zsh => complete::zsh(),
            Document::Fish => complete::fish(),
        }
    }
}
