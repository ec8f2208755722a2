//! What can be wrong at the dns step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::NoSuchName,
        code: "dns.no_such_name",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the host name does not exist in the DNS that this machine asks",
        fixes: &[
            "check --host for typos, or name the region (--region UK3, US1, US2) or your cluster (--cluster NA12)",
            "compare `nslookup` of the host",
        ],
    },
    Row {
        fault: Fault::NoAddress,
        code: "dns.no_address",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the host name exists, but without an address of the wanted kind",
        fixes: &[
            "the name exists but has no address of the wanted kind: check --host, -4 and -6, and whether a VPN or split DNS hides it",
        ],
    },
    Row {
        fault: Fault::NoAnswer,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "",
        means: "the nameservers gave no answer, so whether the name exists is unknown",
        fixes: &[
            "no nameserver gave an answer: check /etc/resolv.conf, the VPN, and that DNS (port 53) is allowed",
            "compare `nslookup` of the host",
        ],
    },
];
