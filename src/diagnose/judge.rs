//! The judgement on what a look saw: everything that is wrong with the certificates, most telling
//! first, in words, with what to do. Pure.

use jiff::{SignedDuration, Timestamp};

use super::certificate::Certificate;
use super::look::{Look, VerifyError};
use super::trust;

/// What is known here, beside the look itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here {
    pub(crate) now: Timestamp,
    /// No clock is right that shows an earlier time.
    pub(crate) built: Timestamp,
    /// The `Date` of a proxy on the way, where one told: before TLS no server does.
    pub(crate) proxy_date: Option<Timestamp>,
    /// Usable root certificates, `--ca-file` among them.
    pub(crate) roots: usize,
}

/// One thing that is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) fixes: Vec<String>,
}

impl Verdict {
    /// The same in a few words; `None` where the reason begins with them.
    pub(crate) fn headline(&self) -> Option<&'static str> {
        Some(match self.code {
            "tls.name" => "the certificate is for another name",
            "tls.missing_intermediate" => "the server's chain is incomplete",
            "tls.clock" => "this machine's clock is wrong",
            "tls.expired" => "a certificate has expired",
            "tls.not_yet_valid" => "a certificate is not valid yet",
            "tls.weak" => "a certificate is too weak",
            _ => return None,
        })
    }
}

/// `X509_V_ERR_*`: no issuer to be found, in its four forms.
const NO_ISSUER: &[i32] = &[2, 20, 21, 27];
const SELF_SIGNED: i32 = 18;
const ROOT_UNKNOWN: i32 = 19;
const NOT_YET_VALID: i32 = 9;
const EXPIRED: i32 = 10;
const WRONG_NAME: &[i32] = &[62, 63, 64];
const WEAK: &[i32] = &[66, 67, 68];

/// Clocks differ a little everywhere.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// All that is wrong with the certificates, most telling first; empty when nothing is.
pub(crate) fn judge(look: &Look, host: &str, here: &Here) -> Vec<Verdict> {
    let clock = clock(look, here);
    let dates = if clock.is_some() { vec![] } else { dates(look, here) };
    let first = [clock, authority(look, host, here), name(look, host)].into_iter().flatten();
    first.chain(dates).chain(weak(look, host)).chain(other(look)).collect()
}

fn verdict(code: &'static str, reason: String, fixes: &[&str]) -> Verdict {
    Verdict { code, reason, fixes: fixes.iter().map(ToString::to_string).collect() }
}

/// Dates that do not fit are this machine's fault where its clock is known to be wrong.
fn clock(look: &Look, here: &Here) -> Option<Verdict> {
    if !look.has(&[NOT_YET_VALID, EXPIRED]) {
        return None;
    }
    let fits =
        |date: Timestamp| look.chain.iter().all(|c| c.not_before <= date && date <= c.not_after);
    let why = match here.proxy_date {
        _ if here.now < here.built => "which is before this program was made".to_owned(),
        Some(date) if date.duration_since(here.now).abs() > SKEW && fits(date) => {
            format!("the proxy's {date:.0}, which the certificate's dates fit")
        }
        _ => return None,
    };
    let reason = format!("this machine's clock is wrong: it shows {:.0}, {why}", here.now);
    Some(verdict(
        "tls.clock",
        reason,
        &["set the clock (`timedatectl set-ntp true`), then try again"],
    ))
}

/// Why nobody known here vouches for the server.
fn authority(look: &Look, host: &str, here: &Here) -> Option<Verdict> {
    if look.has(&[SELF_SIGNED]) {
        return Some(verdict(
            "tls.untrusted",
            "the certificate is self-signed: nobody vouches for it, and 8x8 has no such".to_owned(),
            &[
                "check --host, --resolve and the DNS answer: something else than 8x8 answers",
                "if the server is your own, trust it: --ca-file its-certificate.pem",
            ],
        ));
    }
    if !look.has(NO_ISSUER) && !look.has(&[ROOT_UNKNOWN]) {
        return None;
    }
    if here.roots == 0 {
        return Some(verdict(
            "tls.empty_store",
            "no root certificate on this machine, so no server can be verified".to_owned(),
            &[
                "install them: apt-get install ca-certificates (or your system's package)",
                "or give your company's root: --ca-file corp-root.pem",
            ],
        ));
    }
    let issuer = look.authority().cloned().unwrap_or_default();
    let is_inspector = trust::inspects(&issuer.to_string());
    let alone = if let [leaf] = &look.chain[..] { Some(leaf) } else { None };
    if alone.is_some_and(|leaf| leaf.has_issuer_url && !is_inspector) {
        return Some(verdict(
            "tls.missing_intermediate",
            format!(
                "the server sent its own certificate without the one of \"{issuer}\", its issuer"
            ),
            &[
                "tell whoever runs the server (or a proxy before it): its chain is incomplete",
                "meanwhile give the missing certificate: --ca-file intermediate.pem",
            ],
        ));
    }
    if look.is_private() && !look.has(WRONG_NAME) {
        let hosts = if host.ends_with(".8x8.com") { "pulsar-ws-*.8x8.com" } else { host };
        // A lone certificate may also be a server's that forgot the rest of its chain.
        let how =
            if alone.is_some() && !is_inspector { "probably intercepted" } else { "intercepted" };
        let mut found = verdict(
            "tls.intercepted",
            format!(
                "{how} by \"{issuer}\": the name is right but the issuer is not a public CA; \
                 a proxy, firewall or antivirus replaced the certificate"
            ),
            &[
                &format!("exempt {hosts} from TLS inspection (it often breaks WebSocket too)"),
                "or trust your company's root: --ca-file corp-root.pem, or the system store",
                "avoid --insecure: it hands your API key to whoever holds that certificate",
            ],
        );
        if alone.is_some() {
            let own = "or, if the server is your own, have it send the rest of its chain";
            found.fixes.push(own.to_owned());
        }
        return Some(found);
    }
    Some(verdict(
        "tls.untrusted",
        format!("the certificate's authority \"{issuer}\" is unknown to this machine"),
        &[
            "update the root certificates: apt-get install ca-certificates",
            "or, if you know this authority, trust it: --ca-file root.pem",
        ],
    ))
}

fn name(look: &Look, host: &str) -> Option<Verdict> {
    let leaf = look.chain.first().filter(|_| look.has(WRONG_NAME))?;
    let names = match &leaf.names[..] {
        [] => leaf.subject.to_string(),
        names if names.len() <= 4 => names.join(", "),
        names => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
    };
    Some(verdict(
        "tls.name",
        format!("the certificate is not for {host} but for {names}"),
        &[
            "check --host, --resolve and the DNS answer: the name may lead to another machine",
            "a portal, login page or inspection box may answer in the service's place",
        ],
    ))
}

fn dates(look: &Look, here: &Here) -> Vec<Verdict> {
    let one = |problem: &VerifyError| {
        let dated = look.chain.iter().find(|c| c.subject == problem.subject);
        let said = |date: fn(&Certificate) -> Timestamp, word: &str| {
            dated.map_or_else(String::new, |c| format!("{word} {:.0}", date(c)))
        };
        let (code, reason) = match problem.code {
            NOT_YET_VALID => {
                ("tls.not_yet_valid", format!("is not valid{}", said(|c| c.not_before, " before")))
            }
            EXPIRED => ("tls.expired", format!("expired{}", said(|c| c.not_after, " on"))),
            _ => return None,
        };
        let reason =
            format!("{} {reason}; this machine's clock shows {:.0}", whose(problem), here.now);
        Some(verdict(
            code,
            reason,
            &[
                "compare this machine's clock (`date -u`) with the true time",
                "if the clock is right, the certificate must be renewed at the other end",
            ],
        ))
    };
    look.problems.iter().filter_map(one).collect()
}

fn weak(look: &Look, host: &str) -> Vec<Verdict> {
    let weak = look.problems.iter().filter(|problem| WEAK.contains(&problem.code));
    let words = |problem: &VerifyError| {
        let what = if problem.code == 68 { "a digest" } else { "a key" };
        let reason = format!("{} has {what} too weak for this machine's policy", whose(problem));
        let exempt = format!("or have {host} exempted from TLS inspection");
        verdict(
            "tls.weak",
            reason,
            &["usually an outdated inspection proxy: have it updated", &exempt],
        )
    };
    weak.map(words).collect()
}

/// Reasons without a rule of their own, in OpenSSL's words.
fn other(look: &Look) -> Vec<Verdict> {
    let known = |code| {
        [SELF_SIGNED, ROOT_UNKNOWN, NOT_YET_VALID, EXPIRED].contains(&code)
            || [NO_ISSUER, WRONG_NAME, WEAK].concat().contains(&code)
    };
    let others = look.problems.iter().filter(|problem| !known(problem.code));
    let words = |p: &VerifyError| {
        let reason = format!("{} is not trusted: {} (X.509 error {})", whose(p), p.text, p.code);
        verdict("tls.untrusted", reason, &["ask whoever runs the server or a proxy before it"])
    };
    others.map(words).collect()
}

fn whose(problem: &VerifyError) -> String {
    match problem.depth {
        0 => "the certificate".to_owned(),
        _ => format!("the certificate of \"{}\", which vouches for the server's,", problem.subject),
    }
}

#[cfg(test)]
mod tests {
    use super::super::certificate::Name;
    use super::*;

    fn here() -> Here {
        let now = Timestamp::now();
        Here { now, built: Timestamp::UNIX_EPOCH, proxy_date: None, roots: 1 }
    }

    fn codes(look: &Look, host: &str, here: &Here) -> Vec<&'static str> {
        judge(look, host, here).iter().map(|verdict| verdict.code).collect()
    }

    fn constructed(codes: &[i32], issuer: &str) -> Look {
        let text = String::from("odd");
        let problem =
            |&code| VerifyError { code, depth: 0, subject: Name::default(), text: text.clone() };
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
        let chain = vec![certificate.clone(), certificate];
        Look { chain, problems: codes.iter().map(problem).collect(), ..Look::default() }
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
            assert_eq!(verdicts[0].code, expected, "{reasons:?} {issuer}");
        }
    }

    #[test]
    fn every_fix_fits_its_line_in_the_report() {
        let all = [2, 9, 10, 18, 19, 20, 62, 66, 67, 68, 79];
        for reasons in all.iter().map(std::slice::from_ref).chain([&all[..]]) {
            for verdict in judge(&constructed(reasons, "Corp"), "pulsar-ws-use1.8x8.com", &here()) {
                let is_short = verdict.fixes.iter().all(|fix| (10..=84).contains(&fix.len()));
                assert!(is_short && !verdict.fixes.is_empty(), "{verdict:?}");
                assert!(!verdict.reason.ends_with('.'), "one sentence of a report: {verdict:?}");
            }
        }
    }
}
