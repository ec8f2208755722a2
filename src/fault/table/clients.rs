//! Faults that only other clients report. They have the codes of the corresponding faults of this
//! program, but other fixes.

use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const SOCKS: &str = "tail8x8 uses HTTP proxies only (--proxy http://HOST:PORT): ask for one, or check the SOCKS proxy's own rules and network";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::BlockedHere,
        code: "tcp.unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "this machine itself forbids the connection",
        means: "a firewall or route of this machine forbids the connection",
        fixes: &[
            "allow outbound port {port} for this program",
        ],
    },
    Row {
        fault: Fault::SocksLogin,
        code: "proxy.auth_required",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the SOCKS proxy requires a login",
        means: "a SOCKS proxy in between requires a login",
        fixes: &[
            SOCKS,
        ],
    },
    Row {
        fault: Fault::SocksForbidden,
        code: "proxy.forbidden",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the SOCKS proxy's rules block the service",
        means: "a SOCKS proxy in between does not allow this connection",
        fixes: &[
            SOCKS,
        ],
    },
    Row {
        fault: Fault::SocksTarget,
        code: "proxy.target_unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "the SOCKS proxy cannot reach the service",
        means: "a SOCKS proxy in between was reached, but could not reach the service",
        fixes: &[
            SOCKS,
        ],
    },
    Row {
        fault: Fault::NotASocksProxy,
        code: "proxy.not_a_proxy",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "what answers does not speak the expected SOCKS",
        means: "what answers at the SOCKS proxy's address does not speak the expected version of SOCKS",
        fixes: &[
            SOCKS,
        ],
    },
    Row {
        fault: Fault::NoCaFile,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the client has no usable root certificates",
        means: "the client has no usable root certificates, so it cannot verify any server",
        fixes: &[
            "check the CA file the client was given (--ca-file, SSL_CERT_FILE), or install root certificates (apt-get install ca-certificates)",
        ],
    },
    Row {
        fault: Fault::PlainHttp,
        code: "tls.not_tls",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the client spoke plain HTTP to a TLS port",
        means: "the client spoke plain HTTP (ws:// or http://) to a port that expects TLS",
        fixes: &[
            "use wss://, as tail8x8 does by itself",
        ],
    },
    Row {
        fault: Fault::NoKeyHeader,
        code: "auth.unauthorized",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::Unauthorized],
        headline: "the request carried no API key",
        means: "the service found no API key in the request",
        fixes: &[
            "send the key in the header X-API-Key, spelled with the X-; tail8x8 does so by itself, from --x-api-key-file or PULSAR_API_KEY",
        ],
    },
    Row {
        fault: Fault::StreamIdle,
        code: "stream.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the stream was closed as idle",
        means: "an open stream was closed because nothing was sent on it: the service allows 5 minutes, load balancers less",
        fixes: &[
            "ping every 30 seconds, as tail8x8 does (--ping-interval)",
        ],
    },
    Row {
        fault: Fault::StreamPolicy,
        code: "stream.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the service closed the stream for reasons of policy",
        means: "an open stream was closed for reasons of policy",
        fixes: &[
            "check that the key may (still) read this topic, then reconnect with growing pauses",
        ],
    },
    Row {
        fault: Fault::StreamError,
        code: "stream.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the service closed the stream after an error of its own",
        means: "an open stream was closed because the service had an error of its own",
        fixes: &[
            "reconnect with growing pauses, as tail8x8 does by itself",
        ],
    },
    Row {
        fault: Fault::ClientAcks,
        code: "stream.no_acks",
        exit: Exit::Unavailable,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "the client does not acknowledge messages",
        means: "the service sends --receiver-queue-size messages ({default_queue} by default), and no more until they are acknowledged",
        fixes: &[
            "acknowledge each message once, readers too; tail8x8 does so by itself",
        ],
    },
    Row {
        fault: Fault::ClientLimit,
        code: "stream.too_large",
        exit: Exit::Protocol,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "a message is larger than the client accepts",
        means: "a message is larger than the client accepts, and would arrive again after each reconnect",
        fixes: &[
            "raise the client's limit for one message (in tail8x8: --max-message-size, {default_size} by default; messages can reach 7 MB)",
        ],
    },
    Row {
        fault: Fault::ClientBase64,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "the client decodes something that is not base64",
        means: "what was decoded is not valid base64: often the whole message instead of its payload",
        fixes: &[
            "decode the `payload` member of the message, not the message itself, and only once the whole message was read; tail8x8 does both, so compare what it prints",
        ],
    },
    Row {
        fault: Fault::ClientJson,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Never,
        pages: &[Page::InvalidJson],
        headline: "the client parses something that is not the event",
        means: "what was parsed is not JSON of the expected shape: often the envelope or the base64 text instead of the decoded payload, or an HTML page of a proxy",
        fixes: &[
            "parse the decoded `payload` member, not the message around it; compare `tail8x8 -n 5 --format envelope`, which marks what is not JSON",
        ],
    },
    Row {
        fault: Fault::WrongRegion,
        code: "regions.elsewhere",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion],
        headline: "the events are in another region",
        means: "the key is accepted, but the events of this Contact Center appear at another region's host",
        fixes: &[
            "find the region of your cluster with `tail8x8 regions`, then name it: --region US1 or --cluster NA12",
            "ask 8x8 support if you are unsure which cluster is yours",
        ],
    },
];
