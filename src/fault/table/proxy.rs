//! The faults of the proxy step.

use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::ProxyLogin,
        code: "proxy.auth_required",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy requires a login",
        means: "the proxy in between, not the service, requires a user and password",
        fixes: &[
            "put a user and password into the proxy URL (http://USER:PASSWORD@HOST:PORT)",
            "only Basic is supported, so an NTLM or Negotiate proxy needs a local relay",
        ],
    },
    Row {
        fault: Fault::ProxyLoginRejected,
        code: "proxy.auth_required",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy does not accept the login",
        means: "the proxy in between, not the service, does not accept the user and password",
        fixes: &[
            "the proxy does not accept this login: check user and password in its URL; only Basic is supported",
        ],
    },
    Row {
        fault: Fault::ProxyNoBasic,
        code: "proxy.auth_required",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy does not offer Basic authentication",
        means: "the proxy in between requires a login, but not by Basic, the only way that is supported",
        fixes: &[
            "this proxy does not offer Basic, the only login that is supported: run a local relay that logs in for you, and give that as the proxy",
        ],
    },
    Row {
        fault: Fault::ProxyForbidden,
        code: "proxy.forbidden",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy's policy blocks the service",
        means: "the proxy in between, not the service, does not allow this connection",
        fixes: &[
            "the proxy's policy blocks the service: ask its administrator to allow CONNECT to {host} on port {port}",
        ],
    },
    Row {
        fault: Fault::ProxyTarget,
        code: "proxy.target_unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "the proxy cannot reach the service",
        means: "the proxy in between was reached, but could not reach the service",
        fixes: &[
            "the proxy was reached but could not reach the service: check the host name, then the proxy's own DNS and network",
        ],
    },
    Row {
        fault: Fault::NotAProxy,
        code: "proxy.not_a_proxy",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "no HTTP proxy answers at that address",
        means: "what answers at the proxy's address is not an HTTP proxy that accepts CONNECT",
        fixes: &[
            "what answered is not an HTTP proxy that accepts CONNECT: check the proxy's address and port (http:// only, no SOCKS, no https://)",
        ],
    },
    Row {
        fault: Fault::ProxyClosed,
        code: "proxy.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "the proxy hung up without an answer",
        means: "the proxy closed the connection instead of opening a tunnel",
        fixes: &[
            "the proxy hung up without an answer: check its port, and whether it allows CONNECT to port {port}",
        ],
    },
    Row {
        fault: Fault::ProxyTimeout,
        code: "proxy.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "the proxy did not answer in time",
        means: "the proxy accepted the connection, but did not open a tunnel in time",
        fixes: &[
            "check the proxy, or raise --connect-timeout",
        ],
    },
];
