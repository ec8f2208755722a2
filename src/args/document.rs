//! The documents that `--generate` prints.

use crate::values::choice::choice;

choice! {
    /// A document that is generated from the options table.
    Document {
        Man = "man",
        Bash = "complete-bash",
        Zsh = "complete-zsh",
        Fish = "complete-fish",
    }
}
