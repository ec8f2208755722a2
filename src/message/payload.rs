//! The payload: decoded from base64, checked to be JSON, and searched for its event type.

use std::borrow::Cow;

use base64::DecodeError;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_core::de::IgnoredAny;

use super::envelope::{Text, json_mistake};
use super::line::{Line, RejectReason};
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

/// Whether the payload, an event, is to be written: whether it is of one of these types, or all are.
///
/// The type is a top-level member's name (`Interaction`), the `event` inside it
/// (`InteractionCreated`), or the value of a top-level `eventType`.
pub(super) fn choose(payload: &str, events: &[String]) -> Line {
    if events.is_empty() {
        return Line::Written;
    }
    let is_wanted = |name: &str| events.iter().any(|event| event == name);
    let Ok(Members(members)) = serde_json::from_str(payload) else { return Line::Filtered(None) };
    let mut own = None;
    for (name, value) in &members {
        let types = match name.as_ref() {
            "eventType" => string(value.get()).into_iter().collect(),
            name if is_wanted(name) => return Line::Written,
            _ => events_in(value.get()),
        };
        if types.iter().any(|name| is_wanted(name)) {
            return Line::Written;
        }
        own = own.or(types.into_iter().next());
    }
    let around = || members.iter().find(|(_, value)| value.get().starts_with('{'));
    Line::Filtered(own.as_ref().or_else(|| around().map(|(name, _)| name)).map(ToString::to_string))
}

/// The values of `event` in an object.
fn events_in(json: &str) -> Vec<Cow<'_, str>> {
    let Ok(Members(members)) = serde_json::from_str(json) else { return Vec::new() };
    members
        .iter()
        .filter(|(name, _)| name == "event")
        .filter_map(|(_, v)| string(v.get()))
        .collect()
}

fn string(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}
