//! The server's close frame in words (RFC 6455 section 7.4.1).

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::secret::CUT;

/// The most bytes of a reason (RFC 6455 section 5.5). A server cuts a longer one, at a character.
const LONGEST: usize = 123;

/// A close frame in words, for people.
pub(super) fn words(frame: Option<CloseFrame>) -> String {
    let Some(CloseFrame { code, reason }) = frame else {
        return "closed by the server without a code".to_owned();
    };
    let meaning = match code {
        CloseCode::Normal => "normal",
        CloseCode::Away => "going away",
        // The layer below reports a code that must not be sent as this one.
        CloseCode::Protocol if reason.as_str() == "Protocol violation" => {
            return "closed by the server with an illegal close code".to_owned();
        }
        CloseCode::Protocol => "protocol error",
        CloseCode::Policy => "policy violation",
        CloseCode::Size => "message too big",
        CloseCode::Error => "server error",
        CloseCode::Restart => "service restart",
        CloseCode::Again => "try again later",
        _ => "",
    };
    let mut words = format!("closed by the server with {}", u16::from(code));
    if !meaning.is_empty() {
        words = format!("{words} ({meaning})");
    }
    if !reason.is_empty() {
        words = format!("{words}: {reason}");
    }
    if reason.len() > LONGEST - char::MAX.len_utf8() {
        words.push(CUT);
    }
    words
}
