//! Matters other than faults that 8x8's page and error messages cover: messages that do not say at
//! which step something failed, and sections of the page that are not about a failure. Only
//! `explain` mentions them; they have no code.

use crate::fault::Page;

/// One such matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    // Vague: the text does not say enough to name a fault.
    Connect,
    Dns,
    Timeout,
    Closed,
    Reset,
    Certificate,
    Tls,
    Upgrade,
    // Sections of the page that are not about a failed connection.
    Memory,
    Slow,
    Verbose,
    Traffic,
    Output,
    Help,
    Messages,
    Practices,
}

/// The texts about a matter.
#[derive(Debug)]
pub(crate) struct MatterRow {
    pub(crate) page: Page,
    /// What it means, as a clause, like that of a fault.
    pub(crate) means: &'static str,
    pub(crate) fixes: &'static [&'static str],
}

const NAMES_THE_STEP: &str = "if no stream ever opens, run `tail8x8 diagnose`: it names the step";
const RECONNECT: &str =
    "in a running stream, reconnect and continue after the last message, as tail8x8 does by itself";

impl Matter {
    /// Whether it is vague, so that any exact finding is better.
    pub(crate) fn is_vague(self) -> bool {
        use Matter::*;
        matches!(self, Connect | Dns | Timeout | Closed | Reset | Certificate | Tls | Upgrade)
    }

    /// Its row. The match ensures that every matter has one.
    #[rustfmt::skip]
    pub(crate) fn row(self) -> &'static MatterRow {
        match self {
            Matter::Connect => &MatterRow {
                page: Page::CannotConnect,
                means: "no connection was made; the text does not say at which step it failed",
                fixes: &["run `tail8x8 diagnose`: it tries DNS, TCP, the proxy, TLS and the key in turn and names the first that fails"],
            },
            Matter::Dns => &MatterRow {
                page: Page::CannotConnect,
                means: "the host name could not be turned into an address; the text does not say why",
                fixes: &[
                    "check --host for typos, and compare `nslookup` of the host",
                    "run `tail8x8 diagnose`: it tells a wrong name from a nameserver that does not answer",
                ],
            },
            Matter::Timeout => &MatterRow {
                page: Page::MessageDeadline,
                means: "something took longer than the client allowed; the text does not say whether that was DNS, TCP, TLS or the answer to the request",
                fixes: &[
                    "run `tail8x8 diagnose`: it shows the time of each step",
                    "if a step never ends, look for a firewall or proxy; if one is merely slow, raise --connect-timeout ({default_timeout} by default)",
                ],
            },
            Matter::Closed => &MatterRow {
                page: Page::MessageEof,
                means: "the server, or something on the way, closed the connection; the text does not say at which step",
                fixes: &[RECONNECT, NAMES_THE_STEP],
            },
            Matter::Reset => &MatterRow {
                page: Page::MessageEof,
                means: "a firewall, a gateway or the server cut the connection by force; the text does not say at which step",
                fixes: &[RECONNECT, NAMES_THE_STEP],
            },
            Matter::Certificate => &MatterRow {
                page: Page::MessageVerify,
                means: "the server's certificate was not accepted; the text does not say why: unknown issuer, expired, wrong name or this machine's clock",
                fixes: &[
                    "run `tail8x8 diagnose`: it names the reason and the issuer",
                    "update the root certificates (apt-get install ca-certificates) only if the issuer is a public one, and give a company's own root with --ca-file",
                ],
            },
            Matter::Tls => &MatterRow {
                page: Page::CertificateErrors,
                means: "TLS could not be set up; the text does not say why",
                fixes: &["run `tail8x8 diagnose`: it tells an untrusted or expired certificate from a port that does not speak TLS and from a proxy or firewall in between"],
            },
            Matter::Upgrade => &MatterRow {
                page: Page::CannotConnect,
                means: "something answered, but not with the 101 that opens a WebSocket; the text leaves out the status that says why",
                fixes: &["let the client print the HTTP status of the answer, or run `tail8x8 diagnose`: it shows the status and the server's own sentence"],
            },
            Matter::Memory => &MatterRow {
                page: Page::HighMemory,
                means: "messages arrive faster than they are handled, and the client keeps them in memory",
                fixes: &[
                    "lower --receiver-queue-size ({default_queue} by default), start from --message-id latest instead of earliest, and handle messages faster",
                    "tail8x8 itself needs little memory, whatever the rate: let it receive for the client",
                ],
            },
            Matter::Slow => &MatterRow {
                page: Page::SlowProcessing,
                means: "messages are handled more slowly than they arrive; none is lost, but the stream lags behind",
                fixes: &[
                    "let tail8x8 write to a file or pipe and work on the lines from there, with several workers if need be",
                    "keep only the events you need with --event",
                ],
            },
            Matter::Verbose => &MatterRow {
                page: Page::VerboseLogging,
                means: "more of what the client does can be shown",
                fixes: &["use tail8x8 -v to see each step, -vv to see each frame; the key is never shown"],
            },
            Matter::Traffic => &MatterRow {
                page: Page::InspectTraffic,
                means: "the frames of the connection can be looked at",
                fixes: &[
                    "use tail8x8 -vv to trace every frame, and --format envelope to print whole messages",
                    "with wscat give the key as a header (-H), since a key in the URL ends up in logs",
                ],
            },
            Matter::Output => &MatterRow {
                page: Page::ProcessOutput,
                means: "events and messages about the run go separate ways",
                fixes: &["redirect each by itself: tail8x8 writes events to standard output and everything else to standard error (`tail8x8 1>events.log 2>errors.log`)"],
            },
            Matter::Help => &MatterRow {
                page: Page::GettingHelp,
                means: "8x8 support needs the error, the parameters without the key, the network's details and the versions",
                fixes: &["collect them with `tail8x8 diagnose --report FILE`; the report does not contain the key"],
            },
            Matter::Messages => &MatterRow {
                page: Page::ErrorMessages,
                means: "the page lists error messages with likely causes",
                fixes: &["give the message itself: tail8x8 explain \"connection refused\""],
            },
            Matter::Practices => &MatterRow {
                page: Page::BestPractices,
                means: "a client should reconnect with growing pauses, ping, log what happens and check what it receives",
                fixes: &["let tail8x8 do so: see --retry-delay, --retry-max-delay, --ping-interval and --max-silence"],
            },
        }
    }
}
