//! Which certificates are trusted: the system's store, and those that `--ca-file` adds.

use std::path::Path;

use openssl::x509::X509;

use crate::fault::{Failure, Fault, Step};
use crate::words;

/// Which certificates are trusted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// `--ca-file`: added to the system's store. DER, parsed once so that a bad file fails early.
    pub(crate) extra_roots: Vec<Vec<u8>>,
    /// `--insecure`: accept any certificate.
    pub(crate) insecure: bool,
}

/// Reads `--ca-file`; `source` names the option for people.
///
/// # Errors
/// If it cannot be read, or has no certificate. TLS would only report that the server is not
/// trusted.
pub(crate) fn settle(
    ca_file: Option<&Path>,
    source: &str,
    insecure: bool,
) -> Result<Trust, Failure> {
    let mut trust = Trust { extra_roots: Vec::new(), insecure };
    if let Some(path) = ca_file {
        let subject = format!("{source} {}", path.display());
        let fail = |fault, cause| Failure::new(Step::Config, &subject, fault, cause);
        let bytes =
            std::fs::read(path).map_err(|e| fail(Fault::UnreadableFile, words::reason(&e)))?;
        trust.extra_roots = certificates(&bytes).map_err(|cause| fail(Fault::BadCaFile, cause))?;
    }
    Ok(trust)
}

/// The certificates in a PEM bundle, or the one in a DER file.
fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found = if memchr::memmem::find(bytes, b"-----BEGIN ").is_some() {
        X509::stack_from_pem(bytes).map_err(|_| "its PEM is damaged or not a certificate")?
    } else {
        X509::from_der(bytes).into_iter().collect()
    };
    if found.is_empty() {
        return Err("contains no certificate".to_owned());
    }
    found.iter().map(|cert| cert.to_der()).collect::<Result<_, _>>().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use openssl::rsa::Rsa;

    use super::*;
    use crate::testing::certificate;

    #[test]
    fn pem_bundles_and_der_are_read() {
        let one = certificate();
        let (pem, der) = (one.to_pem().expect("PEM"), one.to_der().expect("DER"));
        assert_eq!(certificates(&der), Ok(vec![der.clone()]));
        let bundle = [b"# a comment\n", &pem[..], &pem[..]].concat();
        assert_eq!(certificates(&bundle), Ok(vec![der.clone(), der]));
    }

    #[test]
    fn a_file_without_a_certificate_is_no_trust_store() {
        let key = Rsa::generate(2048).expect("a key").private_key_to_pem().expect("PEM");
        let cut = certificate().to_pem().expect("PEM");
        for bytes in [&b""[..], b"hello", &key, &cut[..cut.len() / 2]] {
            assert!(certificates(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
