//! TLS: builds the connector, does the handshake, and explains why one failed.
//!
//! Failures are told apart by OpenSSL's numbers, never by its texts, which change between
//! versions. Nothing is written after a failed verification.

use std::error::Error as _;
use std::fs::File;
use std::io;

use jiff::Timestamp;
use native_tls::{Certificate, HandshakeError, Protocol, TlsConnector};
use openssl::error::ErrorStack;

use super::halt::Halt;
use super::http::quoted;
use super::observation::Observation;
use super::step::StepContext;
use crate::dates::NOT_BEFORE;
use crate::fault::{Fault, VerifyError, is_exhausted};
use crate::settings::{Target, Trust};
use crate::wire::Stream;
use crate::wire::Wire;

/// `ERR_LIB_SSL`.
const LIB_SSL: i32 = 20;
/// `SSL_R_CERTIFICATE_VERIFY_FAILED`: only with it does the verify result mean anything.
const VERIFY_FAILED: i32 = 134;
/// `SSL_R_WRONG_VERSION_NUMBER` and the like: the bytes are not a TLS record.
const NOT_TLS: [i32; 3] = [267, 155, 156];

/// Builds the connector: the system's certificates and `--ca-file`, TLS 1.2 or later.
pub(super) fn connector(trust: &Trust, on: &StepContext<'_>) -> Result<TlsConnector, Halt> {
    let unable = |e: native_tls::Error| {
        Halt::from(on.failure(Fault::Handshake, format!("cannot set up TLS: {e}")))
    };
    // OpenSSL silently leaves out every root that it has no descriptor to read from.
    if let Err(e) = File::open("/dev/null")
        && is_exhausted(&e)
    {
        return Err(on.failed_call(Fault::Handshake, &e).into());
    }
    let mut builder = TlsConnector::builder();
    builder
        .min_protocol_version(Some(Protocol::Tlsv12))
        .danger_accept_invalid_certs(trust.insecure)
        .danger_accept_invalid_hostnames(trust.insecure);
    for der in &trust.extra_roots {
        builder.add_root_certificate(Certificate::from_der(der).map_err(unable)?);
    }
    builder.build().map_err(unable)
}

/// Does the handshake and verifies the certificate for the host.
pub(super) fn handshake(
    tls: &TlsConnector,
    target: &Target,
    wire: Wire,
    on: &mut StepContext<'_>,
) -> Result<Stream, Halt> {
    // A failed handshake consumes the wire, so the server's first bytes are copied before.
    let mut first = Vec::new();
    let mut attempt = tls.connect(&target.host, wire);
    let tls = loop {
        attempt = match attempt {
            Ok(tls) => break tls,
            Err(HandshakeError::Failure(e)) => return Err(explain(&e, &first, on)),
            Err(HandshakeError::WouldBlock(mut begun)) => {
                on.wait(begun.get_mut())?;
                begun.get_ref().first_bytes().clone_into(&mut first);
                begun.handshake()
            }
        };
    };
    if let Ok(Some(certificate)) = tls.peer_certificate()
        && let Ok(der) = certificate.to_der()
    {
        let (is_verified, version) = (!target.trust.insecure, version(&first));
        on.saw(Observation::Certificate { der: &der, is_verified, version });
    }
    Ok(Stream::tls(tls))
}

/// The TLS version in the server's hello (RFC 8446 section 4.1.3), which native-tls does not show.
/// TLS 1.3 has its own cipher suites, and anything else is TLS 1.2, the oldest version accepted.
fn version(hello: &[u8]) -> Option<&'static str> {
    // After the record header, the message header, the legacy version and the random.
    const ID_LENGTH: usize = 5 + 4 + 2 + 32;
    let suite = hello.get(ID_LENGTH + 1 + usize::from(*hello.get(ID_LENGTH)?))?;
    match (hello[0], hello[5]) {
        (22, 2) if *suite == 0x13 => Some("TLSv1.3"),
        (22, 2) => Some("TLSv1.2"),
        _ => None,
    }
}

/// The failure for a handshake error; `first` holds the first bytes the server sent.
fn explain(e: &native_tls::Error, first: &[u8], on: &StepContext<'_>) -> Halt {
    let Some(source) = e.source() else {
        // OpenSSL leaves no error behind when the peer just hangs up.
        return on.failure(Fault::TlsClosed, "closed inside the TLS handshake").into();
    };
    if let Some(io) = source.downcast_ref::<io::Error>() {
        return on.broken(io, Fault::TlsClosed, Fault::TlsReset);
    }
    match source.downcast_ref::<ErrorStack>().and_then(ssl_reason) {
        Some(VERIFY_FAILED) => {
            let (fault, mut cause) = verify_fault(verify_error(e), Timestamp::now());
            let trust = &on.target.trust;
            let shown = match fault {
                Fault::RootMissing => trust.without_root(),
                Fault::ExpiredSomewhere => trust.expired(),
                _ => None,
            };
            if let Some(shown) = &shown {
                cause = format!("{cause}; {}", shown.text);
            }
            let failure = on.failure(fault, cause);
            match shown {
                Some(shown) => failure.with("issuer", shown.issuer).into(),
                None => failure.into(),
            }
        }
        Some(reason) if NOT_TLS.contains(&reason) => {
            let cause = format!("the port does not speak TLS; it begins with {}", quoted(first));
            on.failure(Fault::NotTls, cause).into()
        }
        Some(reason) => on.failure(Fault::Handshake, handshake_words(reason, e)).into(),
        None => on.failure(Fault::Handshake, e.to_string()).into(),
    }
}

/// An alert the server sent after the handshake, in words: in TLS 1.3, a missing client certificate
/// is refused only then. `None` if the error is not a TLS error.
pub(super) fn late_alert(e: &io::Error) -> Option<String> {
    let ssl = e.get_ref()?.downcast_ref::<openssl::ssl::Error>()?;
    let reason = ssl_reason(ssl.ssl_error()?)?;
    Some(alert_words(reason).map_or_else(|| ssl.to_string(), str::to_owned))
}

fn ssl_reason(stack: &ErrorStack) -> Option<i32> {
    let first = stack.errors().first()?;
    (first.library_code() == LIB_SSL).then(|| first.reason_code())
}

/// The X.509 verify result, which native-tls shows only in its `Debug` output.
fn verify_error(e: &native_tls::Error) -> Option<VerifyError> {
    let debug = format!("{e:?}");
    let (_, result) = debug.split_once("X509VerifyResult")?;
    let (_, code) = result.split_once("code: ")?;
    let digits = code.find(|c: char| !c.is_ascii_digit()).unwrap_or(code.len());
    code[..digits].parse().ok().map(VerifyError::of)
}

/// The fault and the cause. If this machine's clock is wrong, certificate dates mean nothing.
fn verify_fault(error: Option<VerifyError>, now: Timestamp) -> (Fault, String) {
    match error {
        Some(VerifyError::NotYetValid | VerifyError::Expired) if now.as_second() < NOT_BEFORE => (
            Fault::Clock,
            format!("certificate dates do not fit this machine's clock, which shows {now:.0}"),
        ),
        Some(error) => (error.fault(), error.to_string()),
        None => (Fault::Untrusted, "certificate not trusted".to_owned()),
    }
}

fn handshake_words(reason: i32, e: &native_tls::Error) -> String {
    match alert_words(reason) {
        Some(words) => words.to_owned(),
        None if reason == 338 => {
            "the server is too old for safe TLS (no RFC 5746 renegotiation)".to_owned()
        }
        None => format!("TLS handshake failed: {e}"),
    }
}

/// Alerts of the peer: OpenSSL adds 1000 to the number of RFC 8446 section 6.
fn alert_words(reason: i32) -> Option<&'static str> {
    Some(match reason {
        1040 => "the server refused our TLS hello (alert handshake_failure)",
        1048 => "the server refused the connection (alert unknown_ca)",
        1049 => "the server refused the connection (alert access_denied)",
        1070 => "the server does not support TLS 1.2 or later (alert protocol_version)",
        1080 => "the server failed inside TLS (alert internal_error)",
        1112 => "the server does not know this host name (alert unrecognized_name)",
        1116 => "the server demands a client certificate (alert certificate_required)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told_by_the_cipher_suite() {
        let hello = |id: &[u8], suite: [u8; 2]| {
            let length = u8::try_from(id.len()).expect("short");
            [&[22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3], &[7; 32][..], &[length], id, &suite].concat()
        };
        assert_eq!(version(&hello(&[1; 32], [0x13, 0x01])), Some("TLSv1.3"));
        assert_eq!(version(&hello(&[], [0xc0, 0x2f])), Some("TLSv1.2"));
        assert_eq!(version(&hello(&[1; 32], [0x13, 0x01])[..60]), None);
        assert_eq!(version(b"HTTP/1.1 400 Bad Request"), None);
        assert_eq!(version(&[b'x'; 200]), None);
    }

    #[test]
    fn a_clock_from_before_this_program_is_named_as_the_cause() {
        let boot = Timestamp::UNIX_EPOCH;
        assert_eq!(verify_fault(Some(VerifyError::NotYetValid), boot).0, Fault::Clock);
        assert_eq!(verify_fault(Some(VerifyError::Expired), boot).0, Fault::Clock);
        assert_eq!(verify_fault(Some(VerifyError::WrongName), boot).0, Fault::WrongName);
        let later = Timestamp::from_second(NOT_BEFORE + 1).expect("in range");
        assert_eq!(verify_fault(Some(VerifyError::NotYetValid), later).0, Fault::NotYetValid);
        assert_eq!(verify_fault(Some(VerifyError::Expired), later).0, Fault::ExpiredSomewhere);
    }
}
