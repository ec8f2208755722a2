//! The formats of a line. Each has a name, a writer, and a test that tells a whole line from a torn
//! one. To add one, add a variant, its arms here and its writer.

mod envelope;
mod payload;

use super::envelope::Envelope;
use super::line::{Line, is_json_line};
use crate::values::choice::choice;

choice! {
    /// What a line contains.
    Format {
        /// The event as published.
        Payload = "payload",
        /// The event with its message id, times and properties around it.
        Envelope = "envelope",
    }
}

impl Format {
    /// Appends this message's line, without the line break; `frame` is the text the envelope was
    /// read from. Only the event types in `events` are written, or all if it is empty. If no line
    /// is written, anything may have been appended to `out`.
    pub(super) fn write(
        self,
        envelope: &Envelope<'_>,
        frame: &str,
        events: &[String],
        out: &mut Vec<u8>,
    ) -> Line {
        match self {
            Format::Payload => payload::write(envelope, events, out),
            Format::Envelope => envelope::write(envelope, frame, events, out),
        }
    }

    /// Whether these bytes are one whole line of this format, including the line break, and not one
    /// that a crash or a power loss tore.
    pub(crate) fn is_whole_line(self, bytes: &[u8]) -> bool {
        match self {
            Format::Payload | Format::Envelope => is_json_line(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_the_name_of_its_format() {
        assert_eq!(Format::ALL.len(), Format::NAMES.len());
        for format in Format::ALL {
            assert_eq!(Format::named(format.name()), Ok(*format));
        }
        let error = Format::named("xml").expect_err("no such format");
        assert_eq!(error, "must be one of payload, envelope");
    }

    #[test]
    fn a_torn_line_is_told_from_a_whole_one() {
        for format in Format::ALL {
            assert!(format.is_whole_line(b"{\"a\" :1 } \n") && format.is_whole_line(b"5\n"));
            for torn in
                [&b""[..], b"\n", b"{\"a\":1}", b"{\"a\":\n", b"{} {}\n", b"\"\xff\"\n", b"\0\0\n"]
            {
                assert!(!format.is_whole_line(torn), "{format:?} {torn:?}");
            }
        }
    }
}
