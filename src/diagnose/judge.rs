//! Judges what a look saw: everything that is wrong with the certificates, most important first.
//! Pure.

use jiff::{SignedDuration, Timestamp};

use super::authorities;
use super::case::Case;
use super::certificate::{Certificate, Name};
use super::look::{Look, Objection};
use crate::fault::{Fault, VerifyError};

/// What is known about this machine, besides the look itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    pub(crate) now: Timestamp,
    /// The build date: a clock that shows an earlier time is wrong.
    pub(crate) built: Timestamp,
    /// The `Date` that a proxy sent, if there is one. A server sends none before TLS.
    pub(crate) proxy_date: Option<Timestamp>,
    /// Usable root certificates, `--ca-file` among them.
    pub(crate) roots: usize,
}

/// One thing that is wrong, and the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) case: Case,
    pub(crate) reason: String,
}

/// The errors that mean that no authority known here has issued the certificate.
const NO_AUTHORITY: [VerifyError; 2] = [VerifyError::NoIssuer, VerifyError::UnknownRoot];

/// Clocks may differ by this much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Everything that is wrong with the certificates, most important first; empty if nothing is.
pub(crate) fn judge(look: &Look, host: &str, here: &Here) -> Vec<Verdict> {
    let clock = clock(look, here);
    let dates = if clock.is_some() { vec![] } else { dates(look, here) };
    let first = [clock, authority(look, host, here), name(look, host)].into_iter().flatten();
    first.chain(dates).chain(weak(look, host)).chain(other(look)).collect()
}

fn verdict(case: impl Into<Case>, reason: impl Into<String>) -> Verdict {
    Verdict { case: case.into(), reason: reason.into() }
}

/// The hosts to exempt from inspection.
fn hosts(host: &str) -> &str {
    if host.ends_with(".8x8.com") { "pulsar-ws-*.8x8.com" } else { host }
}

/// If this machine's clock is known to be wrong, dates that do not fit are its fault.
fn clock(look: &Look, here: &Here) -> Option<Verdict> {
    if !look.has(&[VerifyError::NotYetValid, VerifyError::Expired]) {
        return None;
    }
    let fits =
        |date: Timestamp| look.chain.iter().all(|c| c.not_before <= date && date <= c.not_after);
    let why = match here.proxy_date {
        _ if here.now < here.built => "which is earlier than this program's build date".to_owned(),
        Some(date) if date.duration_since(here.now).abs() > SKEW && fits(date) => {
            format!("the proxy's {date:.0}, which the certificate's dates fit")
        }
        _ => return None,
    };
    let reason = format!("this machine's clock is wrong: it shows {:.0}, {why}", here.now);
    Some(verdict(Fault::Clock, reason))
}

/// Why no authority known here has issued the certificate.
fn authority(look: &Look, host: &str, here: &Here) -> Option<Verdict> {
    if look.has(&[VerifyError::SelfSigned]) {
        let reason = "the certificate is self-signed; 8x8 does not use self-signed certificates";
        return Some(verdict(Fault::SelfSigned, reason));
    }
    if let Some(verdict) = no_root(look) {
        return Some(verdict);
    }
    if !look.has(&NO_AUTHORITY) {
        return None;
    }
    if here.roots == 0 {
        let reason = "no root certificate on this machine, so no server can be verified";
        return Some(verdict(Fault::EmptyStore, reason));
    }
    let issuer = look.authority().cloned().unwrap_or_default().to_string();
    let case = |fault: Fault| Case::from(fault).with("issuer", &issuer).with("hosts", hosts(host));
    let is_inspector = authorities::inspects(&issuer);
    let alone = if let [leaf] = &look.chain[..] { Some(leaf) } else { None };
    if alone.is_some_and(|leaf| leaf.has_issuer_url && !is_inspector) {
        let reason = format!(
            "the server sent its own certificate without the one of \"{issuer}\", its issuer"
        );
        return Some(verdict(Fault::MissingIntermediate, reason));
    }
    if look.is_private() && !look.has(&[VerifyError::WrongName]) {
        // A lone certificate may also come from a server that does not send the rest of its chain.
        let (fault, how) = match alone {
            Some(_) if is_inspector => (Fault::LoneInspector, "intercepted"),
            Some(_) => (Fault::ProbablyIntercepted, "probably intercepted"),
            None => (Fault::Intercepted, "intercepted"),
        };
        let reason = format!(
            "{how} by \"{issuer}\": the name is right but the issuer is not a public CA; \
             a proxy, firewall or antivirus replaced the certificate"
        );
        return Some(verdict(case(fault), reason));
    }
    let reason = format!("the certificate's authority \"{issuer}\" is unknown to this machine");
    Some(verdict(case(Fault::UnknownAuthority), reason))
}

/// The store has an intermediate of the chain, and not its root.
fn no_root(look: &Look) -> Option<Verdict> {
    let objection = look.objections.iter().find(|o| o.error() == VerifyError::NoRoot)?;
    let Certificate { subject, issuer, .. } = objection.certificate.as_ref()?;
    let reason = format!(
        "this machine has the intermediate authority \"{subject}\", but not its root \"{issuer}\""
    );
    Some(verdict(Case::from(Fault::RootMissing).with("issuer", issuer.to_string()), reason))
}

fn name(look: &Look, host: &str) -> Option<Verdict> {
    let leaf = look.chain.first().filter(|_| look.has(&[VerifyError::WrongName]))?;
    let names = match &leaf.names[..] {
        [] => leaf.subject.to_string(),
        names if names.len() <= 4 => names.join(", "),
        names => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
    };
    let reason = format!("the certificate is not for {host} but for {names}");
    Some(verdict(Fault::WrongName, reason))
}

fn dates(look: &Look, here: &Here) -> Vec<Verdict> {
    let one = |objection: &Objection| {
        let dated = objection.certificate.as_ref();
        let said = |date: fn(&Certificate) -> Timestamp, word: &str| {
            dated.map_or_else(String::new, |c| format!("{word} {:.0}", date(c)))
        };
        let (fault, what) = match objection.error() {
            VerifyError::NotYetValid => {
                (Fault::NotYetValid, format!("is not valid{}", said(|c| c.not_before, " before")))
            }
            VerifyError::Expired => {
                let fault =
                    if is_own(look, objection) { Fault::ExpiredRoot } else { Fault::Expired };
                (fault, format!("expired{}", said(|c| c.not_after, " on")))
            }
            _ => return None,
        };
        let (whose, now) = (whose(look, objection), here.now);
        Some(verdict(fault, format!("{whose} {what}; this machine's clock shows {now:.0}")))
    };
    look.objections.iter().filter_map(one).collect()
}

fn weak(look: &Look, host: &str) -> Vec<Verdict> {
    let one = |objection: &Objection| {
        let what = match objection.error() {
            VerifyError::WeakKey | VerifyError::WeakAuthorityKey => "a key",
            VerifyError::WeakDigest => "a digest",
            _ => return None,
        };
        let reason =
            format!("{} has {what} too weak for this machine's policy", whose(look, objection));
        Some(verdict(Case::from(Fault::WeakCertificate).with("hosts", hosts(host)), reason))
    };
    look.objections.iter().filter_map(one).collect()
}

/// Errors without a rule of their own, in OpenSSL's words.
fn other(look: &Look) -> Vec<Verdict> {
    let others = look.objections.iter().filter(|o| matches!(o.error(), VerifyError::Other(_)));
    let one = |objection: &Objection| {
        let problem = format!("{} (X.509 error {})", objection.text, objection.code);
        let reason = format!("{} is not trusted: {problem}", whose(look, objection));
        verdict(Case::from(Fault::OtherX509).with("problem", problem), reason)
    };
    others.map(one).collect()
}

fn whose(look: &Look, objection: &Objection) -> String {
    let subject = || match &objection.certificate {
        Some(certificate) => certificate.subject.to_string(),
        None => Name::default().to_string(),
    };
    match objection.depth {
        0 => "the certificate".to_owned(),
        _ if is_own(look, objection) => {
            format!("\"{}\", in this machine's own store,", subject())
        }
        _ => format!("the certificate of \"{}\", in the server's chain,", subject()),
    }
}

/// Whether the certificate comes from this machine's own store: the server did not send it, or it is
/// a root, which counts only if it is in the store.
fn is_own(look: &Look, objection: &Objection) -> bool {
    let Some(certificate) = &objection.certificate else { return false };
    let is_known = !look.has(&[VerifyError::SelfSigned, VerifyError::UnknownRoot]);
    let is_root = certificate.self_issued && is_known;
    objection.depth > 0 && (is_root || !look.chain.contains(certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        let now = Timestamp::now();
        Here { now, built: Timestamp::UNIX_EPOCH, proxy_date: None, roots: 1 }
    }

    fn codes(look: &Look, host: &str, here: &Here) -> Vec<&'static str> {
        judge(look, host, here).iter().map(|verdict| verdict.case.row().code).collect()
    }

    fn constructed(codes: &[i32], issuer: &str) -> Look {
        let text = String::from("odd");
        let at = |text: &str| text.parse().expect("a time");
        let certificate = Certificate {
            subject: Name::default(),
            issuer: Name { common_name: Some(issuer.to_owned()), organization: None },
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2027-01-01T00:00:00Z"),
            names: vec![],
            self_issued: false,
            has_issuer_url: false,
        };
        let objection = |&code: &i32| Objection {
            code,
            depth: 0,
            certificate: Some(certificate.clone()),
            text: text.clone(),
        };
        let chain = vec![certificate.clone(), certificate.clone()];
        Look { chain, objections: codes.iter().map(objection).collect(), ..Look::default() }
    }

    #[test]
    fn a_wrong_clock_is_told_from_a_bad_certificate() {
        let at = |text: &str| text.parse().expect("a time");
        let expired = constructed(&[10], "DigiCert");
        let mut here = Here { now: at("2027-06-01T00:00:00Z"), ..here() };
        assert_eq!(codes(&expired, "x", &here), ["tls.expired"]);
        for (date, code) in [
            ("2026-06-01T00:00:00Z", "tls.clock"),
            ("2027-06-01T00:04:00Z", "tls.expired"),
            ("2027-07-01T00:00:00Z", "tls.expired"),
        ] {
            here.proxy_date = Some(at(date));
            assert_eq!(codes(&expired, "x", &here), [code], "{date}");
        }
        let boot = Here { now: Timestamp::UNIX_EPOCH, built: at("2026-11-23T00:00:00Z"), ..here };
        assert_eq!(codes(&constructed(&[9, 62], "x"), "x", &boot), ["tls.clock", "tls.name"]);
        assert_eq!(codes(&constructed(&[], "x"), "x", &boot), [""; 0]);
    }

    #[test]
    fn the_issuer_decides_between_interception_and_a_stale_store() {
        for (reasons, issuer, expected) in [
            (&[19][..], "Corp Root", "tls.intercepted"),
            (&[20, 21], "Corp Root", "tls.intercepted"),
            (&[19], "DigiCert Global Root G2", "tls.untrusted"),
            (&[20], "R11, Let's Encrypt", "tls.untrusted"),
            (&[20, 62], "Corp Root", "tls.untrusted"),
            (&[26], "DigiCert", "tls.untrusted"),
        ] {
            let verdicts = judge(&constructed(reasons, issuer), "pulsar-ws-use1.8x8.com", &here());
            assert_eq!(verdicts[0].case.row().code, expected, "{reasons:?} {issuer}");
        }
    }

    #[test]
    fn every_fix_fits_its_line_in_the_report() {
        let all = [2, 9, 10, 18, 19, 20, 62, 66, 67, 68, 79];
        for reasons in all.iter().map(std::slice::from_ref).chain([&all[..]]) {
            for verdict in judge(&constructed(reasons, "Corp"), "pulsar-ws-use1.8x8.com", &here()) {
                let fixes = verdict.case.fixes();
                let is_short = fixes.iter().all(|fix| (10..=84).contains(&fix.len()));
                assert!(is_short && !fixes.is_empty(), "{verdict:?}");
                assert!(!verdict.reason.ends_with('.'), "one sentence of a report: {verdict:?}");
            }
        }
    }

    #[test]
    fn a_lone_certificates_headline_is_whole_whatever_its_issuer_is_called() {
        for (issuer, headline) in [
            ("Good Intermediate; R1: x", "probably intercepted by \"Good Intermediate; R1: x\""),
            ("A \"Proxy\", Inc", "intercepted by \"A \"Proxy\", Inc\""),
        ] {
            let mut lone = constructed(&[20], issuer);
            lone.chain.truncate(1);
            let verdicts = judge(&lone, "pulsar-ws-use1.8x8.com", &here());
            assert_eq!(verdicts[0].case.headline(), headline);
            assert_eq!(verdicts[0].case.fixes().len(), 4, "{verdicts:?}");
        }
        let mut lone = constructed(&[20], &"x".repeat(90));
        lone.chain.truncate(1);
        let headline = judge(&lone, "x", &here())[0].case.headline();
        assert_eq!(headline, format!("probably intercepted by \"{}…\"", "x".repeat(60)));
    }
}
