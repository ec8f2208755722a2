//! The faults of the auth step.

use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const NOT_FOUND: &str = "the service knows no such path, tenant, namespace or topic";
const NO_TENANT: &str = "the service knows no such tenant: check --tenant";
const NO_NAMESPACE: &str = "this tenant has no such namespace: check --tenant and --namespace ({default_namespace} by default)";
const NO_TOPIC: &str = "this tenant has no such topic: check --topic (`{default_topic}` by default) and --namespace, and with 8x8 whether event streaming is enabled";
const BAD_REQUEST: &str = "the service does not accept a parameter of the request";
const MESSAGE_ID: &str = "the service cannot read this message id: give --message-id one that the service itself has sent, `earliest` or `latest`";
const TOPIC_NAME: &str =
    "the service cannot read the topic's name: check --tenant, --namespace and --topic";
const QUEUE_SIZE: &str = "the service rejects this --receiver-queue-size: 1 to 1000 are possible";
const REJECTED: &str = "the service rejects the request, and will until the request is changed";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Unauthorized,
        code: "auth.unauthorized",
        exit: Exit::Denied,
        retry: RetryClass::Stop,
        pages: &[Page::Unauthorized],
        headline: "the API key was refused for tenant {tenant}",
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
        headline: "the key is valid but may not read this topic",
        means: "the service accepts the API key, but not for what was asked",
        fixes: &[
            "the key is valid but may not read this topic: try the default topic `{default_topic}`, or ask 8x8 support for access",
        ],
    },
    Row {
        fault: Fault::NotFound,
        code: "auth.not_found",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "no such path, tenant, namespace or topic",
        means: NOT_FOUND,
        fixes: &[
            "check --tenant, --namespace and --topic, and that --host is an 8x8 event streaming host",
        ],
    },
    Row {
        fault: Fault::TenantNotFound,
        code: "auth.not_found",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service knows no such tenant",
        means: NOT_FOUND,
        fixes: &[
            NO_TENANT,
        ],
    },
    Row {
        fault: Fault::NamespaceNotFound,
        code: "auth.not_found",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "this tenant has no such namespace",
        means: NOT_FOUND,
        fixes: &[
            NO_NAMESPACE,
        ],
    },
    Row {
        fault: Fault::TopicNotFound,
        code: "auth.not_found",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "this tenant has no such topic",
        means: NOT_FOUND,
        fixes: &[
            NO_TOPIC,
        ],
    },
    Row {
        fault: Fault::BadRequest,
        code: "auth.bad_request",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service does not accept a parameter",
        means: BAD_REQUEST,
        fixes: &[
            "check --message-id, --topic and --receiver-queue-size",
        ],
    },
    Row {
        fault: Fault::UnreadableMessageId,
        code: "auth.bad_request",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service cannot read this message id",
        means: BAD_REQUEST,
        fixes: &[
            MESSAGE_ID,
        ],
    },
    Row {
        fault: Fault::UnreadableTopicName,
        code: "auth.bad_request",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service cannot read the topic's name",
        means: BAD_REQUEST,
        fixes: &[
            TOPIC_NAME,
        ],
    },
    Row {
        fault: Fault::UnusableQueueSize,
        code: "auth.bad_request",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service rejects this --receiver-queue-size",
        means: BAD_REQUEST,
        fixes: &[
            QUEUE_SIZE,
        ],
    },
    Row {
        fault: Fault::RefusedForGood,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service rejects this request permanently",
        means: REJECTED,
        fixes: &[
            "check --tenant, --namespace, --topic and --message-id",
        ],
    },
    Row {
        fault: Fault::NoSuchNamespace,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "this tenant has no such namespace",
        means: REJECTED,
        fixes: &[
            NO_NAMESPACE,
        ],
    },
    Row {
        fault: Fault::NoSuchTenant,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service knows no such tenant",
        means: REJECTED,
        fixes: &[
            NO_TENANT,
        ],
    },
    Row {
        fault: Fault::NoSuchTopic,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "this tenant has no such topic",
        means: REJECTED,
        fixes: &[
            NO_TOPIC,
        ],
    },
    Row {
        fault: Fault::BadMessageId,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service cannot read this message id",
        means: REJECTED,
        fixes: &[
            MESSAGE_ID,
        ],
    },
    Row {
        fault: Fault::BadTopicName,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service cannot read the topic's name",
        means: REJECTED,
        fixes: &[
            TOPIC_NAME,
        ],
    },
    Row {
        fault: Fault::BadQueueSize,
        code: "auth.refused",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the service rejects this --receiver-queue-size",
        means: REJECTED,
        fixes: &[
            QUEUE_SIZE,
        ],
    },
    Row {
        fault: Fault::NoResumeById,
        code: "auth.partitioned",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "a partitioned topic cannot be resumed by id",
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
        headline: "another consumer holds the subscription",
        means: "another consumer is connected to this subscription, and it does not allow a second one",
        fixes: &[
            "stop the other consumer, or wait until its connection ends: after a crash the service may take a while to notice",
            "for several consumers at once use --subscription-type failover, shared or key_shared with all of them",
        ],
    },
    Row {
        fault: Fault::SubscriptionInUse,
        code: "auth.busy",
        exit: Exit::Busy,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the subscription is in use, so it is not removed",
        means: "a subscription is removed only while no consumer is connected to it",
        fixes: &[
            "stop all its consumers, then try again; after a crash the service may take a while to notice that one is gone",
        ],
    },
    Row {
        fault: Fault::OtherSubscriptionType,
        code: "auth.busy",
        exit: Exit::Busy,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "the subscription is in use with another type",
        means: "consumers of another type are connected to this subscription",
        fixes: &[
            "use the --subscription-type of the others, or stop them first",
            "or use another --subscription: each receives every event",
        ],
    },
    Row {
        fault: Fault::RateLimited,
        code: "auth.rate_limited",
        exit: Exit::Busy,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "the service asks for fewer connections",
        means: "too many requests or connections in a short time",
        fixes: &[
            "check that only one reader runs, and raise --retry-delay",
        ],
    },
    Row {
        fault: Fault::ServerError,
        code: "auth.server_error",
        exit: Exit::Unavailable,
        retry: RetryClass::Few,
        pages: &[],
        headline: "the service answered with an error of its own",
        means: "the service itself failed on this request",
        fixes: &[
            "try again later",
            "if it lasts, check --tenant, --namespace and --topic, then ask 8x8 support with this sentence",
        ],
    },
    Row {
        fault: Fault::SilentBroker,
        code: "auth.server_error",
        exit: Exit::Unavailable,
        retry: RetryClass::Few,
        pages: &[],
        headline: "the service's broker does not answer",
        means: "the service's own broker does not answer; the service takes 30 to 60 s to say so",
        fixes: &[
            "try again later, with --connect-timeout at {default_timeout} or more",
            "if it lasts, send 8x8 support a report (`tail8x8 diagnose --report FILE`)",
        ],
    },
    Row {
        fault: Fault::GatewayError,
        code: "auth.server_error",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "the gateway answers, but the service behind it does not",
        means: "the gateway in front of the service answers, but the service behind it does not",
        fixes: &[
            "the gateway answers, but the service behind it does not: try again later",
            "if it lasts, ask 8x8 support",
        ],
    },
    Row {
        fault: Fault::NotWebSocket,
        code: "auth.not_websocket",
        exit: Exit::Protocol,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "no WebSocket endpoint answered",
        means: "what answered is not a WebSocket endpoint, or something in between keeps WebSocket from working",
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
        headline: "the answer belongs to another request",
        means: "the answer to the WebSocket request was made for another request",
        fixes: &[
            "the answer belongs to another request: look for a caching or rewriting proxy in between",
        ],
    },
    Row {
        fault: Fault::UpgradeClosed,
        code: "auth.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the server hung up instead of answering",
        means: "TLS worked, but the server hung up without an HTTP answer",
        fixes: &[
            "check --host; if it is right, a gateway without servers behind it is the usual reason: try again later",
        ],
    },
    Row {
        fault: Fault::UpgradeReset,
        code: "auth.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the connection was reset before an answer",
        means: "TLS worked, but the connection was reset before an HTTP answer",
        fixes: &[
            "look for a firewall in between; otherwise a gateway without servers behind it is the usual reason: try again later",
        ],
    },
    Row {
        fault: Fault::UpgradeTimeout,
        code: "auth.timeout",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageDeadline],
        headline: "TLS works, but no answer came in time",
        means: "TLS worked, but the HTTP answer did not come in time",
        fixes: &[
            "leave --connect-timeout at {default_timeout} or more: with its broker down the service takes 30 to 60 s to say so",
        ],
    },
    Row {
        fault: Fault::ClockSkew,
        code: "auth.clock_skew",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "this machine's clock is {skew} the server's",
        means: "this machine's clock differs from the server's by more than a minute",
        fixes: &[
            "set this machine's clock (`timedatectl set-ntp true`): --until and TLS depend on it",
        ],
    },
];
