//! Why a certificate is not trusted: OpenSSL's `X509_V_ERR_*` (x509_vfy.h), by number, because its
//! texts change between versions.

use std::fmt;

use super::Fault;

/// One reason why a chain of certificates was not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VerifyError {
    /// The issuer's certificate is neither in the chain nor in the store.
    NoIssuer,
    /// The store has an intermediate of the chain, but not the root that issued it.
    NoRoot,
    SelfSigned,
    /// The chain is complete, but the store does not have its root.
    UnknownRoot,
    NotYetValid,
    Expired,
    WrongName,
    /// The server's own key.
    WeakKey,
    /// The key of an authority in the chain.
    WeakAuthorityKey,
    WeakDigest,
    /// Any other reason, by its number.
    Other(i32),
}

impl VerifyError {
    /// The reason for OpenSSL's error number.
    pub(crate) fn of(code: i32) -> VerifyError {
        match code {
            2 => VerifyError::NoRoot,
            20 | 21 | 27 => VerifyError::NoIssuer,
            18 => VerifyError::SelfSigned,
            19 => VerifyError::UnknownRoot,
            9 => VerifyError::NotYetValid,
            10 => VerifyError::Expired,
            62..=64 => VerifyError::WrongName,
            66 => VerifyError::WeakKey,
            67 => VerifyError::WeakAuthorityKey,
            68 => VerifyError::WeakDigest,
            other => VerifyError::Other(other),
        }
    }

    /// The fault of a handshake that fails for this reason.
    pub(crate) fn fault(self) -> Fault {
        match self {
            VerifyError::NotYetValid => Fault::NotYetValid,
            VerifyError::Expired => Fault::ExpiredSomewhere,
            VerifyError::NoRoot => Fault::RootMissing,
            VerifyError::WrongName => Fault::WrongName,
            VerifyError::WeakKey | VerifyError::WeakAuthorityKey | VerifyError::WeakDigest => {
                Fault::WeakCertificate
            }
            VerifyError::NoIssuer
            | VerifyError::SelfSigned
            | VerifyError::UnknownRoot
            | VerifyError::Other(_) => Fault::Untrusted,
        }
    }
}

/// The reason in words for the person who has to act.
impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VerifyError::NoIssuer => {
                "certificate not trusted: no root certificate for its issuer (missing intermediate, unknown authority or empty store)"
            }
            VerifyError::NoRoot => {
                "certificate not trusted: this machine has an intermediate authority of it, but not the root"
            }
            VerifyError::SelfSigned => "certificate is self-signed",
            VerifyError::UnknownRoot => {
                "certificate not trusted: it is signed by an authority unknown here"
            }
            VerifyError::NotYetValid => "certificate is not yet valid",
            VerifyError::Expired => "certificate has expired",
            VerifyError::WrongName => "certificate is for another name",
            VerifyError::WeakKey => "certificate's key is too weak",
            VerifyError::WeakAuthorityKey => "the certificate authority's key is too weak",
            VerifyError::WeakDigest => "the certificate's digest is too weak",
            VerifyError::Other(code) => {
                return write!(f, "certificate not trusted (X.509 error {code})");
            }
        })
    }
}
