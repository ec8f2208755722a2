//! What can be wrong at the auth step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Unauthorized,
        code: "auth.unauthorized",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::Unauthorized],
        headline: "",
        means: "the service does not accept the API key for this tenant",
        fixes: &[
            "check the key for typos and whitespace, that it belongs to this tenant, and the tenant name itself",
        ],
    },
    Row {
        fault: Fault::Forbidden,
        code: "auth.forbidden",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::Forbidden],
        headline: "",
        means: "the service accepts the API key, but not for what was asked",
        fixes: &[
            "the key is valid but may not read this topic: try the default topic `all`, or ask 8x8 support for access",
        ],
    },
    Row {
        fault: Fault::NotFound,
        code: "auth.not_found",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "the service knows no such path, tenant, namespace or topic",
        fixes: &[
            "check --tenant, --namespace and --topic, and that --host is an 8x8 event streaming host",
        ],
    },
    Row {
        fault: Fault::BadRequest,
        code: "auth.bad_request",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "the service does not accept a parameter of the request",
        fixes: &[
            "the service refused a parameter: check --message-id, --topic and --receiver-queue-size",
        ],
    },
    Row {
        fault: Fault::RefusedForGood,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "the service refuses the request, and will until the request is changed",
        fixes: &[
            "the service refuses this request for good: check --tenant, --namespace, --topic and --message-id",
        ],
    },
    Row {
        fault: Fault::NoResumeById,
        code: "auth.partitioned",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "the topic has partitions, and the service does not start in the middle of such a topic by message id",
        fixes: &[
            "a partitioned topic cannot be resumed by id: read one partition by its own name (--topic NAME-partition-0), or use --message-id earliest or --since",
        ],
    },
    Row {
        fault: Fault::Busy,
        code: "auth.busy",
        exit: Exit::Busy,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "another consumer is connected to this exclusive subscription",
        fixes: &[
            "another consumer holds the subscription: stop it or wait until its connection ends",
        ],
    },
    Row {
        fault: Fault::RateLimited,
        code: "auth.rate_limited",
        exit: Exit::Busy,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "",
        means: "too many requests or connections in a short time",
        fixes: &[
            "the service asks for fewer connections: check that only one reader runs, and raise --retry-delay",
        ],
    },
    Row {
        fault: Fault::ServerError,
        code: "auth.server_error",
        exit: Exit::Unavailable,
        retry: RetryClass::Few,
        pages: &[],
        headline: "",
        means: "the service itself failed on this request",
        fixes: &[
            "the service answered with an error of its own: try again later",
            "if it stays, check --tenant, --namespace and --topic, then ask 8x8 support with this sentence",
        ],
    },
    Row {
        fault: Fault::GatewayError,
        code: "auth.server_error",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "",
        means: "the gateway in front of the service answered, but the service behind it did not",
        fixes: &[
            "the gateway answers but the service behind it does not: try again later",
            "if it lasts, ask 8x8 support",
        ],
    },
    Row {
        fault: Fault::NotWebSocket,
        code: "auth.not_websocket",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "what answered is no WebSocket endpoint, or something in between keeps WebSocket from working",
        fixes: &[
            "no WebSocket endpoint answered: check --host and --port, and whether a portal, a login page or a proxy that strips `Upgrade` stands in between",
        ],
    },
    Row {
        fault: Fault::BadAccept,
        code: "auth.bad_accept",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
        means: "the answer to the WebSocket request was made for another request",
        fixes: &[
            "the answer does not belong to our request: a caching or rewriting proxy stands in between",
        ],
    },
    Row {
        fault: Fault::UpgradeClosed,
        code: "auth.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "TLS worked, but the server hung up without an HTTP answer",
        fixes: &[
            "the server hung up instead of answering: often a gateway without servers behind it, or a wrong --host",
        ],
    },
    Row {
        fault: Fault::UpgradeReset,
        code: "auth.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "TLS worked, but the connection was cut by force before an HTTP answer",
        fixes: &[
            "the connection was reset instead of an answer: often a firewall or a gateway without servers behind it",
        ],
    },
    Row {
        fault: Fault::UpgradeTimeout,
        code: "auth.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageDeadline],
        headline: "",
        means: "TLS worked, but the HTTP answer did not come in time",
        fixes: &[
            "TLS works but no answer came in time: with its broker down the service takes 30 to 60 s to say so, so leave --connect-timeout at 60s or more",
        ],
    },
];
