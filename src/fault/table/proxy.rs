//! What can be wrong at the proxy step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::ProxyLogin,
        code: "proxy.auth_required",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the proxy in between, not the service, wants a user and password",
        fixes: &[
            "put a user and password into the proxy URL (http://USER:PASSWORD@HOST:PORT)",
            "only Basic is supported, so an NTLM or Negotiate proxy needs a local relay",
        ],
    },
    Row {
        fault: Fault::ProxyForbidden,
        code: "proxy.forbidden",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the proxy in between, not the service, does not allow this connection",
        fixes: &[
            "the proxy's policy blocks the service: ask its administrator to allow CONNECT to the host on port 443",
        ],
    },
    Row {
        fault: Fault::ProxyTarget,
        code: "proxy.target_unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "",
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
        headline: "",
        means: "what answers at the proxy's address does not speak the expected proxy protocol",
        fixes: &[
            "what answered is no HTTP proxy that takes CONNECT: check the proxy's address and port (http:// only, no SOCKS, no https://)",
        ],
    },
    Row {
        fault: Fault::ProxyClosed,
        code: "proxy.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the proxy closed the connection instead of opening a tunnel",
        fixes: &[
            "the proxy hung up without an answer: check its port and whether it allows CONNECT to port 443",
        ],
    },
    Row {
        fault: Fault::ProxyTimeout,
        code: "proxy.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "",
        means: "the proxy accepted the connection, but did not open a tunnel in time",
        fixes: &[
            "the proxy accepted the connection but did not answer in time: check the proxy, or raise --connect-timeout",
        ],
    },
];
