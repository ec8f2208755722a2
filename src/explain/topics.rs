//! What a pasted text can be about, and which of several topics fits best.

use crate::fault::{Fault, Holes, Matter, Page, Row, Step, row};

/// What a text is about: a fault, or another matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Fault(Fault),
    Matter(Matter),
}

impl Topic {
    fn row(self) -> Option<&'static Row> {
        match self {
            Topic::Fault(fault) => Some(row(fault)),
            Topic::Matter(_) => None,
        }
    }

    /// The fault's stable code; `None` for another matter.
    pub(crate) fn code(self) -> Option<&'static str> {
        self.row().map(|row| row.code)
    }

    /// What it means, as a clause.
    pub(crate) fn means(self) -> String {
        match self {
            Topic::Fault(fault) => row(fault).means(&Holes::default()),
            Topic::Matter(matter) => Holes::default().fill(matter.row().means),
        }
    }

    /// What to do about it, most promising first.
    pub(crate) fn fixes(self) -> Vec<String> {
        match self {
            Topic::Fault(fault) => row(fault).fixes(&Holes::default()),
            Topic::Matter(matter) => {
                matter.row().fixes.iter().map(|fix| Holes::default().fill(fix)).collect()
            }
        }
    }

    /// The headings of 8x8's troubleshooting page.
    pub(crate) fn pages(self) -> &'static [Page] {
        match self {
            Topic::Fault(fault) => row(fault).pages,
            Topic::Matter(matter) => std::slice::from_ref(&matter.row().page),
        }
    }

    /// Whether both topics are the same problem: rows that share code and headings differ only in
    /// their texts.
    pub(super) fn is_same_as(self, other: Topic) -> bool {
        match (self.row(), other.row()) {
            (Some(this), Some(other)) => this.code == other.code && this.pages == other.pages,
            _ => self == other,
        }
    }

    /// Whether it has the code of one of these.
    fn is_any(self, faults: &[Fault]) -> bool {
        self.code().is_some_and(|code| faults.iter().any(|fault| row(*fault).code == code))
    }

    fn is_of(self, steps: &[Step]) -> bool {
        let step = self.code().and_then(|code| code.split('.').next());
        step.is_some_and(|name| steps.iter().any(|step| step.name() == name))
    }

    fn is_vague(self) -> bool {
        matches!(self, Topic::Matter(matter) if matter.is_vague())
    }

    /// Whether `other`, anywhere in the text, is the same problem in more exact words.
    pub(super) fn yields_to(self, other: Topic) -> bool {
        use Fault::*;
        use Step::{Auth, Dns, Proxy, Stream, Tcp, Tls};
        let is = |matter| other == Topic::Matter(matter);
        match self {
            Topic::Matter(Matter::Connect) => {
                other.is_of(&[Dns, Tcp, Proxy, Tls, Auth, Stream])
                    || other.is_vague() && other != self
            }
            Topic::Matter(Matter::Dns) => other.is_of(&[Dns]),
            Topic::Matter(Matter::Timeout) => other.is_any(&[
                NoAnswer,
                ConnectTimeout,
                ProxyTimeout,
                TlsTimeout,
                UpgradeTimeout,
                NoPong,
            ]),
            Topic::Matter(Matter::Closed | Matter::Reset) => {
                let closed = [ProxyClosed, TlsClosed, UpgradeClosed, StreamClosed];
                let reset = [TlsReset, UpgradeReset, StreamReset];
                other.is_any(&closed)
                    || other.is_any(&reset)
                    || other.is_any(&[NoPong])
                    || self == Topic::Matter(Matter::Closed) && is(Matter::Reset)
            }
            Topic::Matter(Matter::Certificate) => other.is_of(&[Tls]),
            Topic::Matter(Matter::Tls) => other.is_of(&[Tls]) || is(Matter::Certificate),
            Topic::Matter(Matter::Upgrade) => {
                other.is_of(&[Auth, Proxy])
                    || other.is_vague() && !is(Matter::Connect) && !is(Matter::Upgrade)
            }
            // The same status, but from the proxy.
            Topic::Fault(Unauthorized | NoKeyHeader) => other.is_any(&[ProxyLogin]),
            Topic::Fault(Forbidden) => other.is_any(&[ProxyForbidden]),
            Topic::Fault(GatewayError) => other.is_any(&[ProxyTarget]),
            // A status with a sentence that says more.
            Topic::Fault(ServerError | NotFound | BadRequest) => {
                other.is_any(&[RefusedForGood, NoResumeById, Busy])
            }
            Topic::Fault(Silence) => other.is_any(&[WrongRegion, NoAcks]),
            _ => false,
        }
    }

    /// Whether `other`, on the same line, is the cause, and this is only its name or effect:
    /// `ConnectionClosedError: message too big`.
    pub(super) fn yields_beside(self, other: Topic) -> bool {
        use Fault::*;
        if other.code().is_none() {
            return self.is_vague() && !other.is_vague();
        }
        let effects: &[(Fault, &[Fault])] = &[
            (NoSuchName, &[NoAnswer, NoAddress]),
            (UpgradeClosed, &[ProxyClosed]),
            (StreamClosed, &[TooLarge, NoPong]),
            (ProtocolViolation, &[StreamClosed, Unauthorized, Forbidden, NotFound]),
        ];
        let is_effect =
            effects.iter().any(|(this, causes)| self.is_any(&[*this]) && other.is_any(causes));
        self.is_vague() || is_effect
    }
}
