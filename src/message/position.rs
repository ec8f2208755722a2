//! A place in a topic to read from.

use super::MessageId;

/// Where reading starts, as the `messageId` parameter of the reader endpoint names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Only messages published from now on.
    Latest,
    /// The oldest message the service still holds.
    Earliest,
    /// The messages after this one.
    After(MessageId),
}

impl Position {
    /// Reads `earliest`, `latest` or a message id.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Position, String> {
        match text {
            "earliest" => Ok(Position::Earliest),
            "latest" => Ok(Position::Latest),
            id => MessageId::parse(id).map(Position::After).map_err(|e| {
                format!("is neither earliest nor latest nor a message id (as an id it {e})")
            }),
        }
    }

    /// The text that [`Position::parse`] reads.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Position::Earliest => "earliest",
            Position::Latest => "latest",
            Position::After(id) => id.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        assert_eq!(Position::parse("earliest"), Ok(Position::Earliest));
        assert_eq!(Position::parse("latest"), Ok(Position::Latest));
        assert!(matches!(Position::parse("CAEQAg=="), Ok(Position::After(id)) if id.ledger == 1));
        for text in ["", "Latest", "now", "CAE="] {
            assert!(Position::parse(text).is_err_and(|e| e.contains("neither earliest")), "{text}");
        }
    }
}
