//! Fixes that several steps share.

pub(super) const PROXY_ADDRESS: &str = "the proxy was named by {proxy_rule}: check its host and port there, or go without it (--noproxy '*')";
pub(super) const REMOVE_INSECURE: &str =
    "remove --insecure; trust a company's root with --ca-file instead";
pub(super) const ASK_WHETHER_ENABLED: &str =
    "ask 8x8 support whether event streaming is enabled for the tenant";
