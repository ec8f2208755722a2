//! The kinds of faults that the program can tell apart.

/// Declares the faults and a list of all of them, so that the list is always complete.
macro_rules! faults {
    ($($fault:ident),* $(,)?) => {
        /// One kind of fault. Its row in the table holds all texts and rules about it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Fault {
            $($fault),*
        }

        impl Fault {
            /// Every fault, for the tests of the table.
            #[cfg(test)]
            pub(crate) const ALL: &[Fault] = &[$(Fault::$fault),*];
        }
    };
}

faults! {
    // config
    Usage,
    NothingToExplain,
    UnreadableFile,
    BadContent,
    NoResources,
    BadCursor,
    BadConsumerCursor,
    Locked,
    ReportExists,
    SettingWarning,
    DefaultRegion,
    OtherTenant,
    KeyKind,
    OldClock,
    InsecureSetting,
    NoRoots,
    UnusableStore,

    // Mistakes on the command line or in settings.
    NearOption,
    MissingValue,
    NearCommand,
    UnknownCommand,
    PlainHost,
    UntilWithCursor,
    ReaderOnly,
    NeedsSubscription,
    NeedsCursor,
    UnsafeAcks,
    NeedsYes,
    CoarseName,
    NearSetting,
    NoTenant,
    NoKey,
    BadKey,
    UnknownRegion,
    RegionAsCluster,
    ClusterAsRegion,
    NotDeployed,
    BadCaFile,

    // dns
    NoSuchName,
    NoAddress,
    NoAnswer,
    NameserverSilent,
    NameserverClosed,
    NameserverUnreachable,
    NameserverRefused,
    NameserverFailed,
    ProxyNoSuchName,
    ProxyNoAddress,
    ProxyNoAnswer,
    OddAddress,
    SlowDns,
    LeadsAbroad,

    // tcp
    Refused,
    ConnectTimeout,
    Unreachable,
    ProxyRefused,
    ProxyConnectTimeout,
    ProxyUnreachable,
    SinkholeRefused,
    SinkholeTimeout,
    SinkholeUnreachable,
    SomeUnreachable,

    // proxy
    ProxyLogin,
    ProxyLoginRejected,
    ProxyNoBasic,
    ProxyForbidden,
    ProxyTarget,
    NotAProxy,
    ProxyClosed,
    ProxyTimeout,

    // tls
    Untrusted,
    SelfSigned,
    UnknownAuthority,
    OtherX509,
    EmptyStore,
    MissingIntermediate,
    Intercepted,
    LoneInspector,
    ProbablyIntercepted,
    TrustedInspector,
    Expired,
    NotYetValid,
    Clock,
    WrongName,
    WeakCertificate,
    InsecureTls,
    ExpiresSoon,
    NotTls,
    Handshake,
    LateAlert,
    TlsClosed,
    TlsReset,
    TlsTimeout,

    // auth
    Unauthorized,
    Forbidden,
    NotFound,
    TenantNotFound,
    NamespaceNotFound,
    TopicNotFound,
    BadRequest,
    UnreadableMessageId,
    UnreadableTopicName,
    UnusableQueueSize,
    RefusedForGood,
    NoSuchNamespace,
    NoSuchTenant,
    NoSuchTopic,
    BadMessageId,
    BadTopicName,
    BadQueueSize,
    NoResumeById,
    Busy,
    OtherSubscriptionType,
    SubscriptionInUse,
    RateLimited,
    ServerError,
    SilentBroker,
    GatewayError,
    NotWebSocket,
    BadAccept,
    UpgradeClosed,
    UpgradeReset,
    UpgradeTimeout,
    ClockSkew,

    // stream
    StreamClosed,
    StreamReset,
    NoPong,
    Silence,
    EmptyTopic,
    EmptyTopicHere,
    UnknownTopic,
    QuietTopic,
    Terminated,
    NoAcks,
    Stale,
    ProtocolViolation,
    TooLarge,
    BadPayload,
    Undecodable,
    NotJson,
    ForeignIds,
    ForeignConsumerIds,
    UnsubscribeUnconfirmed,
    OutOfTime,

    // regions
    Elsewhere,
    RegionsUnreached,
    NoRegionHasEvents,
    NoRegionHasTopic,

    // output
    OutputFailed,
    DiskRefused,
    CannotCreate,
    NotARegularFile,
    LittleSpace,

    // clients
    BlockedHere,
    SocksLogin,
    SocksForbidden,
    SocksTarget,
    NotASocksProxy,
    NoCaFile,
    PlainHttp,
    NoKeyHeader,
    StreamIdle,
    StreamPolicy,
    StreamError,
    ClientAcks,
    ClientLimit,
    ClientBase64,
    ClientJson,
    WrongRegion,
}
