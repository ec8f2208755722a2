//! Every fault strikes: what a plain client notices of each.

use std::time::Duration;

use libtest_mimic::Trial;

use super::super::{Body, Fault, Odd, Service};
use super::client::{Client, LONG, PATIENCE, reader};
use crate::support::ca::{Leaf, SignedBy};
use crate::support::canary;
use crate::support::trial;

pub(super) fn trials() -> Vec<Trial> {
    table().into_iter().map(trial).collect()
}

fn trial((fault, expected): (Fault, &'static str)) -> Trial {
    let name = format!("support::fault: {fault:?}");
    // The whole of a certificate or a body in a test's name helps nobody.
    let name = format!("{}: {expected}", name.split(" {").next().unwrap());
    trial::test(name, move || {
        let service = Service::with(fault);
        service.publish("all", "first");
        let hasty = notice(&service, PATIENCE);
        if hasty.contains(expected) {
            return Ok(());
        }
        // On a busy machine the hasty look may have missed what was still on its way.
        let patient = notice(&service, LONG);
        match patient.contains(expected) {
            true => Ok(()),
            false => Err(format!("expected {expected}, noticed {hasty}, then {patient}").into()),
        }
    })
}

fn notice(service: &Service, patience: Duration) -> String {
    let target = reader("messageId=earliest");
    let mut client = match Client::open_with(service, &target, Some(canary::key()), patience) {
        Ok(client) => client,
        Err(error) => return error,
    };
    let mut noticed = String::from("stream:");
    for _ in 0..3 {
        client.be_patient(patience);
        match client.next(true) {
            Ok((_, payload)) => noticed.push_str(&format!(" {payload}")),
            Err(error) => {
                noticed.push_str(&format!(" {error}"));
                break;
            }
        }
    }
    noticed
}

fn table() -> Vec<(Fault, &'static str)> {
    let certificate = Fault::Certificate;
    vec![
        (Fault::None, "stream: first silence"),
        (Fault::Refuse, "tcp: ConnectionRefused"),
        (Fault::BacklogFull, "tcp: TimedOut"),
        (Fault::ResetAfterAccept, "tls: Failure"),
        (Fault::CloseAfterAccept, "tls: Failure"),
        (Fault::SilentAfterAccept, "WouldBlock"),
        (Fault::SpeaksHttp, "wrong version number"),
        (Fault::SpeaksSmtp, "wrong version number"),
        (Fault::SpeaksGarbage, "wrong version number"),
        (certificate(Leaf::expired()), "certificate has expired"),
        (certificate(Leaf::not_yet_valid()), "not yet valid"),
        (certificate(Leaf::named(&["other.test"])), "hostname mismatch"),
        (certificate(Leaf::signed_by(SignedBy::Itself)), "code: 18"),
        (certificate(Leaf::signed_by(SignedBy::UnknownCa { root_sent: true })), "code: 19"),
        (certificate(Leaf::signed_by(SignedBy::UnknownCa { root_sent: false })), "code: 20"),
        (certificate(Leaf::signed_by(SignedBy::Intermediate { sent: false })), "code: 20"),
        (certificate(Leaf::signed_by(SignedBy::Intermediate { sent: true })), "stream: first"),
        (certificate(Leaf::weak()), "code: 66"),
        (Fault::TlsDrips, "tls: "),
        (Fault::TlsSilent, "WouldBlock"),
        (Fault::TlsEof, "cause: None"),
        (Fault::TlsEofInHello, "cause: None"),
        (Fault::TlsReset, "ConnectionReset"),
        (Fault::TlsHandshakeFailure, "alert handshake failure"),
        (Fault::TlsTooOld, "alert protocol version"),
        (Fault::TlsUnrecognizedName, "unrecognized name"),
        (Fault::TlsAccessDenied, "access denied"),
        (Fault::TlsInternalError, "alert internal error"),
        (Fault::ClientCertificate, "certificate required"),
        (Fault::Status(200, Body::Page("Welcome")), "upgrade: 200 OK"),
        (Fault::Status(302, Body::None), "https://portal.8x8.test/login"),
        (Fault::Status(401, Body::Late("later")), "upgrade: 401"),
        (Fault::Status(500, Body::Jetty("Failed <&>")), "upgrade: 500"),
        (Fault::Status(500, Body::Chunked("in two chunks")), "chunked"),
        (Fault::Status(502, Body::CutShort("never whole")), "upgrade: 502"),
        (Fault::RetryAfter(429, 7), "\"retry-after\": \"7\""),
        (Fault::WrongAccept, "SecWebSocketAcceptKeyMismatch"),
        (Fault::MissingAccept, "SecWebSocketAcceptKeyMismatch"),
        (Fault::MissingUpgrade, "MissingUpgradeWebSocketHeader"),
        (Fault::MissingConnection, "MissingConnectionUpgradeHeader"),
        // A legal header which this client does not understand.
        (Fault::KeepAliveUpgrade, "MissingConnectionUpgradeHeader"),
        (Fault::LowerCaseHead, "stream: first silence"),
        (Fault::GluedFrame, "stream: first silence"),
        // Given up after a while.
        (Fault::HeadDrips, "upgrade: Protocol("),
        (Fault::HeadInPieces, "stream: first silence"),
        (Fault::HeadTooLarge, "upgrade: "),
        (Fault::ManyHeaders, "TooManyHeaders"),
        (Fault::Http10, "WrongHttpVersion"),
        (Fault::UpgradeGarbage, "HttparseError"),
        (Fault::Http2Preface, "HttparseError"),
        (Fault::UpgradeEof, "HandshakeIncomplete"),
        (Fault::UpgradeEofInHead, "HandshakeIncomplete"),
        (Fault::UpgradeReset, "ConnectionReset"),
        (Fault::UpgradeSilent, "upgrade: silence"),
        (Fault::Close(1000, "bye"), "stream: Close"),
        (Fault::Close(1011, "broken"), "\"broken\""),
        (Fault::Close(4999, "own"), "own"),
        (Fault::Close(999, "illegal"), "Protocol violation"),
        (Fault::Close(1005, "illegal"), "Protocol violation"),
        (Fault::Close(3, "illegal"), "Protocol violation"),
        (Fault::CloseWithoutCode, "Close(None)"),
        (Fault::CloseOneByte, "InvalidCloseSequence"),
        (Fault::CloseNotUtf8, "Utf8"),
        (Fault::DataAfterClose, "Close("),
        (Fault::CloseAndLinger, "lingering"),
        (Fault::Eof, "ResetWithoutClosingHandshake"),
        (Fault::RudeEof, "ResetWithoutClosingHandshake"),
        (Fault::EofInFrame, "ResetWithoutClosingHandshake"),
        (Fault::Reset, "ConnectionReset"),
        (Fault::ResetInFrame, "ConnectionReset"),
        (Fault::Masked, "MaskedFrameFromServer"),
        (Fault::ReservedBits, "NonZeroReservedBits"),
        (Fault::BadOpcode, "InvalidOpcode"),
        (Fault::BigControl, "ControlFrameTooBig"),
        (Fault::FragmentedControl, "FragmentedControlFrame"),
        (Fault::StrayContinuation, "UnexpectedContinueFrame"),
        (Fault::HtmlInStream, "NonZeroReservedBits"),
        (Fault::BrokenRecord, "bad record mac"),
        (Fault::NotUtf8Text, "stream: Utf8"),
        (Fault::OversizeClaim, "MessageTooLong"),
        (Fault::Freeze, "stream: silence"),
        (Fault::NoPongs, "stream: first silence"),
        (Fault::Odd(Odd::NotJson), "stream: first text: this is no JSON"),
        (Fault::Odd(Odd::EmptyPayload), "stream: first  silence"),
        (Fault::Fragmented, "stream: first silence"),
        (Fault::Binary, "stream: first silence"),
        (Fault::FramesInPieces, "stream: first silence"),
    ]
}
