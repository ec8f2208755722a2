//! The faults of the stream step.

use super::shared::ASK_WHETHER_ENABLED;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

const RECONNECTS: &str = "a follower reconnects by itself and continues after the last event";
const EMPTY: &str =
    "the key is accepted, but the topic is empty: most often the events are in another region";
const CAUSE_EVENT: &str = "cause an event, such as an agent's login, while `diagnose` listens; try --topic {default_topic}";
const LOOK: &str =
    "look at the message with --format envelope; a reader warns about it and continues";
const OTHER_SERVICE: &str = "if all are like it, check --host: this may be another service";

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::StreamClosed,
        code: "stream.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the server closed the stream",
        means: "an open stream was closed from the other side; this happens to every long connection",
        fixes: &[
            RECONNECTS,
            "if it happens often, look for a proxy or load balancer that cuts long connections",
        ],
    },
    Row {
        fault: Fault::StreamReset,
        code: "stream.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "the stream was reset",
        means: "an open stream was cut by force; this happens to long connections",
        fixes: &[
            RECONNECTS,
            "if it happens often, look for a firewall or gateway that cuts long connections",
        ],
    },
    Row {
        fault: Fault::NoPong,
        code: "stream.no_pong",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "the server, or something on the way, stopped answering",
        means: "the stream looked open, but pings were no longer answered: the network path was lost, or the server hangs",
        fixes: &[
            "the server, or something on the way, stopped answering: look for a lost network path or a hung server",
            "tune --ping-interval and --ping-timeout if the network is slow",
        ],
    },
    Row {
        fault: Fault::NotRead,
        code: "stream.not_read",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "the server does not read what is sent to it",
        means: "the server sends, but it, or something on the way, no longer takes what is sent to it: acknowledgements, and answers to its pings",
        fixes: &[
            "look for a proxy or inspection box that drops what this side sends, or for a hung server",
            "tune --ping-interval and --ping-timeout, whose sum is the limit, if the network is slow",
        ],
    },
    Row {
        fault: Fault::Slept,
        code: "stream.slept",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "this machine, or this process, was suspended",
        means: "this machine, or this process, was suspended for longer than the service keeps a session on which nothing moves",
        fixes: &[
            RECONNECTS,
            "to hear of events at once, keep the machine awake",
        ],
    },
    Row {
        fault: Fault::Silence,
        code: "stream.silent",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::NoMessages],
        headline: "connected, but no message arrives",
        means: "the connection is open, but no message arrives",
        fixes: &[
            "check the region (`tail8x8 regions`), try --message-id earliest, or cause an event (an agent login)",
        ],
    },
    Row {
        fault: Fault::EmptyTopic,
        code: "stream.silent",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion, Page::NoMessages],
        headline: "the topic is empty; usually the wrong region",
        means: EMPTY,
        fixes: &[
            "check the region: --cluster with your vcc-<cluster> name finds it; --all-regions looks in each",
            CAUSE_EVENT,
            ASK_WHETHER_ENABLED,
        ],
    },
    Row {
        fault: Fault::EmptyTopicHere,
        code: "stream.silent",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion, Page::NoMessages],
        headline: "the topic is empty; usually the wrong region",
        means: EMPTY,
        fixes: &[
            "check the region: --cluster with your vcc-<cluster> name finds it",
            CAUSE_EVENT,
            ASK_WHETHER_ENABLED,
        ],
    },
    Row {
        fault: Fault::UnknownTopic,
        code: "stream.silent",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "the topic is empty, and it is an unknown topic",
        means: "the topic is empty, and 8x8 documents none of this name: the service creates a topic that does not exist, so a wrong name is answered with silence",
        fixes: &[
            "did you mean --topic {nearest}? Names match exactly, including case",
            "--topic {default_topic} has every event of the tenant",
        ],
    },
    Row {
        fault: Fault::QuietTopic,
        code: "stream.silent",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "the topic is empty; it holds only some of the events",
        means: "the topic is empty: there may have been no event of this type or agent, or none has this name",
        fixes: &[
            "check --topic: the id of an agent in namespace agent-v1, or the exact name of an event type in {default_namespace}",
            "--namespace {default_namespace} --topic {default_topic} has every event of the tenant: if it is silent, too, check the region",
        ],
    },
    Row {
        fault: Fault::Terminated,
        code: "stream.terminated",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "the topic was terminated",
        means: "the topic was terminated, so nothing more is ever published to it",
        fixes: &[
            "check --topic (`{default_topic}` by default)",
            "ask 8x8 support why this topic was terminated",
        ],
    },
    Row {
        fault: Fault::NoAcks,
        code: "stream.no_acks",
        exit: Exit::Unavailable,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "acknowledgements do not reach the service",
        means: "the service stops after --receiver-queue-size messages ({default_queue} by default) until they are acknowledged",
        fixes: &[
            "look for a proxy or inspection box that drops what this side sends",
            "if there is none, send 8x8 support a report (`tail8x8 diagnose --report FILE`)",
        ],
    },
    Row {
        fault: Fault::Stale,
        code: "stream.stale",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::NoMessages],
        headline: "the topic holds only old messages",
        means: "the topic holds only messages older than a day, so whether events are published today is unknown",
        fixes: &[
            "cause an event, such as an agent's login, and look again",
            "if none appears, ask 8x8 support whether events are being published for the tenant",
        ],
    },
    Row {
        fault: Fault::ProtocolViolation,
        code: "stream.protocol",
        exit: Exit::Protocol,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "the stream carried bytes that are not WebSocket frames",
        means: "the stream carried bytes that are not valid WebSocket frames",
        fixes: &[
            "look for a proxy or inspection box in between that tampers with the stream",
        ],
    },
    Row {
        fault: Fault::TooLarge,
        code: "stream.too_large",
        exit: Exit::Protocol,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "a message is larger than --max-message-size",
        means: "a message is larger than the receiving client accepts, and would arrive again after each reconnect",
        fixes: &[
            "raise --max-message-size above the size named here",
        ],
    },
    Row {
        fault: Fault::TooManyPartitions,
        code: "stream.partitions",
        exit: Exit::Protocol,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the topic has more partitions than can be followed",
        means: "a message is of a partition with a number so high that not all of the topic's partitions can be followed by one process",
        fixes: &[
            "read each partition by a process of its own (--topic NAME-partition-0)",
            OTHER_SERVICE,
        ],
    },
    Row {
        fault: Fault::BadPayload,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "a message cannot be decoded",
        means: "a message is not of the form that the service documents: a JSON envelope, with base64 of JSON as its payload",
        fixes: &[
            "look at the message with --format envelope, or remove --on-reject stop to skip such messages",
        ],
    },
    Row {
        fault: Fault::Undecodable,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Stop,
        pages: &[Page::CannotDecode],
        headline: "{bad} of {messages} messages cannot be decoded",
        means: "a message has no envelope of the form that the service documents, or its payload is not base64 of text",
        fixes: &[
            LOOK,
            OTHER_SERVICE,
        ],
    },
    Row {
        fault: Fault::NotJson,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Stop,
        pages: &[Page::InvalidJson],
        headline: "{bad} of {messages} messages cannot be decoded",
        means: "the payload of a message is base64, but what it encodes is not JSON",
        fixes: &[
            LOOK,
            OTHER_SERVICE,
        ],
    },
    Row {
        fault: Fault::ForeignIds,
        code: "stream.foreign_ids",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the cursor belongs to another topic",
        means: "the message ids in the cursor are of another topic than the one that is read, or of one that was deleted and recreated",
        fixes: &[
            "move {cursor} away, and start again with --since {written}: that continues without duplicates",
        ],
    },
    Row {
        fault: Fault::ForeignConsumerIds,
        code: "stream.foreign_ids",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the cursor belongs to another topic",
        means: "the message ids in the cursor are of another topic than the one that is read, or of one that was deleted and recreated",
        fixes: &[
            "move {cursor} and the output away, and start again: no event of the new topic has been acknowledged",
        ],
    },
    Row {
        fault: Fault::UnsubscribeUnconfirmed,
        code: "stream.unsubscribe",
        exit: Exit::Unavailable,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the service did not confirm that the subscription is removed",
        means: "the session ended, or the time was over, before the service confirmed that it removed the subscription; the service ends it, too, if it refuses because other consumers are connected",
        fixes: &[
            "stop all consumers of the subscription, then run the same command again: it does no harm if the subscription is gone already",
        ],
    },
    Row {
        fault: Fault::OutOfTime,
        code: "stream.no_session",
        exit: Exit::Unavailable,
        retry: RetryClass::Never,
        pages: &[Page::ConnectionTimeout],
        headline: "the run's time was over before a session was open",
        means: "the run ended by its own time limit, without a session",
        fixes: &[
            "see the earlier failures, or raise --max-time",
        ],
    },
];
