//! Which certificates are believed: the system's store, and what `--ca-file` adds to it.

use std::path::Path;

use openssl::x509::X509;

use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::settings::Trust;
use crate::words;

/// Reads `--ca-file`, whoever named it; a file without a certificate fails here and loudly,
/// since to TLS it would only look like a server that nobody knows.
pub(crate) fn settle(
    ca_file: Option<&Path>,
    source: &str,
    insecure: bool,
) -> Result<Trust, Failure> {
    let mut trust = Trust { extra_roots: Vec::new(), insecure };
    if let Some(path) = ca_file {
        let subject = format!("{source} {}", path.display());
        let fail = |cause: String| {
            Failure::new(Step::Config, &subject, Fault::UnreadableFile, cause)
                .hint("give the root certificate as PEM (-----BEGIN CERTIFICATE-----) or DER")
        };
        let bytes = std::fs::read(path).map_err(|e| {
            Failure::new(Step::Config, &subject, Fault::UnreadableFile, words::reason(&e))
        })?;
        trust.extra_roots = certificates(&bytes).map_err(fail)?;
    }
    Ok(trust)
}

/// The certificates of a PEM bundle, or the one of a DER file.
fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found = if memchr::memmem::find(bytes, b"-----BEGIN ").is_some() {
        X509::stack_from_pem(bytes).map_err(|_| "its PEM is damaged or no certificate")?
    } else {
        X509::from_der(bytes).into_iter().collect()
    };
    if found.is_empty() {
        return Err("holds no certificate".to_owned());
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
