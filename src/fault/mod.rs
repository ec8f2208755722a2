//! The troubleshooting table as data: what each problem is called, what it means for the run,
//! what to do about it, and under which heading 8x8's own troubleshooting page treats it.
//!
//! Codes are stable: scripts and support tickets may quote them. Nothing here decides which
//! problem occurred; the step that saw it does.

mod failure;

use crate::exit::Exit;

pub(crate) use failure::{Failure, Step};

/// Every kind of problem the program can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    Usage,
    UnreadableFile,
    BadContent,
    NoResources,
    NoSuchName,
    NoAddress,
    NoAnswer,
    Refused,
    ConnectTimeout,
    Unreachable,
    ProxyLogin,
    ProxyForbidden,
    ProxyTarget,
    NotAProxy,
    ProxyClosed,
    ProxyTimeout,
    Untrusted,
    Expired,
    NotYetValid,
    Clock,
    WrongName,
    WeakCertificate,
    NotTls,
    Handshake,
    TlsClosed,
    TlsReset,
    TlsTimeout,
    Unauthorized,
    Forbidden,
    NotFound,
    BadRequest,
    RefusedForGood,
    NoResumeById,
    Busy,
    RateLimited,
    ServerError,
    GatewayError,
    NotWebSocket,
    BadAccept,
    UpgradeClosed,
    UpgradeReset,
    UpgradeTimeout,
    StreamClosed,
    StreamReset,
    NoPong,
    Silence,
    ProtocolViolation,
    TooLarge,
    BadPayload,
    OutputFailed,
    DiskRefused,
    CannotCreate,
    BadCursor,
    ForeignIds,
    Locked,
    ReportExists,
    OutOfTime,
}

/// What a failure means for the next try, before any session of the run was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// The network or the service may mend itself: as often as `--retry` says.
    Retry,
    /// Cannot be told from a mistake that stays: three attempts, then stop.
    Few,
    /// Nothing changes until a person does something.
    Stop,
    /// Would come again for ever, also after a session was open.
    Never,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fault: Fault,
    /// Stable and lower case: `step.fault`.
    pub(crate) code: &'static str,
    pub(crate) exit: Exit,
    pub(crate) again: RetryClass,
    /// What to do next, as one line of a few clauses.
    pub(crate) advice: &'static str,
    /// The heading of 8x8's troubleshooting page, where it has one.
    pub(crate) page: Option<&'static str>,
}

/// The row of a problem.
pub(crate) fn row(fault: Fault) -> &'static Row {
    TABLE.iter().find(|row| row.fault == fault).expect("every problem has a row, as a test checks")
}

const CONNECT: Option<&str> = Some("Cannot Connect to WebSocket");
const CERTIFICATE: Option<&str> = Some("TLS/SSL Certificate Errors");
const TIMEOUT: Option<&str> = Some("Connection Timeout");
const CLOSED: Option<&str> = Some("Common Error Messages: EOF or unexpected EOF");

const fn entry(
    fault: Fault,
    code: &'static str,
    exit: Exit,
    again: RetryClass,
    page: Option<&'static str>,
    advice: &'static str,
) -> Row {
    Row { fault, code, exit, again, advice, page }
}

/// In the order of the steps.
#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    entry(Fault::Usage, "config.usage", Exit::Usage, RetryClass::Never, None,
        "see `tail8x8 --help` for every option and its values"),
    entry(Fault::UnreadableFile, "config.file", Exit::NoInput, RetryClass::Stop, None,
        "check that the path is right and that this user may read the file"),
    entry(Fault::BadContent, "config.content", Exit::Config, RetryClass::Stop, None,
        "correct the value; `tail8x8 --help` describes what it may be"),

    entry(Fault::NoResources, "config.resources", Exit::Unavailable, RetryClass::Never, None,
        "the system has no descriptor or memory left: see `ulimit -n` and what else runs here"),

    entry(Fault::NoSuchName, "dns.no_such_name", Exit::NoHost, RetryClass::Stop, CONNECT,
        "check --host for typos, or name the region (--region UK3, US1, US2) or your cluster (--cluster NA12); compare `nslookup` of the host"),
    entry(Fault::NoAddress, "dns.no_address", Exit::NoHost, RetryClass::Stop, CONNECT,
        "the name exists but has no address of the wanted kind: check --host, -4 and -6, and whether a VPN or split DNS hides it"),
    entry(Fault::NoAnswer, "dns.no_answer", Exit::NoHost, RetryClass::Retry, CONNECT,
        "no nameserver gave an answer: check /etc/resolv.conf, the VPN, and that DNS (port 53) is allowed; compare `nslookup` of the host"),

    entry(Fault::Refused, "tcp.refused", Exit::Unavailable, RetryClass::Retry, Some("Common Error Messages: connection refused"),
        "something answered and said no: verify host and port, and that the firewall allows outbound HTTPS (port 443); compare `nc -zv HOST 443`"),
    entry(Fault::ConnectTimeout, "tcp.timeout", Exit::Unavailable, RetryClass::Retry, TIMEOUT,
        "no answer at all: a firewall drops the packets or the route is wrong; allow outbound port 443, set a --proxy, or raise --connect-timeout on a slow network"),
    entry(Fault::Unreachable, "tcp.unreachable", Exit::Unavailable, RetryClass::Retry, CONNECT,
        "there is no way to the address: check the network link, the VPN and the route; -4 leaves IPv6 out"),

    entry(Fault::ProxyLogin, "proxy.auth_required", Exit::Denied, RetryClass::Stop, CONNECT,
        "put a user and password into the proxy URL (http://USER:PASSWORD@HOST:PORT); only Basic is supported, so an NTLM or Negotiate proxy needs a local relay"),
    entry(Fault::ProxyForbidden, "proxy.forbidden", Exit::Denied, RetryClass::Stop, CONNECT,
        "the proxy's policy blocks the service: ask its administrator to allow CONNECT to the host on port 443"),
    entry(Fault::ProxyTarget, "proxy.target_unreachable", Exit::Unavailable, RetryClass::Retry, CONNECT,
        "the proxy was reached but could not reach the service: check the host name, then the proxy's own DNS and network"),
    entry(Fault::NotAProxy, "proxy.not_a_proxy", Exit::Protocol, RetryClass::Stop, CONNECT,
        "what answered is no HTTP proxy that takes CONNECT: check the proxy's address and port (http:// only, no SOCKS, no https://)"),
    entry(Fault::ProxyClosed, "proxy.closed", Exit::Unavailable, RetryClass::Retry, CONNECT,
        "the proxy hung up without an answer: check its port and whether it allows CONNECT to port 443"),
    entry(Fault::ProxyTimeout, "proxy.timeout", Exit::Unavailable, RetryClass::Retry, TIMEOUT,
        "the proxy accepted the connection but did not answer in time: check the proxy, or raise --connect-timeout"),

    entry(Fault::Untrusted, "tls.untrusted", Exit::Certificate, RetryClass::Stop, CERTIFICATE,
        "if a company proxy inspects TLS, give its root with --ca-file; otherwise update the root certificates (apt-get install ca-certificates); the key was not sent"),
    entry(Fault::Expired, "tls.expired", Exit::Certificate, RetryClass::Stop, CERTIFICATE,
        "compare this machine's clock (`date -u`) with the certificate's dates; if the clock is right, the certificate must be renewed at the other end; the key was not sent"),
    entry(Fault::NotYetValid, "tls.not_yet_valid", Exit::Certificate, RetryClass::Stop, CERTIFICATE,
        "compare this machine's clock (`date -u`) with the certificate's dates: a clock that is behind is the usual reason; the key was not sent"),
    entry(Fault::Clock, "tls.clock", Exit::Certificate, RetryClass::Retry, CERTIFICATE,
        "this machine's clock is older than this program: set the clock (NTP) and it will connect; the key was not sent"),
    entry(Fault::WrongName, "tls.name", Exit::Certificate, RetryClass::Stop, CERTIFICATE,
        "the certificate belongs to another host: check --host and --resolve, the DNS answer, and whether something intercepts the connection; the key was not sent"),
    entry(Fault::WeakCertificate, "tls.weak", Exit::Certificate, RetryClass::Stop, CERTIFICATE,
        "the key or digest in the chain is too weak for this machine's policy: usually an outdated inspection proxy; the key was not sent"),
    entry(Fault::NotTls, "tls.not_tls", Exit::Protocol, RetryClass::Stop, CERTIFICATE,
        "the port does not speak TLS: check host and port, and whether a portal or proxy answers in the service's place"),
    entry(Fault::Handshake, "tls.handshake", Exit::Protocol, RetryClass::Stop, CERTIFICATE,
        "the two ends found no common ground: usually an inspection proxy or an old middlebox in between; the key was not sent"),
    entry(Fault::TlsClosed, "tls.closed", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "the connection ended inside the TLS handshake: a firewall that filters by host name, or a load balancer without servers"),
    entry(Fault::TlsReset, "tls.reset", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "the connection was reset inside the TLS handshake: typical of a firewall that filters by host name"),
    entry(Fault::TlsTimeout, "tls.timeout", Exit::Unavailable, RetryClass::Retry, TIMEOUT,
        "TCP was accepted but TLS did not finish in time: something in between swallows it; raise --connect-timeout on a slow network"),

    entry(Fault::Unauthorized, "auth.unauthorized", Exit::Denied, RetryClass::Stop, Some("401 Unauthorized"),
        "check the key for typos and whitespace, that it belongs to this tenant, and the tenant name itself"),
    entry(Fault::Forbidden, "auth.forbidden", Exit::Denied, RetryClass::Stop, Some("403 Forbidden"),
        "the key is valid but may not read this topic: try the default topic `all`, or ask 8x8 support for access"),
    entry(Fault::NotFound, "auth.not_found", Exit::Config, RetryClass::Stop, None,
        "check --tenant, --namespace and --topic, and that --host is an 8x8 event streaming host"),
    entry(Fault::BadRequest, "auth.bad_request", Exit::Config, RetryClass::Stop, None,
        "the service refused a parameter: check --message-id, --topic and --receiver-queue-size"),
    entry(Fault::RefusedForGood, "auth.refused", Exit::Config, RetryClass::Stop, None,
        "the service refuses this request for good: check --tenant, --namespace, --topic and --message-id"),
    entry(Fault::NoResumeById, "auth.partitioned", Exit::Config, RetryClass::Stop, None,
        "a partitioned topic cannot be resumed by id: read one partition by its own name (--topic NAME-partition-0), or use --message-id earliest or --since"),
    entry(Fault::Busy, "auth.busy", Exit::Busy, RetryClass::Stop, None,
        "another consumer holds the subscription: stop it or wait until its connection ends"),
    entry(Fault::RateLimited, "auth.rate_limited", Exit::Busy, RetryClass::Retry, None,
        "the service asks for fewer connections: check that only one reader runs, and raise --retry-delay"),
    entry(Fault::ServerError, "auth.server_error", Exit::Unavailable, RetryClass::Few, None,
        "the service answered with an error of its own: try again later; if it stays, check --tenant, --namespace and --topic, then ask 8x8 support with this sentence"),
    entry(Fault::GatewayError, "auth.server_error", Exit::Unavailable, RetryClass::Retry, None,
        "the gateway answers but the service behind it does not: try again later; if it lasts, ask 8x8 support"),
    entry(Fault::NotWebSocket, "auth.not_websocket", Exit::Protocol, RetryClass::Stop, None,
        "no WebSocket endpoint answered: check --host and --port, and whether a portal, a login page or a proxy that strips `Upgrade` stands in between"),
    entry(Fault::BadAccept, "auth.bad_accept", Exit::Protocol, RetryClass::Stop, None,
        "the answer does not belong to our request: a caching or rewriting proxy stands in between"),
    entry(Fault::UpgradeClosed, "auth.closed", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "the server hung up instead of answering: often a gateway without servers behind it, or a wrong --host"),
    entry(Fault::UpgradeReset, "auth.reset", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "the connection was reset instead of an answer: often a firewall or a gateway without servers behind it"),
    entry(Fault::UpgradeTimeout, "auth.timeout", Exit::Unavailable, RetryClass::Retry, Some("Common Error Messages: context deadline exceeded"),
        "TLS works but no answer came in time: with its broker down the service takes 30 to 60 s to say so, so leave --connect-timeout at 60s or more"),

    entry(Fault::StreamClosed, "stream.closed", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "a follower connects again by itself and goes on after the last event; if it happens often, look for a proxy or load balancer that cuts long connections"),
    entry(Fault::StreamReset, "stream.reset", Exit::Unavailable, RetryClass::Retry, CLOSED,
        "a follower connects again by itself and goes on after the last event; if it happens often, look for a firewall or gateway that cuts long connections"),
    entry(Fault::NoPong, "stream.no_pong", Exit::Unavailable, RetryClass::Retry, TIMEOUT,
        "the other end stopped answering: a lost network path or a hung server; see --ping-interval and --ping-timeout"),
    entry(Fault::Silence, "stream.silent", Exit::Unavailable, RetryClass::Retry, Some("No Messages Received"),
        "no message came: check the region (`tail8x8 regions`), try --message-id earliest, or cause an event (an agent login)"),
    entry(Fault::ProtocolViolation, "stream.protocol", Exit::Protocol, RetryClass::Retry, None,
        "the bytes are no valid WebSocket frames: usually a proxy or inspection box in between tampers with them"),
    entry(Fault::TooLarge, "stream.too_large", Exit::Protocol, RetryClass::Never, Some("Cannot Decode Payload"),
        "raise --max-message-size above the size named here; until then this message would come again for ever"),
    entry(Fault::BadPayload, "stream.bad_payload", Exit::Data, RetryClass::Never, Some("Cannot Decode Payload"),
        "look at the message with --format envelope, or leave --on-reject stop out to skip messages like it"),

    entry(Fault::OutputFailed, "output.failed", Exit::Output, RetryClass::Never, None,
        "check the space and rights of what the output leads to; start again with --message-id to go on after the last line"),
    entry(Fault::DiskRefused, "output.disk", Exit::Output, RetryClass::Never, None,
        "make room or mend the disk: nothing was acknowledged that is not written, and the same command goes on where this one stopped if it has a --cursor-file"),
    entry(Fault::CannotCreate, "output.create", Exit::CantCreate, RetryClass::Never, None,
        "name a file in a folder that exists and that this user may write"),
    entry(Fault::BadCursor, "config.cursor", Exit::Config, RetryClass::Never, None,
        "nothing was changed: use another --cursor-file; to go on without a double, move this one away and give --since the time of the last event you have"),
    entry(Fault::ForeignIds, "stream.foreign_ids", Exit::Config, RetryClass::Never, None,
        "move the cursor away, and give --since the time of the last event you have"),
    entry(Fault::Locked, "config.locked", Exit::Busy, RetryClass::Never, None,
        "another run writes the same file: stop it, give each run files of its own, or wait for it with --lock-wait"),
    entry(Fault::ReportExists, "config.report", Exit::CantCreate, RetryClass::Never, None,
        "name a file that does not exist yet, in a folder that this user may write"),
    entry(Fault::OutOfTime, "stream.no_session", Exit::Unavailable, RetryClass::Never, TIMEOUT,
        "the run's time was over before a session was open: see the failures before, or raise --max-time"),
];

/// A sentence of the service that says more than the status it comes with.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// A part of the sentence, as Apache Pulsar 4.0 or 4.2 words it.
    pub(crate) part: &'static str,
    /// The problem it stands for, where it has one of its own.
    pub(crate) fault: Option<Fault>,
    pub(crate) advice: &'static str,
}

/// The known sentence that this one is, if it is: all of them stay until someone mends the request.
pub(crate) fn known_sentence(sentence: &str) -> Option<&'static Sentence> {
    SENTENCES.iter().find(|known| sentence.contains(known.part))
}

const fn says(part: &'static str, advice: &'static str) -> Sentence {
    Sentence { part, fault: None, advice }
}

const MESSAGE_ID: &str = "the service cannot read this message id: give --message-id one that the service itself has sent, `earliest` or `latest`";
const MISSING_TOPIC: &str = "this tenant has no such topic: check --topic (the default is `all`) and --namespace, and with 8x8 whether event streaming is enabled";

#[rustfmt::skip]
const SENTENCES: &[Sentence] = &[
    Sentence {
        fault: Some(Fault::NoResumeById),
        ..says("partitioned topic startMessageId is illegal", "a partitioned topic cannot be resumed by id: read one partition by its own name (--topic NAME-partition-0), or use --message-id earliest or --since")
    },
    says("Namespace not found", "this tenant has no such namespace: check --tenant and --namespace (the default is event-v1)"),
    says("Tenant not found", "the service knows no such tenant: check --tenant"),
    says("Topic not found", MISSING_TOPIC),
    says("opic does not exist", MISSING_TOPIC),
    says(r#""errorMsg":"""#, MISSING_TOPIC),
    says("Invalid messageId", MESSAGE_ID),
    says("Illegal base64", MESSAGE_ID),
    says("IndexOutOfBounds", MESSAGE_ID),
    says("malformed varint", MESSAGE_ID),
    says("Invalid topic name", "the service cannot read the topic's name: check --tenant, --namespace and --topic"),
    says("receiverQueueSize", "the service refuses this --receiver-queue-size: 1 to 1000 are possible"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile when a problem is added without being counted here.
    const LAST: Fault = Fault::OutOfTime;

    #[test]
    fn every_problem_has_exactly_one_row() {
        assert_eq!(TABLE.len(), LAST as usize + 1);
        for (i, row) in TABLE.iter().enumerate() {
            assert!(TABLE[..i].iter().all(|other| other.fault != row.fault), "{row:?}");
        }
    }

    #[test]
    fn every_code_names_a_step_and_every_row_says_what_to_do() {
        for row in TABLE {
            let (step, problem) = row.code.split_once('.').expect("step.fault");
            assert!(
                ["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "output"]
                    .contains(&step)
            );
            assert!(!problem.is_empty() && row.advice.len() > 20, "{row:?}");
            assert!(!row.advice.ends_with('.'), "advice is no sentence of its own: {row:?}");
        }
    }
}
