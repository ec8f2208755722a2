//! Values that are one of a few words. Each type defines its words in one place, where parsing,
//! listing and printing take them from.

/// Defines an enum whose variants each have one word, with
/// - `NAMES`: every word, in order;
/// - `name()`: the word of a value;
/// - `named(text)`: the value of a word, or an error that lists the words allowed.
macro_rules! choice {
    (
        $(#[$about:meta])*
        $Type:ident { $( $(#[$meaning:meta])* $Variant:ident = $word:literal, )+ }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $Type { $( $(#[$meaning])* $Variant, )+ }

        impl $Type {
            const ALL: &[$Type] = &[$( $Type::$Variant, )+];
            /// Every word, in the order of the help and the man page.
            pub(crate) const NAMES: &[&str] = &[$( $word, )+];

            /// Its word.
            pub(crate) const fn name(self) -> &'static str {
                match self { $( $Type::$Variant => $word, )+ }
            }

            /// The value of a word.
            ///
            /// # Errors
            /// Which words are allowed.
            pub(crate) fn named(text: &str) -> Result<$Type, String> {
                let found = $Type::ALL.iter().find(|choice| choice.name() == text);
                found.copied().ok_or_else(|| format!("must be one of {}", $Type::NAMES.join(", ")))
            }
        }
    };
}

pub(crate) use choice;

choice! {
    /// `--auth-style`: where the key goes in the upgrade request; never both.
    AuthStyle {
        Header = "header",
        Query = "query",
    }
}

choice! {
    /// `--sync`: when written lines must have reached the disk.
    Durability {
        /// Whenever the system decides.
        None = "none",
        /// Before each save of the cursor.
        Cursor = "cursor",
        /// After each message.
        Message = "message",
    }
}

/// Which kind of addresses is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Any,
    V4,
    V6,
}

choice! {
    /// `--log-format`.
    LogFormat {
        Text = "text",
        Json = "json",
    }
}

choice! {
    /// `--color`.
    Color {
        Auto = "auto",
        Always = "always",
        Never = "never",
    }
}
