//! What a pasted text can be about: a problem of the advice table, or one of the matters that
//! table has no row for, since this program tells them apart or cannot have them at all.

use crate::fault::{self, Fault, Holes};

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Fault(Fault),
    Other(Other),
}

/// Matters outside the advice table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    // Vague: the text does not say what a problem's row would need to know.
    Connect,
    Dns,
    Timeout,
    Closed,
    Reset,
    Certificate,
    Tls,
    Upgrade,
    // Sections of the page that are about no failure of a connection.
    WrongRegion,
    InvalidJson,
    Memory,
    Slow,
    Verbose,
    Traffic,
    Output,
    Help,
    Messages,
    Practices,
}

/// One row for what the advice table leaves out.
struct Row {
    other: Other,
    /// For scripts and tests, where a problem has its code.
    name: &'static str,
    means: &'static str,
    advice: &'static str,
    page: &'static str,
}

const fn row(
    other: Other,
    name: &'static str,
    page: &'static str,
    means: &'static str,
    advice: &'static str,
) -> Row {
    Row { other, name, means, advice, page }
}

#[rustfmt::skip]
const OTHERS: &[Row] = &[
    row(Other::Connect, "connect", "Cannot Connect to WebSocket",
        "no connection came about; the text does not say at which step",
        "run `tail8x8 diagnose`: it tries DNS, TCP, the proxy, TLS and the key in turn and names the first that fails"),
    row(Other::Dns, "dns", "Cannot Connect to WebSocket",
        "the host name could not be turned into an address; the text does not say why",
        "check --host for typos, compare `nslookup` of the host, and run `tail8x8 diagnose`: it tells a wrong name from a nameserver that does not answer"),
    row(Other::Timeout, "timeout", "Common Error Messages: context deadline exceeded",
        "something took longer than the client allowed; the text does not say whether that was DNS, TCP, TLS or the answer to the request",
        "run `tail8x8 diagnose`: it shows the time of each step; a step that never ends is a firewall or proxy, one that is merely slow needs a longer --connect-timeout (the default is 60s)"),
    row(Other::Closed, "eof", "Common Error Messages: EOF or unexpected EOF",
        "the other end closed the connection; the text does not say at which step",
        "in a running stream connect again and go on after the last message, as tail8x8 does by itself; if no stream ever opens, run `tail8x8 diagnose`: it names the step"),
    row(Other::Reset, "reset", "Common Error Messages: EOF or unexpected EOF",
        "something cut the connection by force: a firewall, a gateway or the other end; the text does not say at which step",
        "in a running stream connect again and go on after the last message, as tail8x8 does by itself; if no stream ever opens, run `tail8x8 diagnose`: it names the step"),
    row(Other::Certificate, "certificate", "Common Error Messages: certificate verify failed",
        "the server's certificate was not accepted; the text does not say why: unknown issuer, expired, wrong name or this machine's clock",
        "run `tail8x8 diagnose`: it names the reason and the issuer; update the root certificates (apt-get install ca-certificates) only if the issuer is a public one, and give a company's own root with --ca-file"),
    row(Other::Tls, "tls", "TLS/SSL Certificate Errors",
        "TLS could not be set up; the text does not say why",
        "run `tail8x8 diagnose`: it tells an untrusted or expired certificate from a port that speaks no TLS and from a proxy or firewall in between"),
    row(Other::Upgrade, "upgrade", "Cannot Connect to WebSocket",
        "something answered, but not with the 101 that opens a WebSocket; the text leaves out the status that says why",
        "let the client print the HTTP status of the answer, or run `tail8x8 diagnose`: it shows the status and the server's own sentence"),

    row(Other::WrongRegion, "regions.elsewhere", "Wrong Regional Endpoint",
        "the key is accepted, but the events of this Contact Center appear at another region's host",
        "find the region of your cluster with `tail8x8 regions`, then name it: --region US1 or --cluster NA12; ask 8x8 support if you are unsure"),
    row(Other::InvalidJson, "json", "Invalid JSON in Payload",
        "what was parsed is no JSON of the expected shape: often the envelope or the base64 text instead of the decoded payload, or an HTML page of a proxy",
        "parse the decoded `payload` member, not the message around it; compare `tail8x8 -n 5 --format envelope`, which marks what is no JSON"),
    row(Other::Memory, "memory", "High Memory Usage",
        "messages arrive faster than they are handled, and the client keeps them in memory",
        "lower --receiver-queue-size (1000 by default), start from --message-id latest instead of earliest, and handle messages faster; tail8x8 itself needs little memory, whatever the rate"),
    row(Other::Slow, "slow", "Slow Message Processing",
        "messages are handled more slowly than they arrive; none is lost, but the stream lags behind",
        "let tail8x8 write to a file or pipe and work on the lines from there, with several workers if need be; keep only what you need with --event"),
    row(Other::Verbose, "verbose", "Enable Verbose Logging",
        "more of what the client does can be shown",
        "tail8x8 -v tells each step, -vv each frame; the key is never shown"),
    row(Other::Traffic, "traffic", "Inspect WebSocket Traffic",
        "the frames of the connection can be looked at",
        "tail8x8 -vv traces every frame; --format envelope prints whole messages; with wscat give the key as a header (-H), since a key in the URL ends up in logs"),
    row(Other::Output, "output", "Check Process Output",
        "events and messages about the run go separate ways",
        "tail8x8 writes events to standard output and everything else to standard error: `tail8x8 1>events.log 2>errors.log`"),
    row(Other::Help, "help", "Getting Help",
        "8x8 support needs the error, the parameters without the key, the network's details and the versions",
        "collect them with `tail8x8 diagnose --report FILE`; the report does not contain the key"),
    row(Other::Messages, "messages", "Common Error Messages",
        "the page lists error messages with likely causes",
        "give the message itself: tail8x8 explain \"connection refused\""),
    row(Other::Practices, "practices", "Best Practices",
        "a client should reconnect with growing pauses, ping, log what happens and check what it receives",
        "tail8x8 does so by itself: see --retry-delay, --retry-max-delay, --ping-interval and --max-silence"),
];

impl Topic {
    /// The problem's stable code; `None` where there is none.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Topic::Fault(problem) => Some(fault::row(problem).code),
            Topic::Other(_) => None,
        }
    }

    /// One word for it, also where it has no code.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Topic::Fault(problem) => fault::row(problem).code,
            Topic::Other(other) => other.row().name,
        }
    }

    /// What it means, as a clause.
    pub(crate) fn means(self) -> &'static str {
        match self {
            Topic::Fault(fault) => fault::row(fault).means,
            Topic::Other(other) => other.row().means,
        }
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> String {
        match self {
            Topic::Fault(fault) => {
                let fixes = fault::row(fault).fixes.iter();
                fixes.map(|fix| Holes::default().fill(fix)).collect::<Vec<_>>().join("; ")
            }
            Topic::Other(other) => other.row().advice.to_owned(),
        }
    }

    /// The heading of 8x8's troubleshooting page.
    pub(crate) fn page(self) -> Option<String> {
        match self {
            Topic::Fault(fault) => fault::row(fault).pages.first().map(ToString::to_string),
            Topic::Other(other) => Some(other.row().page.to_owned()),
        }
    }

    /// Whether it says little: then any exact finding on the same line says it better.
    pub(super) fn is_vague(self) -> bool {
        use Other::*;
        match self {
            Topic::Fault(_) => false,
            Topic::Other(other) => matches!(
                other,
                Connect | Dns | Timeout | Closed | Reset | Certificate | Tls | Upgrade
            ),
        }
    }

    /// Whether the other one, anywhere in the text, is the same matter said more exactly.
    pub(super) fn yields_to(self, other: Topic) -> bool {
        use Fault::*;
        let (name, step) = (other.name(), other.name().split('.').next().unwrap_or_default());
        let is_problem = matches!(other, Topic::Fault(_));
        match self {
            Topic::Other(Other::Connect) => {
                is_problem && matches!(step, "dns" | "tcp" | "proxy" | "tls" | "auth" | "stream")
                    || other.is_vague() && other != self
            }
            Topic::Other(Other::Dns) => is_problem && step == "dns",
            Topic::Other(Other::Timeout) => {
                name.ends_with(".timeout") || ["dns.no_answer", "stream.no_pong"].contains(&name)
            }
            Topic::Other(Other::Closed | Other::Reset) => {
                name.ends_with(".closed")
                    || name.ends_with(".reset")
                    || self == Topic::Other(Other::Closed) && other == Topic::Other(Other::Reset)
                    || name == "stream.no_pong"
            }
            Topic::Other(Other::Certificate) => is_problem && step == "tls",
            Topic::Other(Other::Tls) => {
                is_problem && step == "tls" || other == Topic::Other(Other::Certificate)
            }
            Topic::Other(Other::Upgrade) => {
                is_problem && matches!(step, "auth" | "proxy")
                    || other.is_vague()
                        && !matches!(other, Topic::Other(Other::Connect | Other::Upgrade))
            }
            // The same number, but from the proxy.
            Topic::Fault(Unauthorized) => other == Topic::Fault(ProxyLogin),
            Topic::Fault(Forbidden) => other == Topic::Fault(ProxyForbidden),
            Topic::Fault(GatewayError) => other == Topic::Fault(ProxyTarget),
            // A status whose sentence says more.
            Topic::Fault(ServerError | NotFound | BadRequest) => {
                matches!(other, Topic::Fault(RefusedForGood | NoResumeById | Busy))
            }
            Topic::Fault(Silence) => other == Topic::Other(Other::WrongRegion),
            _ => false,
        }
    }

    /// Whether the other one on the same line is the cause, and this only its name or effect:
    /// `ConnectionClosedError: message too big`.
    pub(super) fn yields_beside(self, other: Topic) -> bool {
        use Fault::*;
        let (Topic::Fault(this), Topic::Fault(other)) = (self, other) else {
            return self.is_vague() && !other.is_vague();
        };
        match this {
            NoSuchName => matches!(other, NoAnswer | NoAddress),
            UpgradeClosed => other == ProxyClosed,
            StreamClosed => matches!(other, TooLarge | NoPong),
            ProtocolViolation => {
                matches!(other, StreamClosed | Unauthorized | Forbidden | NotFound)
            }
            _ => false,
        }
    }
}

impl Other {
    fn row(self) -> &'static Row {
        OTHERS.iter().find(|row| row.other == self).expect("each has a row, as a test checks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile when a matter is added without being counted here.
    const LAST: Other = Other::Practices;

    #[test]
    fn every_matter_has_exactly_one_row() {
        assert_eq!(OTHERS.len(), LAST as usize + 1);
        for (i, row) in OTHERS.iter().enumerate() {
            assert!(OTHERS[..i].iter().all(|o| o.other != row.other && o.name != row.name));
            assert!(!row.advice.ends_with('.') && !row.means.ends_with('.'), "{}", row.name);
        }
    }

    #[test]
    fn nothing_is_said_in_the_name_of_8x8() {
        let all = OTHERS.iter().flat_map(|row| [row.means, row.advice]);
        let all = all.chain(fault::rows().map(|row| row.means));
        for text in all {
            let words = || text.split(|c: char| !c.is_alphanumeric());
            assert!(words().all(|w| !["we", "our", "us", "We", "Our"].contains(&w)), "{text}");
        }
    }
}
