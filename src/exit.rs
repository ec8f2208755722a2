//! Exit codes: one table for `main`, the man page and the README.
//!
//! Most are those of sysexits(3), which systemd knows by name; 60 is curl's. Numbers never
//! change; new ones may be added, so a script should treat an unknown one as a failure.

/// How a run ended, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Empty = 10,
    Certificate = 60,
    Usage = 64,
    Data = 65,
    NoInput = 66,
    NoHost = 68,
    Unavailable = 69,
    Bug = 70,
    CantCreate = 73,
    Output = 74,
    Busy = 75,
    Protocol = 76,
    Denied = 77,
    Config = 78,
}

/// Every code with its meaning, in ascending order.
pub(crate) const TABLE: &[(Exit, &str)] = &[
    (
        Exit::Ok,
        "done: a limit was reached, caught up, nothing new, stopped while following, or the reader of the output went away",
    ),
    (
        Exit::Empty,
        "no event was written, and --fail-if-empty was given; or `diagnose --strict` ended with a warning",
    ),
    (Exit::Certificate, "the server's certificate is not trusted, expired, or for another name"),
    (Exit::Usage, "a wrong option or value"),
    (
        Exit::Data,
        "a message could not be decoded, and --on-reject stop was given; or the text is unknown to `explain`",
    ),
    (
        Exit::NoInput,
        "the key, CA, config or cursor file cannot be read; or another user may have put the output or cursor there",
    ),
    (Exit::NoHost, "name resolution failed or did not end in time"),
    (
        Exit::Unavailable,
        "unavailable: refused, timed out, unreachable, reset, closed, a server error, or no session within the run's time",
    ),
    (Exit::Bug, "a bug in tail8x8; please report it"),
    (
        Exit::CantCreate,
        "the output, its cursor or lock, or the report cannot be created; or the report already exists",
    ),
    (Exit::Output, "the output or the cursor cannot be written"),
    (
        Exit::Busy,
        "busy: another run has the same output or cursor, or the service says so (409, 429)",
    ),
    (
        Exit::Protocol,
        "protocol error: TLS handshake, not a WebSocket endpoint, a broken frame, a message over the limit",
    ),
    (Exit::Denied, "refused: 401 or 403 from the service, 407 or 403 from the proxy"),
    (
        Exit::Config,
        "configuration: tenant or key missing, unknown cluster, a cursor that cannot be used, 400, 404 or another permanent refusal",
    ),
];
