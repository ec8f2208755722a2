//! What can be wrong at the tls step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Untrusted,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the server's certificate does not lead to a root certificate that this machine trusts",
        fixes: &[
            "if a company proxy inspects TLS, give its root with --ca-file",
            "otherwise update the root certificates (apt-get install ca-certificates)",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::Expired,
        code: "tls.expired",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the server's certificate is past its end, or this machine's clock is ahead",
        fixes: &[
            "compare this machine's clock (`date -u`) with the certificate's dates",
            "if the clock is right, the certificate must be renewed at the other end",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::NotYetValid,
        code: "tls.not_yet_valid",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the server's certificate is not valid yet, most often since this machine's clock is behind",
        fixes: &[
            "compare this machine's clock (`date -u`) with the certificate's dates: a clock that is behind is the usual reason",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::Clock,
        code: "tls.clock",
        exit: Exit::Certificate,
        retry: RetryClass::Retry,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "this machine's clock is wrong, so no certificate can be checked",
        fixes: &[
            "this machine's clock is older than this program: set the clock (NTP) and it will connect",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::WrongName,
        code: "tls.name",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the certificate was issued for another host name than the one that was asked for",
        fixes: &[
            "the certificate belongs to another host: check --host and --resolve, the DNS answer, and whether something intercepts the connection",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::WeakCertificate,
        code: "tls.weak",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the certificate or its chain uses a key or digest that counts as too weak today",
        fixes: &[
            "the key or digest in the chain is too weak for this machine's policy: usually an outdated inspection proxy",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::NotTls,
        code: "tls.not_tls",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the two ends disagree on whether this port speaks TLS at all",
        fixes: &[
            "the port does not speak TLS: check host and port, and whether a portal or proxy answers in the service's place",
        ],
    },
    Row {
        fault: Fault::Handshake,
        code: "tls.handshake",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "",
        means: "the two ends could not agree on how to speak TLS, or one refused the other",
        fixes: &[
            "the two ends found no common ground: usually an inspection proxy or an old middlebox in between",
            "the key was not sent",
        ],
    },
    Row {
        fault: Fault::TlsClosed,
        code: "tls.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "the connection was closed before TLS was set up",
        fixes: &[
            "the connection ended inside the TLS handshake: a firewall that filters by host name, or a load balancer without servers",
        ],
    },
    Row {
        fault: Fault::TlsReset,
        code: "tls.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "the connection was cut by force before TLS was set up",
        fixes: &[
            "the connection was reset inside the TLS handshake: typical of a firewall that filters by host name",
        ],
    },
    Row {
        fault: Fault::TlsTimeout,
        code: "tls.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "",
        means: "the connection was accepted, but TLS was not set up in time",
        fixes: &[
            "TCP was accepted but TLS did not finish in time: something in between swallows it",
            "raise --connect-timeout on a slow network",
        ],
    },
];
