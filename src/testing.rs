//! What unit tests share with the tests in `tests/`: the made-up certificate authority, and folders
//! that disappear.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

#[path = "../tests/support/ca.rs"]
pub(crate) mod ca;
#[path = "../tests/support/scratch.rs"]
pub(crate) mod scratch;

/// The authority's folder goes at once: what it made is held in memory here.
fn at_exit(ending: impl FnOnce() + Send + 'static) {
    ending();
}

/// Some certificate, another one each time.
pub(crate) fn certificate() -> openssl::x509::X509 {
    ca::Ca::shared().issue(&ca::Leaf::default()).cert
}
