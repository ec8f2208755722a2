//! Messages that are not what one expects. Published like any other, at a place of their own.

/// An odd message; each says what is odd about it and whether it is an error at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// The frame is no JSON.
    NotJson,
    /// The frame is JSON but no object.
    NotAnObject,
    /// An envelope without a payload.
    NoPayload,
    /// An envelope whose payload is a number.
    NumberPayload,
    /// A payload with characters that no base64 has.
    NotBase64,
    /// A payload in the base64 for URLs: to be understood.
    UrlSafeBase64,
    /// A payload whose padding was left out: to be understood.
    UnpaddedBase64,
    /// A payload that is empty: legal, a tombstone.
    EmptyPayload,
    /// A payload that is null.
    NullPayload,
    /// A payload that is not UTF-8.
    NotUtf8,
    /// A payload that is text but no JSON.
    NotJsonPayload,
    /// A payload of JSON cut in the middle.
    CutPayload,
    /// Raw newlines between the tokens: legal, must become spaces.
    RawNewlines,
    /// A raw newline within a string: no JSON, and must not become two lines.
    RawNewlineInString,
    /// Members nobody has heard of, nested ones too: legal.
    UnknownMembers,
    /// The members in another order, the payload first, with spaces: legal.
    OtherOrder,
    /// A control message with a type: never printed, never acknowledged.
    ControlType,
    /// An envelope whose id is none, and would write to the terminal.
    HostileId,
    /// A frame that is one long string with somebody's data.
    LongString,
    /// An unasked answer to `isEndOfTopic`, as the documentation writes it.
    ControlEndOfTopic,
}

impl Odd {
    pub(super) fn payload(self) -> Vec<u8> {
        match self {
            Odd::EmptyPayload => b"".as_slice(),
            Odd::NotUtf8 => b"{\"text\":\"\xff\xfe\"}",
            Odd::NotJsonPayload => b"just words",
            Odd::CutPayload => br#"{"Interaction":{"event":"#,
            Odd::RawNewlines => b"{\n \"odd\" :\r\n [1,\n2] }",
            Odd::RawNewlineInString => b"{\"odd\":\"one\ntwo\"}",
            // Its base64 has both characters in which the alphabets differ.
            Odd::UrlSafeBase64 => "{\"odd\":\"?>?>~~~ÿÿþ\"}".as_bytes(),
            // 11 bytes: one character of padding to be left out.
            Odd::UnpaddedBase64 => br#"{"odd":"u"}"#,
            _ => br#"{"odd":"this"}"#,
        }
        .to_vec()
    }

    /// The frame, unless it is only the payload that is odd.
    pub(super) fn frame(self, id: &str) -> Option<String> {
        let base64 = openssl::base64::encode_block(&self.payload());
        let envelope = |payload: &str| {
            format!(
                r#"{{"messageId":"{id}",{payload}"properties":{{}},"publishTime":"2026-11-23T22:00:00.000Z","redeliveryCount":0}}"#
            )
        };
        Some(match self {
            Odd::NotJson => "this is no JSON".into(),
            Odd::NotAnObject => r#"["messageId"]"#.into(),
            Odd::NoPayload => envelope(""),
            Odd::NumberPayload => envelope(r#""payload":7,"#),
            Odd::NullPayload => envelope(r#""payload":null,"#),
            Odd::NotBase64 => envelope(r#""payload":"*** no base64 ***","#),
            Odd::UrlSafeBase64 => {
                let text = base64.replace('+', "-").replace('/', "_");
                assert_ne!(text, base64);
                envelope(&format!(r#""payload":"{text}","#))
            }
            Odd::UnpaddedBase64 => {
                let text = base64.trim_end_matches('=');
                assert_ne!(text, base64);
                envelope(&format!(r#""payload":"{text}","#))
            }
            Odd::UnknownMembers => envelope(&format!(
                r#""new":{{"payload":"bm8=","list":[1,{{"messageId":"no"}}]}},"payload":"{base64}","x":null,"#
            )),
            Odd::OtherOrder => format!(
                r#" {{ "payload" : "{base64}" , "redeliveryCount":0, "publishTime":"2026-11-23T22:00:00.000+00:00", "messageId" : "{id}" }} "#
            ),
            Odd::HostileId => envelope(r#""payload":"e30=","#)
                .replace(id, r"\u001b[2Jfine\ntail8x8: all is well\u009b31m"),
            Odd::LongString => format!("\"{}\"", "somebody's data ".repeat(1000)),
            Odd::ControlType => r#"{"type":"maintenance","payload":"aGVsbG8="}"#.into(),
            Odd::ControlEndOfTopic => r#"{"endOfTopic":"false"}"#.into(),
            _ => return None,
        })
    }

    pub(super) fn counts(self) -> bool {
        !matches!(self, Odd::ControlType | Odd::ControlEndOfTopic)
    }
}
