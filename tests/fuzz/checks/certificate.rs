//! A certificate that a server sends, or a file names.

use openssl::error::ErrorStack;

use super::certificate::Certificate;
use crate::fuzz::{assert_printable, choice};
use crate::settings::fuzz::ca_file;

/// The content of a file, or a certificate in DER.
pub(crate) fn certificate(data: &[u8]) {
    let (choice, data) = choice(data);
    if choice % 2 == 0 {
        ca_file(data);
    }
    if let Some(certificate) = Certificate::from_der(data) {
        for text in [&certificate.subject, &certificate.issuer].map(ToString::to_string) {
            assert_printable(&text);
            assert!(text.chars().count() <= 2 * 101 + 2, "{text}");
        }
        for name in &certificate.names {
            assert_printable(name);
        }
        let shown: usize = certificate.names.iter().map(String::len).sum();
        assert!(shown <= 10 * data.len(), "{shown} bytes");
    }
    // One that is left behind would be taken for an error of the next read from the connection.
    assert!(ErrorStack::get().errors().is_empty(), "no error is left in OpenSSL's queue");
}
