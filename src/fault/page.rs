//! The headings of 8x8's own troubleshooting page.

use std::fmt;

/// A heading of the page, or a row of its table "Common Error Messages".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    CannotConnect,
    CertificateErrors,
    ConnectionTimeout,
    WrongRegion,
    Unauthorized,
    Forbidden,
    CannotDecode,
    InvalidJson,
    NoMessages,
    HighMemory,
    SlowProcessing,
    VerboseLogging,
    InspectTraffic,
    ProcessOutput,
    GettingHelp,
    ErrorMessages,
    MessageRefused,
    MessageVerify,
    MessageEof,
    MessageDeadline,
    BestPractices,
}

impl Page {
    /// The headings in one line; empty if there are none.
    pub(crate) fn list(pages: &[Page]) -> String {
        pages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Page::CannotConnect => "Cannot Connect to WebSocket",
            Page::CertificateErrors => "TLS/SSL Certificate Errors",
            Page::ConnectionTimeout => "Connection Timeout",
            Page::WrongRegion => "Wrong Regional Endpoint",
            Page::Unauthorized => "401 Unauthorized",
            Page::Forbidden => "403 Forbidden",
            Page::CannotDecode => "Cannot Decode Payload",
            Page::InvalidJson => "Invalid JSON in Payload",
            Page::NoMessages => "No Messages Received",
            Page::HighMemory => "High Memory Usage",
            Page::SlowProcessing => "Slow Message Processing",
            Page::VerboseLogging => "Enable Verbose Logging",
            Page::InspectTraffic => "Inspect WebSocket Traffic",
            Page::ProcessOutput => "Check Process Output",
            Page::GettingHelp => "Getting Help",
            Page::ErrorMessages => "Common Error Messages",
            Page::MessageRefused => "Common Error Messages: connection refused",
            Page::MessageVerify => "Common Error Messages: certificate verify failed",
            Page::MessageEof => "Common Error Messages: EOF or unexpected EOF",
            Page::MessageDeadline => "Common Error Messages: context deadline exceeded",
            Page::BestPractices => "Best Practices",
        })
    }
}
