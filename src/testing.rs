//! What unit tests share with the tests in `tests/`: the test certificate authority and temporary
//! folders.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

#[path = "../tests/support/ca.rs"]
pub(crate) mod ca;
#[path = "../tests/support/scratch.rs"]
pub(crate) mod scratch;

/// Removes the authority's folder at once: here its certificates are held in memory.
fn at_exit(ending: impl FnOnce() + Send + 'static) {
    ending();
}

/// A new certificate each time.
pub(crate) fn certificate() -> openssl::x509::X509 {
    ca::Ca::shared().issue(&ca::Leaf::default()).cert
}
