//! The faults of the tcp step.

use super::shared::PROXY_ADDRESS;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const SINKHOLE: &str = "the name resolves to {address}, an address of this machine: a DNS filter or hosts entry blocks it; ask for the host to be allowed";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Refused,
        code: "tcp.refused",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageRefused],
        headline: "the connection was refused",
        means: "the connection was refused: nothing listens on the port, or a firewall rejects it",
        fixes: &[
            "verify host and port, and that the firewall allows outbound HTTPS (port {port})",
            "compare `nc -zv {host} {port}`",
        ],
    },
    Row {
        fault: Fault::ConnectTimeout,
        code: "tcp.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "no answer: a firewall, or the wrong route",
        means: "the address did not answer at all while the connection was being set up",
        fixes: &[
            "a firewall drops the packets or the route is wrong: allow outbound port {port}, set a --proxy, or raise --connect-timeout on a slow network",
        ],
    },
    Row {
        fault: Fault::Unreachable,
        code: "tcp.unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "there is no route to the address",
        means: "this machine has no route to the address",
        fixes: &[
            "check the network link, the VPN and the routes",
            "-4 leaves out IPv6",
        ],
    },
    Row {
        fault: Fault::ProxyRefused,
        code: "tcp.refused",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageRefused],
        headline: "nothing listens on the proxy's port",
        means: "the connection to the proxy, not to the service, was refused: nothing listens on the port, or a firewall rejects it",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::ProxyConnectTimeout,
        code: "tcp.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "the proxy's address does not answer",
        means: "the address of the proxy, not of the service, did not answer",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::ProxyUnreachable,
        code: "tcp.unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "there is no route to the proxy",
        means: "this machine has no route to the proxy",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::SinkholeRefused,
        code: "tcp.refused",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageRefused],
        headline: "a DNS filter or hosts entry blocks the name",
        means: "the name resolves to an address of this machine, where nothing listens: a DNS filter or hosts entry blocks it",
        fixes: &[
            SINKHOLE,
        ],
    },
    Row {
        fault: Fault::SinkholeTimeout,
        code: "tcp.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "a DNS filter or hosts entry blocks the name",
        means: "the name resolves to an address of this machine, which does not answer: a DNS filter or hosts entry blocks it",
        fixes: &[
            SINKHOLE,
        ],
    },
    Row {
        fault: Fault::SinkholeUnreachable,
        code: "tcp.unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "a DNS filter or hosts entry blocks the name",
        means: "the name resolves to an address of this machine that cannot be reached: a DNS filter or hosts entry blocks it",
        fixes: &[
            SINKHOLE,
        ],
    },
    Row {
        fault: Fault::SomeUnreachable,
        code: "tcp.some_unreachable",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "some addresses of the host cannot be reached",
        means: "one of the host's addresses can be reached, another cannot, so a connect may wait for the first",
        fixes: &[
            "-4 leaves out IPv6; if IPv4 is affected too, check the firewall and the routes",
        ],
    },
];
