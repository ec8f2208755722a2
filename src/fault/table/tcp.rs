//! What can be wrong at the tcp step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Refused,
        code: "tcp.refused",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageRefused],
        headline: "",
        means: "the machine at that address was reached and said no: nothing listens on the port, or a firewall rejects it",
        fixes: &[
            "something answered and said no: verify host and port, and that the firewall allows outbound HTTPS (port 443)",
            "compare `nc -zv HOST 443`",
        ],
    },
    Row {
        fault: Fault::ConnectTimeout,
        code: "tcp.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "",
        means: "the address did not answer at all while the connection was being set up",
        fixes: &[
            "no answer at all: a firewall drops the packets or the route is wrong",
            "allow outbound port 443, set a --proxy, or raise --connect-timeout on a slow network",
        ],
    },
    Row {
        fault: Fault::Unreachable,
        code: "tcp.unreachable",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "this machine knows no way to the address",
        fixes: &[
            "there is no way to the address: check the network link, the VPN and the route",
            "-4 leaves IPv6 out",
        ],
    },
];
