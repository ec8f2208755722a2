//! Which certificates are trusted: the system's store, and those that `--ca-file` adds.

use std::path::Path;

use openssl::asn1::Asn1Time;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef};

use crate::fault::{Failure, Fault, Step};
use crate::input;
use crate::secret::one_line;
use crate::settings::ca_form;
use crate::settings::environment::Environment;

/// The longest CA file, in bytes: many times all public authorities.
const LONGEST: usize = 16 * 1024 * 1024;

/// Which certificates are trusted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// `--ca-file`: added to the system's store. DER, parsed once so that a bad file fails early.
    pub(crate) extra_roots: Vec<Vec<u8>>,
    /// `--insecure`: accept any certificate.
    pub(crate) insecure: bool,
}

/// What is to be said of one certificate of `--ca-file`.
#[derive(Debug)]
pub(crate) struct Remark {
    pub(crate) text: String,
    /// Who issued it.
    pub(crate) issuer: String,
}

impl Trust {
    /// The certificate of `--ca-file` that is no root and whose issuer is not in that file.
    pub(crate) fn without_root(&self) -> Option<Remark> {
        let extra: Vec<X509> = self.extra().collect();
        let is_there = |name: &X509NameRef| extra.iter().any(|cert| is(cert.subject_name(), name));
        let cert = extra.iter().find(|cert| !is_there(cert.issuer_name()))?;
        let (subject, issuer) = (shown(cert.subject_name()), shown(cert.issuer_name()));
        Some(Remark { text: format!("--ca-file has \"{subject}\" without \"{issuer}\""), issuer })
    }

    /// A certificate of `--ca-file` that has expired.
    pub(crate) fn expired(&self) -> Option<Remark> {
        let now = Asn1Time::days_from_now(0).ok()?;
        let cert = self.extra().find(|cert| cert.not_after() < now)?;
        let (subject, issuer) = (shown(cert.subject_name()), shown(cert.issuer_name()));
        let end = cert.not_after();
        let text = format!("of --ca-file \"{subject}\" has expired, on {end}");
        Some(Remark { text, issuer })
    }

    fn extra(&self) -> impl Iterator<Item = X509> {
        self.extra_roots.iter().filter_map(|der| X509::from_der(der).ok())
    }
}

fn is(one: &X509NameRef, other: &X509NameRef) -> bool {
    one.try_cmp(other).is_ok_and(std::cmp::Ordering::is_eq)
}

/// The common name, or else the organisation.
fn shown(name: &X509NameRef) -> String {
    let mut parts = [Nid::COMMONNAME, Nid::ORGANIZATIONNAME].into_iter();
    let first = parts.find_map(|nid| name.entries_by_nid(nid).next()?.data().to_string().ok());
    one_line(&first.unwrap_or_default(), 100)
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
        let bytes = input::open(path).and_then(|file| input::read(file, LONGEST, input::PATIENCE));
        let bytes = bytes
            .map_err(|e| Failure::of_call(Step::Config, &subject, Fault::UnreadableFile, &e))?;
        trust.extra_roots = certificates(&bytes).map_err(|cause| match ca_form::of(&bytes) {
            Some(form) => Failure::new(Step::Config, &subject, Fault::CaFileForm, form.what)
                .with("command", form.command(path)),
            None => Failure::new(Step::Config, &subject, Fault::BadCaFile, cause),
        })?;
    }
    Ok(trust)
}

/// Refuses a store that OpenSSL could not read to an end: it reads it while signals are blocked.
///
/// # Errors
/// If `SSL_CERT_FILE` names a pipe or a device.
pub(super) fn check_store(env: &Environment) -> Result<(), Failure> {
    const VARIABLE: &str = "SSL_CERT_FILE";
    let path = env.path(VARIABLE).filter(|path| *path != "/dev/null");
    let Some((path, file)) = path.and_then(|path| Some((path, std::fs::metadata(path).ok()?)))
    else {
        return Ok(());
    };
    if file.is_file() || file.is_dir() {
        return Ok(());
    }
    let cause = "is not a regular file; --ca-file can also read a pipe";
    let subject = format!("{VARIABLE} {}", Path::new(path).display());
    Err(Failure::new(Step::Config, subject, Fault::UnreadableFile, cause))
}

/// The certificates in a PEM bundle, or the one in a DER file.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
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
