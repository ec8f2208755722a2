//! The faults of the dns step.

use super::shared::PROXY_ADDRESS;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const NSLOOKUP: &str = "compare `nslookup {host}`";
const NO_ANSWER: &str = "the nameservers gave no answer, so whether the name exists is unknown";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::NoSuchName,
        code: "dns.no_such_name",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the host name does not exist",
        means: "the host name does not exist in the DNS that this machine asks",
        fixes: &[
            "check --host for typos, or name the region (--region {regions}) or your cluster (--cluster NA12)",
            NSLOOKUP,
        ],
    },
    Row {
        fault: Fault::NoAddress,
        code: "dns.no_address",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the host name has no address of the wanted kind",
        means: "the host name exists, but has no address of the wanted kind",
        fixes: &[
            "check --host, -4 and -6, and whether a VPN or split DNS hides the address",
        ],
    },
    Row {
        fault: Fault::NoAnswer,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no nameserver could resolve the name",
        means: NO_ANSWER,
        fixes: &[
            "check /etc/resolv.conf, the VPN, and that DNS (port 53) is allowed",
            NSLOOKUP,
        ],
    },
    Row {
        fault: Fault::NameserverSilent,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no answer from {nameserver}",
        means: NO_ANSWER,
        fixes: &[
            "ask your network team to allow DNS (port 53) to it, and check the VPN that leads there",
        ],
    },
    Row {
        fault: Fault::NameserverClosed,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no answer from {nameserver} (port closed)",
        means: NO_ANSWER,
        fixes: &[
            "start the resolver at that address, or name another in /etc/resolv.conf",
        ],
    },
    Row {
        fault: Fault::NameserverUnreachable,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no route to {nameserver}",
        means: NO_ANSWER,
        fixes: &[
            "check the network and the VPN, or name another nameserver in /etc/resolv.conf",
        ],
    },
    Row {
        fault: Fault::NameserverRefused,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no answer from {nameserver} (REFUSED)",
        means: NO_ANSWER,
        fixes: &[
            "the nameserver refuses queries from this machine: check the VPN, and who wrote /etc/resolv.conf",
        ],
    },
    Row {
        fault: Fault::NameserverFailed,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no answer from {nameserver} (SERVFAIL)",
        means: NO_ANSWER,
        fixes: &[
            "the nameserver cannot reach the Internet: try again later, then tell whoever runs it",
        ],
    },
    Row {
        fault: Fault::ProxyNoSuchName,
        code: "dns.no_such_name",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy's host name does not exist",
        means: "the proxy's host name does not exist in the DNS that this machine asks",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::ProxyNoAddress,
        code: "dns.no_address",
        exit: Exit::NoHost,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the proxy's name has no address of the wanted kind",
        means: "the proxy's host name exists, but has no address of the wanted kind",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::ProxyNoAnswer,
        code: "dns.no_answer",
        exit: Exit::NoHost,
        retry: RetryClass::Retry,
        pages: &[Page::CannotConnect],
        headline: "no nameserver could resolve the proxy's name",
        means: "the nameservers gave no answer, so whether the proxy's name exists is unknown",
        fixes: &[
            PROXY_ADDRESS,
        ],
    },
    Row {
        fault: Fault::OddAddress,
        code: "dns.odd_address",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "{address} is {kind}",
        means: "the host name resolves to an address that no service on the Internet has",
        fixes: &[
            "check the hosts file, the VPN and DNS filters: the name resolves differently on this machine",
        ],
    },
    Row {
        fault: Fault::SlowDns,
        code: "dns.slow",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "the name was resolved only after {elapsed}",
        means: "the first nameserver does not answer, so each lookup waits for it before another is asked",
        fixes: &[
            "remove or fix the nameserver that does not answer (/etc/resolv.conf): every connect waits for it",
        ],
    },
    Row {
        fault: Fault::SearchDomain,
        code: "dns.search_domain",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CannotConnect],
        headline: "{host} was resolved as {name}, by a search domain",
        means: "the host name itself does not lead there: the resolver appended a search domain, which answers to every name",
        fixes: &[
            "correct the host name, or end it with a dot (--host {host}.), so that no search domain is appended",
            "remove the search domain, its wildcard, or `ndots` (/etc/resolv.conf)",
        ],
    },
    Row {
        fault: Fault::LeadsAbroad,
        code: "config.usage",
        exit: Exit::Usage,
        retry: RetryClass::Never,
        pages: &[],
        headline: "ws:// would send the key without encryption",
        means: "the host name resolves to another machine, where ws:// would send the key without encryption",
        fixes: &[
            "use wss://",
        ],
    },
];
