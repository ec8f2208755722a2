//! The contents of one certificate, in the terms that people use.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef, X509Ref};

use crate::secret;

/// The most characters of a name in a certificate.
const LONGEST: usize = 100;

/// One certificate of the chain, as the server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) subject: Name,
    pub(crate) issuer: Name,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// The DNS names and IP addresses it is for.
    pub(crate) names: Vec<String>,
    pub(crate) self_issued: bool,
    /// It contains the URL of its issuer's certificate (AIA caIssuers).
    pub(crate) has_issuer_url: bool,
}

/// The parts of a subject's or issuer's name that people use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) common_name: Option<String>,
    pub(crate) organization: Option<String>,
}

impl Certificate {
    /// Reads a certificate in DER; `None` if it is not one.
    pub(crate) fn from_der(der: &[u8]) -> Option<Certificate> {
        Certificate::read(X509::from_der(der).ok()?.as_ref()).ok()
    }

    pub(super) fn read(cert: &X509Ref) -> Result<Certificate, ErrorStack> {
        let names = cert.subject_alt_names();
        let names = names.iter().flatten().filter_map(|name| match name.ipaddress() {
            Some(&[a, b, c, d]) => Some(IpAddr::from([a, b, c, d]).to_string()),
            Some(bytes) => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
            None => name.dnsname().map(plain),
        });
        let access = cert.authority_info();
        // An extension that cannot be read leaves an error behind, which the next read from the
        // connection would take for its own.
        drop(ErrorStack::get());
        Ok(Certificate {
            subject: cert.subject_name().into(),
            issuer: cert.issuer_name().into(),
            not_before: time(cert.not_before())?,
            not_after: time(cert.not_after())?,
            names: names.collect(),
            self_issued: cert.subject_name().try_cmp(cert.issuer_name())?.is_eq(),
            has_issuer_url: access.iter().flatten().any(|a| a.method().nid() == Nid::AD_CA_ISSUERS),
        })
    }
}

fn time(time: &Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    let second = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Ok(Timestamp::from_second(second).unwrap_or(Timestamp::MAX))
}

impl From<&X509NameRef> for Name {
    fn from(name: &X509NameRef) -> Name {
        let first = |nid| Some(plain(&name.entries_by_nid(nid).next()?.data().to_string().ok()?));
        Name { common_name: first(Nid::COMMONNAME), organization: first(Nid::ORGANIZATIONNAME) }
    }
}

/// A name as one line of limited length, because its text comes from outside.
fn plain(text: &str) -> String {
    secret::one_line(text, LONGEST)
}

/// `R11, Let's Encrypt`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.common_name, &self.organization) {
            (Some(name), Some(organization)) => write!(f, "{name}, {organization}"),
            (Some(name), None) | (None, Some(name)) => f.write_str(name),
            (None, None) => f.write_str("(no name)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_extension_is_left_out_without_a_trace() {
        let good = crate::testing::certificate().to_der().expect("DER");
        // The list of names begins with a length that does not fit.
        let at = memchr::memmem::find(&good, b"\x82\x09localhost").expect("a name");
        let mut bad = good.clone();
        bad[at + 1] = 0x7f;
        for (der, names) in [(good, 5), (bad, 0)] {
            let certificate = Certificate::from_der(&der).expect("a certificate");
            assert_eq!(certificate.names.len(), names);
            assert!(
                ErrorStack::get().errors().is_empty(),
                "nothing for the next read to trip over"
            );
        }
    }
}
