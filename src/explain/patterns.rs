//! A list of what error messages look like: the page's own words, and those of Go, Node, Python,
//! Java, Rust, .NET, browsers, curl, OpenSSL and proxies.
//!
//! Text in a line that one pattern has found is not searched again, so exact patterns come before
//! general ones. [`super::clue`] describes how a clue is written.

use super::topics::Topic::{self, Fault as F, Matter as M};
use crate::fault::{Fault::*, Matter};

/// Texts with the same meaning.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) topic: Topic,
    pub(super) clues: &'static [&'static str],
}

const fn means(topic: Topic, clues: &'static [&'static str]) -> Pattern {
    Pattern { topic, clues }
}

#[rustfmt::skip]
pub(super) const PATTERNS: &[Pattern] = &[
    // Sentences of the page that contain words of other rows.
    means(F(WrongRegion), &[
        "connection succeeds but no events received", "authorization succeeds but no data",
        "empty message stream", "wrong regional endpoint", "wrong region", "wrong endpoint",
    ]),
    means(F(Silence), &[
        "successfully connected but no messages appear", "no messages received",
        "no message received", "no events received", "no messages", "no message", "no events",
        "empty output", "nothing received",
    ]),
    means(F(ClientAcks), &[
        "stops & 1000 messages", "stopped & 1000 messages", "silent & 1000 messages",
        "only & 1000 messages",
    ]),

    // SOCKS, then HTTP proxies: the same words mean something else without a proxy.
    means(F(SocksLogin), &[
        "socks & authentication", "socks5 & authentication", "socks5 & rejected",
        "rejected by the socks5 server",
    ]),
    means(F(SocksForbidden), &[
        "connection not allowed by ruleset", "socks & not allowed", "socks5 & not allowed",
    ]),
    means(F(SocksTarget), &[
        "#curl 97", "general socks server failure", "can't complete socks5 connection",
        "can't complete socks4 connection", "socks & failure", "socks5 & failure",
        "socks & unreachable", "socks5 & unreachable", "socks & connection refused",
        "socks5 & connection refused", "socks5 & host unreachable", "socks server & failed",
    ]),
    means(F(NotASocksProxy), &[
        "socks & protocol version", "socks & unexpected version", "socks5 & unexpected version",
        "socks & invalid version", "socks & not supported", "socks & unsupported",
        "socks5 & not supported", "malformed reply from socks server",
    ]),
    means(F(ProxyLogin), &[
        "407 proxy authentication required", "proxy authentication required", "#status 407",
        "#proxy 407", "407 from proxy", "=407", "err proxy auth unsupported",
        "err proxy auth requested", "proxyauthenticationrequired", "from proxy & #status 401",
        "tunnel & #status 401", "proxy returns & #status 401", "proxy & 401 unauthorized",
    ]),
    means(F(ProxyForbidden), &[
        "proxy & 403 forbidden", "tunnel & 403 forbidden", "proxy & #status 403",
        "tunnel & #status 403", "proxy & forbidden", "proxy & access denied", "err access denied 0",
        "err access denied", "#proxy 403", "403 from proxy", "403 from the proxy",
        "squid & #status 403", "squid & access denied", "zscaler & #status 403",
        "zscaler & blocked", "fortiguard", "proxy & blocked", "proxy & policy",
        "blocked by the proxy", "blocked by proxy",
    ]),
    means(F(ProxyRefused), &[
        "proxyconnect & connection refused", "proxy & connection refused", "proxy & econnrefused",
        "proxyerror & connection refused", "err proxy connection failed",
        "proxy & actively refused",
    ]),
    means(F(ProxyNoSuchName), &[
        "proxyconnect & no such host", "could not resolve proxy", "couldn't resolve proxy",
        "#curl 5", "proxy & name or service not known", "proxy & enotfound", "proxy & no such host",
        "proxy & unknownhostexception",
    ]),
    means(F(ProxyConnectTimeout), &[
        "proxyconnect & i/o timeout", "proxyconnect & connection timed out",
        "proxyconnect & operation timed out",
    ]),
    means(F(ProxyTarget), &[
        "proxy & 502 bad gateway", "tunnel & 502 bad gateway", "proxy & 503 service unavailable",
        "tunnel & 503 service unavailable", "proxy & 504 gateway timeout",
        "tunnel & 504 gateway timeout", "proxy & 504 gateway time out",
        "tunnel & 504 gateway time out", "proxy & #status 502", "proxy & #status 503",
        "proxy & #status 504", "tunnel & #status 502", "tunnel & #status 503",
        "tunnel & #status 504", "tunnel & #status 500", "proxy & bad gateway",
        "proxy & gateway timeout", "err tunnel connection failed", "squid & err dns fail",
        "squid & err connect fail", "x squid error: err dns fail",
        "x squid error: err connect fail", "proxy & unable to forward",
    ]),
    means(F(NotAProxy), &[
        "proxy appears to only use http and not https", "proxyconnect & malformed http response",
        "proxy & malformed http response",
        "proxyconnect & first record does not look like a tls handshake",
        "proxy & first record does not look like a tls handshake", "proxy & wrong version number",
        "proxy & invalid http", "proxy & unsupported protocol", "unsupported proxy",
        "unknown proxy scheme", "proxyconnect & wrong version number", "tunnel & #status 400",
        "tunnel & #status 404", "tunnel & #status 405", "tunnel & #status 302",
        "invalid response from proxy", "invalid response header from proxy",
    ]),
    means(F(ProxyTimeout), &[
        "proxy connect aborted due to timeout", "proxy & timed out", "proxy & timeout",
        "proxy & i/o timeout", "tunnel & timed out",
    ]),
    means(F(ProxyClosed), &[
        "proxy connect aborted", "proxyconnect & eof", "proxy & unexpected eof", "proxy & eof",
        "proxy & closed connection", "proxy & connection closed",
        "proxy & connection reset by peer", "proxy & connection reset", "proxy & econnreset",
        "proxy & closed the connection",
        "unable to connect to proxy & remote end closed connection without response",
        "proxyconnect & connection reset", "proxy & socket hang up",
        "proxy connection ended before receiving connect response", "tunnel & eof",
        "tunnel & closed",
    ]),
    means(M(Matter::Connect), &["unable to connect to proxy", "cannot connect to proxy"]),

    // Names.
    means(F(NoAddress), &[
        "no address associated with hostname", "no address associated with name",
        "no address associated with host name", "address family for hostname not supported",
        "enodata", "eai nodata", "eai addrfamily", "no suitable address found",
        "no data record of requested type", "#errno 11004",
    ]),
    means(F(NoAnswer), &[
        "temporary failure in name resolution", "temporary failure resolving",
        "temporary failure & name resolution", "eai again", "server misbehaving", "servfail",
        "lookup & i/o timeout", "lookup & connection refused", "lookup & deadline exceeded",
        "resolving timed out", "resolution timed out", "name lookup timed out",
        "dns lookup timed out", "querya etimeout", "queryaaaa etimeout", "querya & etimeout",
        "querya & econnrefused", "dns & timed out", "dns & timeout",
        "connection timed out; no servers could be reached", "no servers could be reached",
        "communications error to", "non recoverable failure in name resolution", "eai fail",
        "esrvfail", "dns probe finished bad config", "dns probe finished no internet",
        "err name resolution failed", "name resolution & timed out", "try again & getaddrinfo",
        "#errno 11002",
    ]),
    means(F(NoSuchName), &[
        "no such host is known", "no such host", "enotfound", "could not resolve host",
        "couldn't resolve host", "#curl 6", "name or service not known",
        "nodename nor servname provided", "nxdomain", "unknownhostexception", "unknown host",
        "unresolvedaddressexception", "unresolvedaddress", "name does not resolve",
        "err name not resolved", "getaddrinfo failed", "#errno 11001", "host not found",
        "no such name", "eai noname", "name not found & dns",
    ]),
    means(M(Matter::Dns), &[
        "gaierror", "failed to lookup address information", "getaddrinfo", "name resolution",
        "name resolution failed", "dns error", "dns resolution", "nslookup", "nameresolutionerror",
        "clientconnectordnserror", "hostname resolution", "unable to resolve host",
    ]),

    // TCP.
    means(F(Refused), &[
        "connection refused", "econnrefused", "connectionrefusederror", "connectionrefused",
        "actively refused", "#errno 10061", "#errno 111", "refused to connect",
    ]),
    means(F(BlockedHere), &[
        "connect: operation not permitted", "connect: permission denied",
        "forbidden by its access permissions", "#errno 10013", "connect eacces", "connect eperm",
    ]),
    means(F(Unreachable), &[
        "network is unreachable", "network unreachable", "enetunreach", "ehostunreach",
        "no route to host", "noroutetohostexception", "host is unreachable", "host unreachable",
        "unreachable network", "unreachable host", "host is down", "ehostdown", "enetdown",
        "network is down", "destination host unreachable", "destination net unreachable",
        "err internet disconnected", "err address unreachable", "err network changed",
        "cannot assign requested address", "eaddrnotavail", "address family not supported",
        "eafnosupport", "#errno 101", "#errno 113", "#errno 10051", "#errno 10065",
    ]),

    // A stream that was open, if the words say so.
    means(F(StreamIdle), &[
        "idle timeout expired", "timeoutexception & idle timeout", "connection idle timeout",
        "idle timeout", "connectionidletimeout", "#close 1001 & idle timeout",
    ]),
    means(F(NoPong), &[
        "keepalive ping timeout", "keepalive ping failed", "#close 1011 & keepalive ping timeout",
        "ping/pong timed out", "ping timeout", "pong timeout", "ping timed out", "pong timed out",
        "no pong", "did not respond with a pong", "missing pong", "missed pong",
        "heartbeat timeout", "read etimedout", "read: connection timed out",
        "read: operation timed out",
    ]),
    means(F(ClientLimit), &[
        "#close 1009", "1009 (message too big)", "message too big", "message too long",
        "message too large", "messagetoolong", "messagetoolarge", "read limit exceeded",
        "max payload size exceeded", "payloadtoobig", "text message size & exceeds maximum size",
        "binary message size & exceeds maximum size", "exceeds maximum size",
        "exceeds limit of & bytes", "frame too large", "text message was too big",
        "message was too big", "text message too large", "maxmessagesize", "over size limit",
        "frame exceeds limit",
    ]),
    means(F(ProtocolViolation), &[
        "#close 1002", "1002 (protocol error)", "#close 1007", "invalid opcode", "bad opcode",
        "unknown opcode", "invalidopcode", "rsv1 must be clear", "rsv2 and rsv3 must be clear",
        "reserved bits", "bad rsv", "bad mask", "mask must be clear", "masked frame",
        "maskedframefromserver", "unexpected continuation", "continuation after fin",
        "fragmented control", "control frame too big", "control frame too long",
        "invalid websocket frame", "invalid close code", "bad close code", "invalid close",
        "websocketprotocolexception", "invalidframeexception", "invaliddataexception",
        "nonzeroreservedbits", "websocket protocol error", "invalid utf 8 sequence",
        "err ws invalid utf8",
    ]),
    means(F(StreamPolicy), &[
        "#close 1008", "policy violation",
    ]),
    means(F(StreamError), &[
        "#close 1011 & internal server error", "#close 1011 & internal error",
        "#close 1011 & unexpected error", "#close 1011", "#close 1012",
        "#close 1013 & try again later", "#close 1013",
    ]),
    means(F(StreamClosed), &[
        "#close 1006 & unexpected eof", "#close 1006 & eof", "#close 1006", "abnormal closure",
        "abnormalclosure", "#close 1000", "#close 1001", "#close 1005", "no close frame received",
        "connectionclosederror", "connectionclosedok", "connection to remote host was lost",
        "websocketconnectionclosedexception", "going away", "reset without closing handshake",
        "connection reset without closing handshake", "resetwithoutclosinghandshake",
        "ssl read & unexpected eof while reading", "ssl read & eof", "websocket connection closed",
        "websocket closed", "websocket is closed", "websocket is not open",
        "closed without completing the close handshake", "without completing the close handshake",
    ]),

    // Certificates: the reason, whatever words the library puts around it.
    means(F(NotYetValid), &[
        "has expired or is not yet valid & is before", "certificate is not yet valid",
        "certificate not yet valid", "cert not yet valid", "certificatenotyetvalidexception",
        "notvalidyet", "#verify 9", "certificate is not valid yet",
    ]),
    means(F(Expired), &[
        "has expired or is not yet valid & is after", "certificate has expired or is not yet valid",
        "certificate has expired", "certificate expired", "cert has expired",
        "certificateexpiredexception", "certificate is expired", "certexpired",
        "invalid peer certificate: expired", "err cert date invalid", "#verify 10",
        "certificate & has expired", "certificate & expired", "notafter:", "expired certificate",
    ]),
    means(F(NotYetValid), &["certificate & not yet valid"]),
    means(F(Clock), &[
        "clock skew", "clock is behind", "clock is ahead", "clock is wrong", "your clock",
        "clock & out of sync",
    ]),
    means(F(WrongName), &[
        "hostname mismatch, certificate is not valid for", "hostname mismatch",
        "host name mismatch", "certificate is valid for & not", "is not valid for any names",
        "certificate is not valid for", "certificate not valid for name", "notvalidforname",
        "err tls cert altname invalid", "does not match certificate's altnames", "altnames",
        "no alternative certificate subject name matches target host name",
        "no alternative certificate subject name matches", "does not match target host name",
        "no subject alternative dns name matching", "no subject alternative names matching",
        "no subject alternative names present", "no name matching", "doesn't match either of",
        "hostname & doesn't match", "hostname & does not match", "doesn't contain any ip sans",
        "relies on legacy common name field", "hostname & not verified",
        "hostname & was not verified", "sslpeerunverifiedexception", "ip address mismatch",
        "err cert common name invalid", "subject name does not match",
        "remotecertificatenamemismatch", "#verify 62", "#verify 64", "#curl 51",
        "certificate's owner does not match", "wrong host name", "certificate & another host",
    ]),
    means(F(WeakCertificate), &[
        "ee certificate key too weak", "ca certificate key too weak", "certificate key too weak",
        "key too weak", "ca md too weak", "md too weak", "dh key too small", "key too small",
        "#verify 66", "#verify 67", "#verify 68", "insecure algorithm",
        "does not conform to algorithm constraints", "algorithm constraints check failed",
        "err cert weak signature algorithm", "err cert weak key", "weak signature",
        "ca signature digest algorithm too weak", "digest algorithm too weak",
    ]),
    means(F(NoCaFile), &[
        "#curl 77", "error setting certificate verify locations",
        "error adding trust anchors from file", "error setting certificate file",
        "trustanchors parameter must be non empty", "system root certificates",
        "no ca certificates", "no native root ca certificates found", "could not load ca",
    ]),
    means(F(Untrusted), &[
        "certificate signed by unknown authority", "unable to get local issuer certificate",
        "unable to get issuer certificate", "unable to get issuer cert locally",
        "unable to get issuer cert", "unable to verify leaf signature",
        "unable to verify the first certificate", "self signed certificate in certificate chain",
        "self signed certificate", "self signed cert in chain", "depth zero self signed cert",
        "self signed cert", "self signed", "alert unknown ca", "unknown ca",
        "unknown certificate authority", "unknown certificate", "pkix path building failed",
        "unable to find valid certification path",
        "unable to find valid certification path to requested target",
        "no trusted certificate found", "trust anchor for certification path not found",
        "suncertpathbuilderexception", "unknownissuer", "unknown issuer", "untrusted root",
        "untrustedroot", "partialchain", "err cert authority invalid", "certificate is not trusted",
        "certificate not trusted", "not trusted", "issuer is unknown",
        "unable to locally verify the issuer", "issuer is not recognized", "untrusted certificate",
        "#verify 2", "#verify 18", "#verify 19", "#verify 20", "#verify 21",
        "remotecertificatechainerrors", "intercepted",
    ]),
    means(F(PlainHttp), &[
        "plain http request was sent to https port",
        "client sent an http request to an https server",
    ]),
    means(F(NotTls), &[
        "wrong version number", "wrong ssl version",
        "first record does not look like a tls handshake", "unknown protocol",
        "unrecognized ssl message, plaintext connection", "unrecognized ssl message",
        "plaintext connection", "server gave http response to https client",
        "packet length too long", "record layer failure", "invalidcontenttype",
        "unexpected message & tls record", "record overflow", "http request & ssl routines",
        "does not speak tls", "an unexpected tls packet was received",
    ]),
    means(F(Handshake), &[
        "alert handshake failure", "sslv3 alert handshake failure",
        "received fatal alert: handshake failure", "handshake failure", "#alert 40",
        "alert protocol version", "fatal alert: protocol version", "tls: protocol version",
        "#alert 70", "tls: server selected unsupported protocol version", "unsupported protocol",
        "no supported versions satisfy", "no shared cipher", "no ciphers available",
        "no protocols available", "no appropriate protocol", "no cipher suites in common",
        "err ssl version or cipher mismatch", "unrecognized name", "#alert 112",
        "unsafe legacy renegotiation disabled", "tlsv1 alert internal error",
        "alert internal error", "#alert 80", "alert access denied", "tls: access denied",
        "#alert 49", "certificate required", "#alert 116", "alert bad certificate",
        "tls: bad certificate", "#alert 42", "version too low", "peer is incompatible",
        "peerincompatible", "insufficient security", "#alert 71", "bad record mac", "#alert 20",
        "err bad ssl client auth cert", "illegal parameter", "#alert 47",
    ]),
    means(F(TlsTimeout), &[
        "tls handshake timeout", "ssl connection timeout", "tls handshake timed out",
        "ssl handshake timed out", "the handshake operation timed out",
        "handshake operation timed out", "tls & timed out", "ssl & timed out",
        "ssl connect & timeout", "tls connect timeout", "ssl handshake timeout",
        "handshake timed out & ssl", "tls & i/o timeout",
    ]),
    means(F(UpgradeClosed), &[
        "websocket & handshake & unexpected eof", "websocket & handshake & eof",
        "opening handshake & eof", "did not receive a valid http response",
        "connection closed while reading http status line", "line without crlf",
        "stream ends after 0 bytes, before end of line", "#curl 52", "empty reply from server",
        "socket hang up", "remote end closed connection without response", "remotedisconnected",
        "server disconnected", "serverdisconnectederror", "nohttpresponseexception",
        "failed to respond", "handshakeincomplete", "handshake not finished",
        "unexpected end of file from server", "err empty response",
        "connection closed before receiving a handshake response", "incompletemessage",
        "connection closed before message completed",
    ]),
    means(F(TlsReset), &[
        "handshake & ssl & connection reset by peer", "tls handshake & connection reset by peer",
        "tls handshake & connection reset", "ssl connect & connection reset by peer",
        "ssl connect & connection reset", "tls & econnreset", "ssl & econnreset",
        "tls & connection reset by peer", "ssl handshake & connection reset",
        "ssl exception & connection reset", "sslexception & connection reset",
        "#curl 35 & connection reset by peer", "#curl 35 & connection was reset",
        "#curl 35 & reset",
    ]),
    means(F(TlsClosed), &[
        "client network socket disconnected before secure tls connection was established",
        "before secure tls connection was established", "remote host terminated the handshake",
        "remote host closed connection during handshake", "eof occurred in violation of protocol",
        "ssleoferror", "ssl connect: ssl error syscall", "ssl connect & ssl error syscall",
        "tls handshake & unexpected eof", "tls handshake eof", "tls handshake & eof",
        "ssl handshake & unexpected eof", "ssl handshake & eof",
        "ssl connect & unexpected eof while reading", "ssl connect & eof", "#curl 35 & eof",
        "handshake & ssl & eof", "ssl & unexpected eof while reading", "ssl & unexpected eof",
        "tls & unexpected eof", "tls & eof", "ssl & eof", "sslhandshakeexception & eof",
        "err ssl closed", "ssl handshake & closed", "tls handshake & closed",
        "tls connection was non properly terminated",
        "peer closed connection without sending tls close notify",
    ]),

    // HTTP answers to the upgrade, from the service or its gateway.
    means(F(Busy), &[
        "409 conflict", "#status 409", "consumerbusyexception", "consumerbusy",
        "exclusive consumer is already connected", "consumer busy",
        "already connected & subscription",
    ]),
    means(F(RateLimited), &[
        "429 too many requests", "#status 429", "too many requests", "rate limit exceeded",
        "rate limited",
    ]),
    means(F(SilentBroker), &[
        "annotatedconnectexception",
    ]),
    means(F(NoSuchNamespace), &["namespace not found"]),
    means(F(NoSuchTenant), &["tenant not found"]),
    means(F(NoSuchTopic), &["topic not found", "topic does not exist"]),
    means(F(BadTopicName), &["invalid topic name"]),
    means(F(Unauthorized), &[
        "401 unauthorized", "#status 401 & unauthorized", "#status 401", "=401", "unauthorized",
        "unauthorised", "failed to authenticate", "authentication failed",
        "authentication required", "invalid api key", "invalid x api key",
        "authenticationexception & pulsar", "authorization & failed", "authentication issues",
    ]),
    means(F(NoKeyHeader), &[
        "missing api key header", "missing x api key", "api key header",
    ]),
    means(F(Forbidden), &[
        "403 forbidden", "#status 403 & forbidden", "#status 403", "=403", "forbidden",
        "not authorized", "not authorised", "insufficient permissions", "insufficient permission",
        "lacks permission",
    ]),
    means(F(NotFound), &["404 not found", "#status 404 & not found", "#status 404", "=404"]),
    means(F(BadRequest), &[
        "400 bad request", "#status 400 & bad request", "#status 400", "=400", "bad request",
        "invalid query params", "invalid query param",
    ]),
    means(F(GatewayError), &[
        "502 bad gateway", "503 service unavailable", "503 service temporarily unavailable",
        "504 gateway timeout", "504 gateway time out", "#status 502 & bad gateway",
        "#status 503 & service unavailable", "#status 504 & gateway timeout",
        "#status 504 & gateway time out", "#status 502", "#status 503", "#status 504", "=502",
        "=503", "=504", "bad gateway", "service unavailable", "service temporarily unavailable",
        "gateway timeout", "gateway time out", "no healthy upstream", "upstream connect error",
    ]),
    means(F(ServerError), &[
        "500 internal server error", "500 server error", "#status 500 & internal server error",
        "#status 500 & server error", "#status 500", "=500", "internal server error",
        "failed to create reader", "failed to create consumer",
        "failed to create producer/consumer",
    ]),
    means(F(BadAccept), &[
        "sec websocket accept & mismatch", "sec websocket accept & invalid",
        "sec websocket accept & incorrect", "sec websocket accept & wrong",
        "invalid sec websocket accept", "mismatch & sec websocket accept",
        "incorrect & sec websocket accept", "secwebsocketacceptkeymismatch",
        "invalid & sec websocket accept",
    ]),
    means(F(NotWebSocket), &[
        "unexpected server response: 200", "unexpected response code: 200",
        "handshake status 200 ok", "handshake status 200",
        "rejected websocket connection: http 200", "status code received: 200", "but got 200",
        "bad handshake & 200 ok", "http error: 200 ok", "http error: 200",
        "unexpected status code (200 ok)", "204 no content", "unexpected server response: 204",
        "301 moved permanently", "302 found", "302 moved temporarily", "#status 301", "#status 302",
        "#status 303", "#status 307", "#status 308", "307 temporary redirect",
        "405 method not allowed", "#status 405", "=405", "426 upgrade required", "#status 426",
        "=426", "upgrade required", "method not allowed", "missing upgrade",
        "missingupgradewebsocketheader", "missingconnectionupgradeheader", "invalid upgrade header",
        "invalid connection header", "invalid upgrade", "invalidupgrade",
        "'upgrade' header is missing", "'upgrade' token not found", "upgrade header",
        "not a websocket", "captive portal", "malformed http response", "malformed http status",
        "received http/0.9 when not allowed", "parse error: expected http", "#curl 1 & http/0.9",
        "wronghttpversion", "err invalid http response", "can upgrade only to websocket",
    ]),
    means(M(Matter::Upgrade), &[
        "websocket: bad handshake", "bad handshake", "websocket handshake", "opening handshake",
        "wsserverhandshakeerror", "websocketbadstatusexception", "websockethandshakeexception",
        "invalidstatuscode", "invalidstatus", "invalidhandshake", "unexpected server response",
        "unexpected response code", "unexpected status code", "invalid status code received",
        "handshake status", "expected handshake response status code 101",
        "server rejected websocket connection",
    ]),

    // Messages.
    means(F(ClientBase64), &[
        "illegal base64 data at input byte", "illegal base64 data", "illegal base64 character",
        "illegal base64", "base64 decode errors", "base64 decode", "base64 decoding",
        "invalid base64 encoded string", "invalid base64", "base64: invalid input",
        "base64 & decode", "incorrect padding", "binascii.error", "corruptinputerror",
        "incorrect ending byte", "wrong 4 byte ending unit",
        "string to be decoded is not correctly encoded", "execute 'atob'", "cannot decode payload",
        "invalidbyte", "invalid padding", "invalid symbol & offset", "invalid byte & offset",
        "not a valid base 64", "not valid base64", "base64 & error", "message processing issues",
    ]),
    means(F(ClientJson), &[
        "invalid json in payload", "invalid json", "json parse errors after decoding payload",
        "json parse error", "json parse errors", "unexpected end of json input",
        "invalid character & looking for beginning of value", "looking for beginning of value",
        "jsondecodeerror", "expecting value: line", "unexpected token & in json",
        "unexpected token & is not valid json", "is not valid json", "jsonparseexception",
        "jsonprocessingexception", "jsonsyntaxexception", "jsonexception",
        "mismatchedinputexception", "jq & parse error", "malformed json", "json: cannot unmarshal",
        "cannot unmarshal", "unexpected data structure", "expected value at line",
        "trailing characters at line", "eof while parsing", "json & parse error",
    ]),
    means(M(Matter::Memory), &[
        "high memory usage", "high memory", "memory usage", "memory & growing", "memory leak",
        "out of memory", "outofmemoryerror", "heap out of memory", "java heap space", "memoryerror",
        "oomkilled", "oom killed", "oom", "oom kill", "enomem", "cannot allocate memory",
        "performance issues",
    ]),
    means(M(Matter::Slow), &[
        "slow message processing", "slow processing", "slow consumer", "consumer too slow",
        "consumer is too slow", "parallelize processing", "optimize json parsing",
    ]),

    // Files and options of a client.
    means(F(OutputFailed), &[
        "no space left on device", "enospc", "disk quota exceeded", "disk full", "disk is full",
    ]),
    means(F(Usage), &[
        "unknown option", "unrecognized option", "unrecognized arguments",
        "flag provided but not defined", "unknown flag", "invalid option", "unknown argument",
        "unexpected argument",
    ]),
    means(F(BadContent), &[
        "tenant is required", "tenant & required", "api key is required", "api key & required",
        "missing tenant", "missing api key", "no api key", "pulsar api key & not set",
        "pulsar tenant & not set",
    ]),
    means(F(UnreadableFile), &[
        "no such file or directory", "enoent", "filenotfounderror", "filenotfoundexception",
        "open & permission denied", "=permission denied", "permissionerror & permission denied",
    ]),

    // Vague words: any find above is better.
    means(M(Matter::Certificate), &[
        "certificate verify failed", "certificate verification failed",
        "certificate verification error", "certificate verification", "ssl certificate problem",
        "tls/ssl certificate errors", "certificate errors", "sslcertverificationerror",
        "sslcertverification", "certificateexception", "certpathvalidatorexception",
        "pkix path validation failed", "validity check failed", "invalid peer certificate",
        "failed to verify certificate", "x509", "#curl 60", "certificate error",
        "certificate unknown", "ssl certificate verify result", "err cert", "certificate invalid",
        "invalid certificate", "bad certificate", "remote certificate is invalid",
    ]),
    means(F(ConnectTimeout), &[
        "dial tcp & i/o timeout", "dial tcp & operation timed out",
        "dial tcp & connection timed out", "dial tcp & deadline exceeded",
        "connect: connection timed out", "connect: operation timed out", "connect etimedout",
        "connect timed out", "connect timeout", "connection timed out", "connection timeout",
        "connection timeouts", "connection time out", "connecttimeouterror", "connecttimeout",
        "connecttimeoutexception", "und err connect timeout",
        "failed to connect & timeout was reached", "failed to connect & timed out", "etimedout",
        "#errno 110", "#errno 10060", "did not properly respond after a period of time",
        "err connection timed out", "connection hangs", "timeout after 45 seconds",
        "connectiontimeouterror", "tcp connect & timed out",
    ]),
    means(F(UpgradeTimeout), &[
        "timeout awaiting response headers", "read timeout & http", "upgrade & timed out",
        "no answer to the upgrade",
    ]),
    means(M(Matter::Timeout), &[
        "context deadline exceeded (client.timeout exceeded while awaiting headers)",
        "context deadline exceeded", "deadline exceeded", "deadlineexceeded", "i/o timeout",
        "#curl 28", "timed out during opening handshake", "opening handshake has timed out",
        "operation timed out", "timed out", "=timeout", "timeouterror", "timeoutexception",
        "sockettimeoutexception", "readtimeout", "readtimeouterror", "request timeout",
        "read timeout", "websocket timeout", "timeout exceeded", "timeout error",
        "timeout was reached", "timeout after", "timeout waiting", "esockettimedout",
        "deadline has elapsed", "taskcanceledexception",
    ]),
    means(M(Matter::Tls), &[
        "ssl handshake failed", "ssl handshake failure", "tls handshake failed",
        "tls handshake error", "tls handshake", "sslhandshakeexception", "sslexception", "sslerror",
        "ssl error", "tls error", "tlserror", "ssl protocol error", "err ssl protocol error",
        "#curl 35", "eproto", "ssl connect error", "ssl routines", "no peer certificate available",
        "native tls error", "handshake failed", "remote error: tls",
        "could not create ssl/tls secure channel", "the ssl connection could not be established",
        "ssl/tls",
    ]),
    means(M(Matter::Reset), &[
        "connection reset by peer", "connection reset by remote host", "connection reset",
        "econnreset", "connectionreseterror", "connection was reset", "err connection reset",
        "forcibly closed by the remote host", "#errno 104", "#errno 10054", "recv failure",
        "broken pipe", "epipe", "connection aborted", "econnaborted",
        "software caused connection abort",
    ]),
    means(M(Matter::Closed), &[
        "unexpected eof", "eof", "eofexception", "eoferror", "unexpectedeof", "end of file",
        "closedchannelexception", "clientconnectionerror", "connection closed by",
        "connection closed", "connectionclosed", "connection was closed", "connection is closed",
        "connection is already closed", "closed by remote host", "closed by the remote host",
        "closed by peer", "closed by the remote", "use of closed network connection",
        "connection lost", "disconnected", "server closed", "closed the connection",
        "err connection closed", "#curl 56",
    ]),
    means(M(Matter::Connect), &[
        "cannot connect to websocket", "cannot connect", "can't connect", "failed to connect",
        "couldn't connect to server", "couldn't connect", "could not connect", "unable to connect",
        "connection failed", "connection issues", "connection error", "connectionerror",
        "connectexception", "failed to establish a new connection", "#curl 7",
        "max retries exceeded", "fetch failed", "websocketerror", "i/o failure",
        "err connection failed", "websocket connection to & failed", "clientconnectorerror",
        "connect error", "websocketexception", "all connection attempts failed",
    ]),

    // Headings of the page that are not about a failure.
    means(M(Matter::Verbose), &[
        "enable verbose logging", "verbose logging", "debug logging", "debugging tips",
    ]),
    means(M(Matter::Traffic), &["inspect websocket traffic", "websocket traffic"]),
    means(M(Matter::Output), &[
        "check process output", "redirect stderr and stdout", "redirect stderr",
    ]),
    means(M(Matter::Help), &[
        "getting help", "collect diagnostic information", "contact support", "contact 8x8 support",
    ]),
    means(M(Matter::Messages), &["common error messages"]),
    means(M(Matter::Practices), &[
        "best practices", "exponential backoff", "implement reconnection logic",
    ]),
];
