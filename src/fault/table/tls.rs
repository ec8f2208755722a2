//! The faults of the tls step.

use super::shared::REMOVE_INSECURE;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const INTERCEPTED: &str = "the name is right but the issuer is not a public CA: a proxy, firewall or antivirus replaced the certificate";
const EXEMPT: &str = "exempt {hosts} from TLS inspection (it often breaks WebSocket too)";
const TRUST_ROOT: &str =
    "or trust your company's root: --ca-file corp-root.pem, or the system store";
const NO_INSECURE: &str =
    "avoid --insecure: it hands your API key to whoever holds that certificate";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Untrusted,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the certificate is not trusted",
        means: "the server's certificate does not lead to a root certificate that this machine trusts",
        fixes: &[
            "if a company proxy inspects TLS, give its root with --ca-file",
            "otherwise update the root certificates (apt-get install ca-certificates)",
        ],
    },
    Row {
        fault: Fault::SelfSigned,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the certificate is self-signed",
        means: "the server's certificate is self-signed; 8x8 does not use self-signed certificates",
        fixes: &[
            "check --host, --resolve and the DNS answer: something other than 8x8 answers",
            "if the server is your own, trust it: --ca-file its-certificate.pem",
        ],
    },
    Row {
        fault: Fault::UnknownAuthority,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the authority \"{issuer}\" is unknown here",
        means: "the server's certificate was issued by an authority that this machine does not know",
        fixes: &[
            "update the root certificates: apt-get install ca-certificates",
            "or, if you know this authority, trust it: --ca-file root.pem",
        ],
    },
    Row {
        fault: Fault::OtherX509,
        code: "tls.untrusted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "a certificate is not trusted: {problem}",
        means: "a certificate of the server's chain breaks a rule of X.509",
        fixes: &[
            "ask whoever runs the server, or a proxy before it, to correct the certificate",
        ],
    },
    Row {
        fault: Fault::EmptyStore,
        code: "tls.empty_store",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "this machine has no root certificate",
        means: "this machine has no root certificate, so it cannot verify any server",
        fixes: &[
            "install them: apt-get install ca-certificates (or your system's package)",
            "or give your company's root: --ca-file corp-root.pem",
        ],
    },
    Row {
        fault: Fault::MissingIntermediate,
        code: "tls.missing_intermediate",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the server's certificate chain is incomplete",
        means: "the server sent its own certificate without the one of its issuer",
        fixes: &[
            "tell whoever runs the server (or a proxy before it): its chain is incomplete",
            "meanwhile give the missing certificate: --ca-file intermediate.pem",
        ],
    },
    Row {
        fault: Fault::Intercepted,
        code: "tls.intercepted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "intercepted by \"{issuer}\"",
        means: INTERCEPTED,
        fixes: &[
            EXEMPT,
            TRUST_ROOT,
            NO_INSECURE,
        ],
    },
    Row {
        fault: Fault::LoneInspector,
        code: "tls.intercepted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "intercepted by \"{issuer}\"",
        means: INTERCEPTED,
        fixes: &[
            EXEMPT,
            TRUST_ROOT,
            NO_INSECURE,
            "or, if the server is your own, have it send the rest of its chain",
        ],
    },
    Row {
        fault: Fault::ProbablyIntercepted,
        code: "tls.intercepted",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "probably intercepted by \"{issuer}\"",
        means: INTERCEPTED,
        fixes: &[
            EXEMPT,
            TRUST_ROOT,
            NO_INSECURE,
            "or, if the server is your own, have it send the rest of its chain",
        ],
    },
    Row {
        fault: Fault::TrustedInspector,
        code: "tls.intercepted",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "trusted here, but intercepted by \"{issuer}\"",
        means: "this machine trusts the certificate, but its issuer is not a public CA: a proxy, firewall or antivirus replaced it",
        fixes: &[
            EXEMPT,
        ],
    },
    Row {
        fault: Fault::Expired,
        code: "tls.expired",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "a certificate has expired",
        means: "a certificate of the server has expired, or this machine's clock is ahead",
        fixes: &[
            "compare this machine's clock (`date -u`) with the certificate's dates",
            "if the clock is right, 8x8 must renew its certificate: report it",
        ],
    },
    Row {
        fault: Fault::NotYetValid,
        code: "tls.not_yet_valid",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "a certificate is not valid yet",
        means: "a certificate of the server is not valid yet, most often because this machine's clock is behind",
        fixes: &[
            "compare this machine's clock (`date -u`) with the true time: usually it is behind",
            "if the clock is right, 8x8 must replace its certificate: report it",
        ],
    },
    Row {
        fault: Fault::Clock,
        code: "tls.clock",
        exit: Exit::Certificate,
        retry: RetryClass::Retry,
        pages: &[Page::CertificateErrors],
        headline: "this machine's clock is wrong",
        means: "this machine's clock is wrong, so no certificate can be verified",
        fixes: &[
            "set the clock (`timedatectl set-ntp true`), then try again",
        ],
    },
    Row {
        fault: Fault::WrongName,
        code: "tls.name",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the certificate is for another name",
        means: "the certificate was issued for another host name than the one that was asked for",
        fixes: &[
            "check --host, --resolve and the DNS answer: the name may lead to another machine",
            "look for a portal, login page or inspection box that answers in the service's place",
        ],
    },
    Row {
        fault: Fault::WeakCertificate,
        code: "tls.weak",
        exit: Exit::Certificate,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "a certificate is too weak",
        means: "a certificate has a key or digest that is too weak for this machine's policy",
        fixes: &[
            "usually an outdated inspection proxy: have it updated",
            "or have {hosts} exempted from TLS inspection",
        ],
    },
    Row {
        fault: Fault::InsecureTls,
        code: "tls.insecure",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the certificate was not verified (--insecure)",
        means: "the server was not verified (--insecure), so anyone in between can read the API key",
        fixes: &[
            REMOVE_INSECURE,
        ],
    },
    Row {
        fault: Fault::ExpiresSoon,
        code: "tls.expires_soon",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the certificate expires in {days} days",
        means: "the certificate is still valid, but not for long",
        fixes: &[
            "have it renewed by whoever runs the server, or the proxy that issued it",
        ],
    },
    Row {
        fault: Fault::NotTls,
        code: "tls.not_tls",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the port does not speak TLS",
        means: "client and server disagree on whether this port speaks TLS at all",
        fixes: &[
            "check host and port, and whether a portal or proxy answers in the service's place",
        ],
    },
    Row {
        fault: Fault::Handshake,
        code: "tls.handshake",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "client and server could not agree on TLS settings",
        means: "client and server could not agree on TLS settings, or one refused the other",
        fixes: &[
            "look for an inspection proxy or an old middlebox in between, the usual reason",
        ],
    },
    Row {
        fault: Fault::LateAlert,
        code: "tls.handshake",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "the server ended TLS after the handshake",
        means: "the server ended TLS after the client's half of the handshake was done, most often because it wants a client certificate",
        fixes: &[
            "8x8's service asks for no client certificate: check --host, and whether an inspection proxy stands in between",
        ],
    },
    Row {
        fault: Fault::TlsClosed,
        code: "tls.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the connection was closed during the TLS handshake",
        means: "the connection was closed before TLS was set up",
        fixes: &[
            "look for a firewall that filters by host name, or a load balancer without servers",
        ],
    },
    Row {
        fault: Fault::TlsReset,
        code: "tls.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the connection was reset during the TLS handshake",
        means: "the connection was reset before TLS was set up",
        fixes: &[
            "look for a firewall that filters by host name",
        ],
    },
    Row {
        fault: Fault::TlsTimeout,
        code: "tls.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "the TLS handshake did not finish in time",
        means: "the connection was accepted, but the TLS handshake did not finish in time",
        fixes: &[
            "something on the path drops the handshake: check the firewall and any proxy in between",
            "raise --connect-timeout on a slow network",
        ],
    },
];
