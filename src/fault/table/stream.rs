//! What can be wrong at the stream step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::StreamClosed,
        code: "stream.closed",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "an open stream ended from the other side; this happens to every long connection",
        fixes: &[
            "a follower connects again by itself and goes on after the last event",
            "if it happens often, look for a proxy or load balancer that cuts long connections",
        ],
    },
    Row {
        fault: Fault::StreamReset,
        code: "stream.reset",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::MessageEof],
        headline: "",
        means: "an open stream was cut by force; this happens to long connections",
        fixes: &[
            "a follower connects again by itself and goes on after the last event",
            "if it happens often, look for a firewall or gateway that cuts long connections",
        ],
    },
    Row {
        fault: Fault::NoPong,
        code: "stream.no_pong",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::ConnectionTimeout],
        headline: "",
        means: "the stream looked open, but the other end answered no ping any more",
        fixes: &[
            "the other end stopped answering: a lost network path or a hung server",
            "see --ping-interval and --ping-timeout",
        ],
    },
    Row {
        fault: Fault::Silence,
        code: "stream.silent",
        exit: Exit::Unavailable,
        retry: RetryClass::Retry,
        pages: &[Page::NoMessages],
        headline: "",
        means: "the connection is open, but no message arrives",
        fixes: &[
            "no message came: check the region (`tail8x8 regions`), try --message-id earliest, or cause an event (an agent login)",
        ],
    },
    Row {
        fault: Fault::ProtocolViolation,
        code: "stream.protocol",
        exit: Exit::Protocol,
        retry: RetryClass::Retry,
        pages: &[],
        headline: "",
        means: "the stream carried bytes that are no valid WebSocket",
        fixes: &[
            "the bytes are no valid WebSocket frames: usually a proxy or inspection box in between tampers with them",
        ],
    },
    Row {
        fault: Fault::TooLarge,
        code: "stream.too_large",
        exit: Exit::Protocol,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "",
        means: "a message is larger than the receiving client accepts",
        fixes: &[
            "raise --max-message-size above the size named here",
            "until then this message would come again for ever",
        ],
    },
    Row {
        fault: Fault::BadPayload,
        code: "stream.bad_payload",
        exit: Exit::Data,
        retry: RetryClass::Never,
        pages: &[Page::CannotDecode],
        headline: "",
        means: "what was decoded is no base64 text",
        fixes: &[
            "look at the message with --format envelope, or leave --on-reject stop out to skip messages like it",
        ],
    },
    Row {
        fault: Fault::ForeignIds,
        code: "stream.foreign_ids",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "the message ids in the cursor are of another topic than the one that is read, or of one that was made anew",
        fixes: &[
            "move the cursor away, and give --since the time of the last event you have",
        ],
    },
    Row {
        fault: Fault::OutOfTime,
        code: "stream.no_session",
        exit: Exit::Unavailable,
        retry: RetryClass::Never,
        pages: &[Page::ConnectionTimeout],
        headline: "",
        means: "the run ended by its own time limit, without a session",
        fixes: &[
            "the run's time was over before a session was open: see the failures before, or raise --max-time",
        ],
    },
];
