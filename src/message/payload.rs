//! The payload: decoded from base64, checked to be JSON, and searched for its event type.

use std::borrow::Cow;

use base64::DecodeError;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_core::de::IgnoredAny;

use super::envelope::{Text, json_mistake};
use super::line::RejectReason;
use super::members::Members;

/// Appends the decoded bytes. Both alphabets are accepted, with padding or without.
///
/// # Errors
/// Where it stops being base64.
pub(super) fn decode(base64: &str, out: &mut Vec<u8>) -> Result<(), RejectReason> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
    const URL_SAFE_ALPHABET: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    let start = out.len();
    STANDARD_ALPHABET.decode_vec(base64, out).or_else(|e| {
        out.truncate(start);
        let url_safe = URL_SAFE_ALPHABET.decode_vec(base64, out);
        url_safe.map_err(|_| RejectReason::NotBase64(base64_mistake(&e)))
    })
}

/// Where the text stops being base64.
fn base64_mistake(e: &DecodeError) -> String {
    match e {
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => {
            format!("wrong from character {} on", at + 1)
        }
        DecodeError::InvalidLength(length) => format!("its length cannot be {length} characters"),
        DecodeError::InvalidPadding => "wrong padding at its end".to_owned(),
    }
}

/// The payload as text, if it is one JSON value.
///
/// # Errors
/// Where it stops being one.
pub(super) fn json(payload: &[u8]) -> Result<&str, RejectReason> {
    let text = std::str::from_utf8(payload).map_err(|e| RejectReason::NotUtf8(e.to_string()))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(e) => Err(RejectReason::NotJson(json_mistake(&e))),
    }
}

/// Whether the payload is an event of one of these types.
///
/// The type is a top-level member's name (`Interaction`), the `event` inside it
/// (`InteractionCreated`), or the value of a top-level `eventType`.
pub(super) fn is_of(payload: &str, events: &[String]) -> bool {
    let is_wanted = |name: &str| events.iter().any(|event| event == name);
    let Ok(Members(members)) = serde_json::from_str(payload) else { return false };
    members.iter().any(|(name, value)| {
        if name == "eventType" {
            return string(value.get()).is_some_and(|name| is_wanted(&name));
        }
        is_wanted(name)
            || serde_json::from_str(value.get()).is_ok_and(|Members(inner)| {
                inner.iter().any(|(name, value)| {
                    name == "event" && string(value.get()).is_some_and(|name| is_wanted(&name))
                })
            })
    })
}

fn string(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}
