//! Real error lines, and how each is explained.

use super::patterns::PATTERNS;
use super::topics::Topic;
use super::*;
use crate::fault::{self, Fault, Holes};

/// What a text is about, in order: codes, or a word if there is no code.
fn names(text: &str) -> Vec<String> {
    explain(text).findings.iter().map(|finding| name(finding.topic)).collect()
}

fn name(topic: Topic) -> String {
    match topic {
        Topic::Fault(fault) => fault::row(fault).code.to_owned(),
        Topic::Matter(matter) => format!("{matter:?}").to_lowercase(),
    }
}

/// One line (or one message of several lines) with the one topic it is about.
#[rustfmt::skip]
const LINES: &[(&str, &str)] = &[
    // 8x8's page.
    ("tcp.refused", "connection refused"),
    ("tcp.refused", "Connection refused error"),
    ("auth.unauthorized", "401 Unauthorized"),
    ("auth.unauthorized", "HTTP 401 status code"),
    ("auth.unauthorized", "\"Unauthorized\" error message"),
    ("auth.forbidden", "403 Forbidden"),
    ("auth.forbidden", "HTTP 403 status code"),
    ("auth.forbidden", "\"Forbidden\" error message"),
    ("certificate", "certificate verify failed"),
    ("certificate", "Certificate verification failed"),
    ("tls.untrusted", "x509: certificate signed by unknown authority"),
    ("tls", "SSL handshake failed"),
    ("stream.bad_payload", "illegal base64 data"),
    ("stream.bad_payload", "Base64 decode errors"),
    ("closed", "EOF"),
    ("closed", "unexpected EOF"),
    ("closed", "EOF or unexpected EOF"),
    ("timeout", "context deadline exceeded"),
    ("tcp.timeout", "Connection timeout"),
    ("tcp.timeout", "Connection hangs"),
    ("tcp.timeout", "Timeout after 45 seconds"),
    ("tcp.unreachable", "Network unreachable"),
    ("regions.elsewhere", "Connection succeeds but no events received"),
    ("regions.elsewhere", "Authorization succeeds but no data"),
    ("regions.elsewhere", "Empty message stream"),
    ("stream.bad_payload", "JSON parse errors after decoding payload"),
    ("stream.bad_payload", "Unexpected data structure"),
    ("stream.silent", "Successfully connected but no messages appear"),
    ("stream.silent", "Empty output"),
    ("memory", "high memory"),

    // Go.
    ("tcp.refused", "2026/10/02 09:30:00 main.go:88: dial tcp 203.0.113.10:443: connect: connection refused"),
    ("tcp.timeout", "dial tcp 203.0.113.10:443: i/o timeout"),
    ("tcp.timeout", "dial tcp 203.0.113.10:443: connect: connection timed out"),
    ("tcp.timeout", "dial tcp 203.0.113.10:443: connect: operation timed out"),
    ("tcp.unreachable", "dial tcp [2001:db8::1]:443: connect: network is unreachable"),
    ("tcp.unreachable", "dial tcp 10.1.2.3:443: connect: no route to host"),
    ("dns.no_such_name", "dial tcp: lookup pulsar-ws-usw1.8x8.com on 127.0.0.53:53: no such host"),
    ("dns.no_answer", "dial tcp: lookup pulsar-ws-use1.8x8.com on 10.0.0.2:53: server misbehaving"),
    ("dns.no_answer", "dial tcp: lookup pulsar-ws-use1.8x8.com: i/o timeout"),
    ("dns.no_answer", "dial tcp: lookup x.8x8.com on [::1]:53: read udp [::1]:34567->[::1]:53: read: connection refused"),
    ("tls.timeout", "net/http: TLS handshake timeout"),
    ("tls.expired", "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-10-02T09:30:00Z is after 2026-09-01T00:00:00Z"),
    ("tls.not_yet_valid", "x509: certificate has expired or is not yet valid: current time 1970-01-01T00:00:09Z is before 2026-09-01T00:00:00Z"),
    ("tls.name", "x509: certificate is valid for *.example.com, example.com, not pulsar-ws-euw2.8x8.com"),
    ("tls.name", "x509: cannot validate certificate for 203.0.113.10 because it doesn't contain any IP SANs"),
    ("tls.name", "x509: certificate relies on legacy Common Name field, use SANs instead"),
    ("tls.untrusted", "tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: verification error\" while trying to verify candidate authority certificate \"Acme\")"),
    ("tls.untrusted", "x509: \"Acme Root\" certificate is not trusted"),
    ("tls.weak", "x509: cannot verify signature: insecure algorithm SHA1-RSA"),
    ("tls.handshake", "remote error: tls: handshake failure"),
    ("tls.handshake", "remote error: tls: bad certificate"),
    ("tls.handshake", "tls: server selected unsupported protocol version 301"),
    ("tls.not_tls", "tls: first record does not look like a TLS handshake"),
    ("tls.not_tls", "http: server gave HTTP response to HTTPS client"),
    ("upgrade", "websocket: bad handshake"),
    ("auth.unauthorized", "dial failed: websocket: bad handshake (status 401)"),
    ("auth.forbidden", "failed to WebSocket dial: expected handshake response status code 101 but got 403"),
    ("auth.not_websocket", "failed to WebSocket dial: expected handshake response status code 101 but got 200"),
    ("stream.closed", "websocket: close 1006 (abnormal closure): unexpected EOF"),
    ("stream.closed", "read error: websocket: close 1001 (going away): Connection Idle Timeout"),
    ("stream.closed", "websocket: close 1011 (internal server error): boom"),
    ("stream.too_large", "websocket: close 1009 (message too big)"),
    ("stream.too_large", "websocket: read limit exceeded"),
    ("reset", "read tcp 10.0.0.5:53122->203.0.113.10:443: read: connection reset by peer"),
    ("stream.no_pong", "read tcp 10.0.0.5:53122->203.0.113.10:443: read: connection timed out"),
    ("closed", "read tcp 10.0.0.5:53122->203.0.113.10:443: use of closed network connection"),
    ("reset", "write tcp 10.0.0.5:53122->203.0.113.10:443: write: broken pipe"),
    ("proxy.auth_required", "proxyconnect tcp: Proxy Authentication Required"),
    ("tcp.refused", "proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused"),
    ("dns.no_such_name", "proxyconnect tcp: dial tcp: lookup proxy.acme.example: no such host"),
    ("tcp.timeout", "proxyconnect tcp: dial tcp 10.1.1.1:3128: i/o timeout"),
    ("proxy.not_a_proxy", "proxyconnect tcp: tls: first record does not look like a TLS handshake"),
    ("proxy.target_unreachable", "socks connect tcp 127.0.0.1:1080->pulsar-ws-euw2.8x8.com:443: unknown error general SOCKS server failure"),
    ("stream.bad_payload", "illegal base64 data at input byte 0"),
    ("stream.bad_payload", "invalid character '<' looking for beginning of value"),
    ("stream.bad_payload", "json: cannot unmarshal string into Go value of type main.PulsarMessage"),
    ("stream.bad_payload", "unexpected end of JSON input"),
    ("timeout", "Get \"https://x/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    ("auth.timeout", "net/http: timeout awaiting response headers"),
    ("config.usage", "flag provided but not defined: -tennant"),

    // Node, ws, wscat, browsers.
    ("tcp.refused", "Error: connect ECONNREFUSED 127.0.0.1:443\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {\n  errno: -111,\n  code: 'ECONNREFUSED',\n  syscall: 'connect',\n  port: 443\n}"),
    ("dns.no_such_name", "Error: getaddrinfo ENOTFOUND pulsar-ws-usw1.8x8.com"),
    ("dns.no_answer", "Error: getaddrinfo EAI_AGAIN pulsar-ws-use1.8x8.com"),
    ("tcp.timeout", "Error: connect ETIMEDOUT 203.0.113.10:443"),
    ("stream.no_pong", "Error: read ETIMEDOUT"),
    ("reset", "Error: read ECONNRESET\n    at TLSWrap.onStreamRead (node:internal/stream_base_commons:217:20)"),
    ("tcp.unreachable", "Error: connect EHOSTUNREACH 10.0.0.1:443 - Local (10.0.0.5:5222)"),
    ("tcp.unreachable", "connect ENETUNREACH 2001:db8::1:443"),
    ("tls.untrusted", "error: unable to verify the first certificate\ncode: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'"),
    ("tls.untrusted", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    ("tls.untrusted", "SELF_SIGNED_CERT_IN_CHAIN"),
    ("tls.untrusted", "code: 'DEPTH_ZERO_SELF_SIGNED_CERT'"),
    ("tls.untrusted", "error: self-signed certificate in certificate chain"),
    ("tls.expired", "CERT_HAS_EXPIRED"),
    ("tls.not_yet_valid", "CERT_NOT_YET_VALID"),
    ("tls.name", "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b"),
    ("tls.closed", "Error: Client network socket disconnected before secure TLS connection was established\n  code: 'ECONNRESET',\n  path: undefined"),
    ("tls.not_tls", "write EPROTO 140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl3_record.c:332:"),
    ("auth.unauthorized", "error: Unexpected server response: 401"),
    ("auth.forbidden", "error: Unexpected server response: 403"),
    ("auth.not_found", "error: Unexpected server response: 404"),
    ("auth.not_websocket", "error: Unexpected server response: 200"),
    ("auth.not_websocket", "error: Unexpected server response: 302"),
    ("auth.server_error", "error: Unexpected server response: 502"),
    ("auth.busy", "error: Unexpected server response: 409"),
    ("proxy.auth_required", "error: Unexpected server response: 407"),
    ("auth.closed", "Error: socket hang up"),
    ("timeout", "Error: Opening handshake has timed out"),
    ("auth.bad_accept", "Error: Invalid Sec-WebSocket-Accept header"),
    ("stream.too_large", "RangeError: Max payload size exceeded { code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', [Symbol(status-code)]: 1009 }"),
    ("stream.protocol", "RangeError: Invalid WebSocket frame: RSV1 must be clear"),
    ("stream.closed", "Disconnected (code: 1006, reason: \"\")"),
    ("stream.closed", "Disconnected (code: 1000, reason: \"\")"),
    ("stream.bad_payload", "SyntaxError: Unexpected token < in JSON at position 0"),
    ("stream.bad_payload", "SyntaxError: Unexpected token 'e', \"eyJJbnRlc\"... is not valid JSON"),
    ("memory", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
    ("tcp.refused", "WebSocket connection to 'wss://x/' failed: Error in connection establishment: net::ERR_CONNECTION_REFUSED"),
    ("tls.untrusted", "net::ERR_CERT_AUTHORITY_INVALID"),
    ("tls.name", "net::ERR_CERT_COMMON_NAME_INVALID"),
    ("dns.no_such_name", "net::ERR_NAME_NOT_RESOLVED"),
    ("tcp.unreachable", "net::ERR_INTERNET_DISCONNECTED"),
    ("auth.not_websocket", "Error during WebSocket handshake: Unexpected response code: 200"),

    // Python.
    ("tcp.refused", "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 443)"),
    ("tcp.refused", "[WinError 10061] No connection could be made because the target machine actively refused it"),
    ("dns.no_such_name", "socket.gaierror: [Errno -2] Name or service not known"),
    ("dns.no_answer", "socket.gaierror: [Errno -3] Temporary failure in name resolution"),
    ("dns.no_address", "socket.gaierror: [Errno -5] No address associated with hostname"),
    ("dns.no_such_name", "socket.gaierror: [Errno 11001] getaddrinfo failed"),
    ("dns.no_such_name", "socket.gaierror: [Errno 8] nodename nor servname provided, or not known"),
    ("dns", "socket.gaierror"),
    ("tls.untrusted", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1007)"),
    ("tls.expired", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1007)"),
    ("tls.name", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for 'x'. (_ssl.c:1007)"),
    ("certificate", "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:852)"),
    ("tls.closed", "ssl.SSLEOFError: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1007)"),
    ("tls.not_tls", "ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1007)"),
    ("tls.handshake", "ssl.SSLError: [SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1007)"),
    ("tls.timeout", "socket.timeout: _ssl.c:1112: The handshake operation timed out"),
    ("auth.unauthorized", "websockets.exceptions.InvalidStatusCode: server rejected WebSocket connection: HTTP 401"),
    ("auth.forbidden", "websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP 403"),
    ("auth.unauthorized", "websocket._exceptions.WebSocketBadStatusException: Handshake status 401 Unauthorized -+-+- {'server': 'nginx'} -+-+- b''"),
    ("auth.closed", "websockets.exceptions.InvalidMessage: did not receive a valid HTTP response"),
    ("stream.closed", "websockets.exceptions.ConnectionClosedError: no close frame received or sent"),
    ("stream.closed", "websockets.exceptions.ConnectionClosedOK: received 1000 (OK); then sent 1000 (OK)"),
    ("stream.no_pong", "websockets.exceptions.ConnectionClosedError: sent 1011 (internal error) keepalive ping timeout; no close frame received"),
    ("stream.too_large", "websockets.exceptions.ConnectionClosedError: sent 1009 (message too big) over size limit (1363148 > 1048576 bytes)"),
    ("stream.closed", "websocket._exceptions.WebSocketConnectionClosedException: Connection to remote host was lost."),
    ("stream.no_pong", "websocket._exceptions.WebSocketTimeoutException: ping/pong timed out"),
    ("timeout", "TimeoutError: timed out during opening handshake"),
    ("stream.bad_payload", "binascii.Error: Incorrect padding"),
    ("stream.bad_payload", "binascii.Error: Invalid base64-encoded string: number of data characters (5) cannot be 1 more than a multiple of 4"),
    ("stream.bad_payload", "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
    ("proxy.auth_required", "OSError: Tunnel connection failed: 407 Proxy Authentication Required"),
    ("proxy.forbidden", "OSError: Tunnel connection failed: 403 Forbidden"),
    ("proxy.target_unreachable", "OSError: Tunnel connection failed: 503 Service Unavailable"),
    ("proxy.closed", "urllib3.exceptions.ProxyError: ('Unable to connect to proxy', RemoteDisconnected('Remote end closed connection without response'))"),
    ("proxy.not_a_proxy", "ProxyError('Your proxy appears to only use HTTP and not HTTPS, try changing your proxy URL to be HTTP.')"),
    ("auth.closed", "aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected"),
    ("auth.unauthorized", "aiohttp.client_exceptions.WSServerHandshakeError: 401, message='Invalid response status', url='wss://x'\nHTTP 401"),

    // Java and .NET.
    ("dns.no_such_name", "java.net.UnknownHostException: pulsar-ws-usw1.8x8.com"),
    ("dns.no_answer", "java.net.UnknownHostException: pulsar-ws-euw2.8x8.com: Temporary failure in name resolution"),
    ("tcp.refused", "java.net.ConnectException: Connection refused (Connection refused)"),
    ("tcp.timeout", "java.net.ConnectException: Connection timed out"),
    ("tcp.timeout", "java.net.SocketTimeoutException: connect timed out"),
    ("timeout", "java.net.SocketTimeoutException: Read timed out"),
    ("tcp.unreachable", "java.net.NoRouteToHostException: No route to host"),
    ("tls.untrusted", "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target"),
    ("tls.expired", "javax.net.ssl.SSLHandshakeException: PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed\nCaused by: java.security.cert.CertificateExpiredException: NotAfter: Tue Sep 01 00:00:00 UTC 2026"),
    ("tls.name", "javax.net.ssl.SSLHandshakeException: No subject alternative DNS name matching pulsar-ws-euw2.8x8.com found."),
    ("tls.handshake", "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure"),
    ("tls.closed", "javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake\nCaused by: java.io.EOFException: SSL peer shut down incorrectly"),
    ("tls.not_tls", "javax.net.ssl.SSLException: Unsupported or unrecognized SSL message\nUnrecognized SSL message, plaintext connection?"),
    ("tls.untrusted", "java.security.InvalidAlgorithmParameterException: the trustAnchors parameter must be non-empty"),
    ("closed", "java.io.EOFException\n\tat java.base/java.io.DataInputStream.readFully(DataInputStream.java:401)"),
    ("auth.unauthorized", "org.java_websocket.exceptions.InvalidDataException: Invalid status code received: 401 Status line: HTTP/1.1 401 Unauthorized"),
    ("stream.closed", "onClose: code=1006 reason=The connection was closed abnormally"),
    ("stream.no_pong", "The connection was closed because the other endpoint did not respond with a pong in time."),
    ("stream.too_large", "org.eclipse.jetty.websocket.api.MessageTooLargeException: Text message size [65537] exceeds maximum size [65536]"),
    ("memory", "java.lang.OutOfMemoryError: Java heap space"),
    ("stream.bad_payload", "java.lang.IllegalArgumentException: Illegal base64 character 7b"),
    ("stream.bad_payload", "com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'eyJ': was expecting (JSON String, Number, Array)"),
    ("proxy.forbidden", "java.io.IOException: Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 403 Forbidden\""),
    ("proxy.auth_required", "java.io.IOException: Unable to tunnel through proxy. Proxy returns \"HTTP/1.1 407 Proxy Authentication Required\""),
    ("auth.unauthorized", "System.Net.WebSockets.WebSocketException: The server returned status code '401' when status code '101' was expected."),
    ("stream.closed", "System.Net.WebSockets.WebSocketException: The remote party closed the WebSocket connection without completing the close handshake."),

    // curl.
    ("dns.no_such_name", "curl: (5) Could not resolve proxy: proxy.acme.example"),
    ("dns.no_such_name", "curl: (6) Could not resolve host: pulsar-ws-usw1.8x8.com"),
    ("tcp.refused", "curl: (7) Failed to connect to pulsar-ws-euw2.8x8.com port 443 after 3 ms: Connection refused"),
    ("tcp.unreachable", "curl: (7) Failed to connect to 10.1.2.3 port 443: No route to host"),
    ("connect", "curl: (7) Failed to connect to pulsar-ws-euw2.8x8.com port 443 after 3 ms: Couldn't connect to server"),
    ("timeout", "curl: (28) Operation timed out after 5001 milliseconds with 0 bytes received"),
    ("tcp.timeout", "curl: (28) Failed to connect to pulsar-ws-euw2.8x8.com port 443 after 130 ms: Connection timed out"),
    ("dns.no_answer", "curl: (28) Resolving timed out after 5000 milliseconds"),
    ("tls.timeout", "curl: (28) SSL connection timeout"),
    ("tls.closed", "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to pulsar-ws-euw2.8x8.com:443"),
    ("tls.reset", "curl: (35) Recv failure: Connection reset by peer"),
    ("tls.not_tls", "curl: (35) error:0A00010B:SSL routines::wrong version number"),
    ("tls.handshake", "curl: (35) error:0A000152:SSL routines::unsafe legacy renegotiation disabled"),
    ("tls", "curl: (35) error"),
    ("tls.name", "curl: (51) SSL: no alternative certificate subject name matches target host name 'x'"),
    ("auth.closed", "curl: (52) Empty reply from server"),
    ("reset", "curl: (56) Recv failure: Connection reset by peer"),
    ("proxy.auth_required", "curl: (56) Received HTTP code 407 from proxy after CONNECT"),
    ("proxy.forbidden", "* Establish HTTP proxy tunnel to x:443\n< HTTP/1.1 403 Forbidden\n< Server: squid\n* CONNECT tunnel failed, response 403\ncurl: (56) CONNECT tunnel failed, response 403"),
    ("tls.untrusted", "curl: (60) SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html"),
    ("tls.expired", "curl: (60) SSL certificate problem: certificate has expired"),
    ("tls.untrusted", "curl: (77) error setting certificate verify locations: CAfile: /nope"),
    ("proxy.target_unreachable", "curl: (97) Can't complete SOCKS5 connection to pulsar-ws-euw2.8x8.com. (1)"),
    ("proxy.closed", "curl: (56) Proxy CONNECT aborted"),

    // OpenSSL.
    ("tls.expired", "verify error:num=10:certificate has expired"),
    ("tls.untrusted", "verify error:num=18:self signed certificate"),
    ("tls.untrusted", "verify error:num=19:self-signed certificate in certificate chain"),
    ("tls.untrusted", "depth=0 CN = *.8x8.com\nverify error:num=20:unable to get local issuer certificate\nverify return:1\nverify error:num=21:unable to verify the first certificate\n    Timeout   : 7200 (sec)\n    Verify return code: 21 (unable to verify the first certificate)"),
    ("tls.name", "verify error:num=62:hostname mismatch"),
    ("tls.not_yet_valid", "verify error:num=9:certificate is not yet valid"),
    ("tls.weak", "Verify return code: 66 (EE certificate key too weak)"),
    ("tls.handshake", "140:error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:ssl/record/rec_layer_s3.c:1544:SSL alert number 40"),
    ("tls.handshake", "error:0A00042E:SSL routines::tlsv1 alert protocol version"),
    ("tls.handshake", "error:0A000458:SSL routines::tlsv1 unrecognized name"),
    ("tcp.refused", "connect:errno=111"),
    ("tls", "no peer certificate available"),

    // Rust: websocat, tungstenite, rustls.
    ("connect", "websocat: WebSocketError: WebSocketError: I/O failure"),
    ("auth.unauthorized", "websocat: WebSocketError: WebSocketError: Received unexpected status code (401 Unauthorized)"),
    ("tcp.refused", "websocat: Connection refused (os error 111)"),
    ("dns.no_such_name", "failed to lookup address information: Name or service not known"),
    ("dns.no_answer", "failed to lookup address information: Temporary failure in name resolution"),
    ("tls.untrusted", "invalid peer certificate: UnknownIssuer"),
    ("tls.expired", "invalid peer certificate: Expired"),
    ("tls.name", "invalid peer certificate: NotValidForName"),
    ("tls.not_tls", "received corrupt message of type InvalidContentType"),
    ("tls.closed", "tls handshake eof"),
    ("stream.closed", "WebSocket protocol error: Connection reset without closing handshake"),
    ("auth.unauthorized", "HTTP error: 401 Unauthorized"),
    ("auth.not_websocket", "HTTP error: 200 OK"),
    ("stream.bad_payload", "expected value at line 1 column 1"),

    // Pulsar.
    ("auth.refused", "Error 500 Failed to create reader: {&quot;errorMsg&quot;:&quot;Namespace not found&quot;,&quot;reqId&quot;:1}"),
    ("auth.refused", "HTTP/1.1 404 Failed to create producer/consumer: {\"errorMsg\":\"Topic not found\"}"),
    ("auth.refused", "HTTP/1.1 500 Failed to create reader: Illegal base64 character 5f"),
    ("auth.refused", "400 Invalid query params: Invalid messageId value"),
    ("auth.partitioned", "HTTP/1.1 500 Failed to create reader: The partitioned topic startMessageId is illegal"),
    ("auth.server_error", "HTTP/1.1 500 Failed to create reader: io.netty.channel.AbstractChannel$AnnotatedConnectException: finishConnect(..)"),
    ("auth.busy", "HTTP/1.1 409 Failed to subscribe: Exclusive consumer is already connected"),
    ("stream.closed", "closed 1001: java.util.concurrent.TimeoutException: Idle timeout expired: 300000/300000 ms"),
    ("stream.closed", "closed 1001: Connection Idle Timeout"),
    ("auth.server_error", "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"),
    ("auth.rate_limited", "HTTP/1.1 429 Too Many Requests"),

    // Proxies, and words that only look like one.
    ("proxy.forbidden", "HTTP 403 from proxy.acme.example"),
    ("proxy.forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0"),
    ("proxy.target_unreachable", "proxy answered: HTTP/1.1 502 Bad Gateway"),
    ("auth.forbidden", "HTTP 403 Forbidden (no proxy in between)"),
    ("auth.unauthorized", "pulsar websocket-proxy said: HTTP 401"),
    ("proxy.auth_required", "HTTP/1.0 407 Proxy Authentication Required"),

    ("proxy.auth_required", "proxy responded with 407"),
    ("proxy.forbidden", "The proxy server returned 403"),
    ("auth.forbidden", "403"),

    // Command line tools.
    ("dns.no_answer", ";; connection timed out; no servers could be reached"),
    ("dns.no_such_name", "** server can't find pulsar-ws-usw1.8x8.com: NXDOMAIN"),
    ("dns", "wget: unable to resolve host address 'x'"),
    ("tls.untrusted", "ERROR: cannot verify x's certificate, issued by 'CN=Acme': Unable to locally verify the issuer's authority."),
    ("tcp.refused", "nc: connect to x port 443 (tcp) failed: Connection refused"),
    ("stream.bad_payload", "jq: parse error: Invalid numeric literal at line 1, column 5"),

    // Prefixes and suffixes of messages in logs.
    ("tls.expired", "\u{1b}[31mERROR\u{1b}[0m [2026-10-02T09:30:00.401Z] svc: SSL handshake failed: \u{1b}[1mcertificate has expired\u{1b}[0m"),
    ("tcp.refused", "{\"level\":\"error\",\"ts\":1760000000.403,\"msg\":\"dial: connection refused\"}"),
    ("auth.unauthorized", "Oct 02 09:30:00 host client[401]: HTTP status=401"),

    // This program.
    ("tls.expired", "tail8x8: tls 127.0.0.1:4433: certificate has expired [tls.expired]; compare this machine's clock"),
    ("tls.untrusted", "tail8x8: tls x:443: self-signed certificate [tls.untrusted]\n        if a company proxy inspects TLS: 403, connection refused, EOF"),
    ("tls.expired", "tail8x8: tls x:443: certificate has expired [tls.expired]\r\n        compare: 401 Unauthorized\r\n"),
    ("stream.silent", "tail8x8: stream x: no message [stream.silent]"),
    ("stream.silent", "{\"code\":\"stream.silent\",\"cause\":\"connection reset, EOF, 401 Unauthorized\"}"),
    ("dns.no_answer", "dns.no_answer"),

    // Messages that only `diagnose` prints.
    ("tls.intercepted", "  FAIL  tls        41ms  intercepted by \"Acme Corp TLS Inspection CA\" [tls.intercepted]"),
    ("tls.missing_intermediate", "[tls.missing_intermediate]"),
    ("tls.empty_store", "[tls.empty_store]"),
    ("config.ca_store", "  warn  config     10ms  no usable root certificate on this machine [config.ca_store]"),
    ("auth.clock_skew", "[auth.clock_skew]"),
    ("config.other_tenant", "[config.other_tenant]"),
    ("dns.slow", "  warn  dns          5s  203.0.113.10, but only after 5s [dns.slow]"),
    ("stream.stale", "[stream.stale]"),
    ("stream.no_acks", "[stream.no_acks]"),
    ("stream.terminated", "[stream.terminated]"),
    ("regions.nowhere", "[regions.nowhere]"),
    ("config.default_region", "[config.default_region]"),
    ("dns.odd_address", "  warn  dns  12ms  10.0.0.7: a private address [dns.odd_address]"),
    ("tcp.some_unreachable", "[tcp.some_unreachable]"),
    ("tls.expires_soon", "[tls.expires_soon]"),
    ("tls.insecure", "[tls.insecure]"),
    ("config.insecure", "[config.insecure]"),
    ("regions.unreached", "[regions.unreached]"),
];

#[test]
fn real_lines_are_taken_for_what_they_are() {
    let wrong: Vec<_> = LINES
        .iter()
        .filter(|(expected, line)| names(line) != [*expected])
        .map(|(expected, line)| format!("{line}\n  wanted {expected}, got {:?}", names(line)))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), LINES.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_error_message_is_not_known() {
    for text in [
        "",
        "   \n",
        "hello world",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 Connection established",
        "took 401 ms",
        "GET /file-403.txt",
        "10:41:401",
        "typeof x",
        "Verify return code: 0 (ok)",
        "port 4010",
        "received 403 messages",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Timeout   : 7200 (sec)",
        "    at a.b.C(HttpError.java:401)",
        "tls.unheard_of",
    ] {
        let explanation = explain(text);
        assert!(explanation.findings.is_empty(), "{text}: {:?}", explanation.findings);
        assert_eq!(explanation.exit(), Exit::Data);
        assert!(explanation.to_string().contains("tail8x8 diagnose"));
    }
}

#[test]
fn every_code_of_the_program_leads_to_its_row() {
    for row in fault::rows() {
        let code = row.code;
        for text in [
            code.to_owned(),
            format!("[{code}]"),
            format!("{{\"level\":\"error\",\"code\":\"{code}\",\"cause\":\"EOF\"}}"),
            format!("noise: EOF\ntail8x8: x y: 401 Unauthorized, timed out [{code}]\n"),
        ] {
            let explanation = explain(&text);
            assert_eq!(explanation.findings[0].topic.code(), Some(code), "{text}");
            assert!(explanation.to_string().starts_with(&format!("[{code}]\n")), "{text}");
        }
    }
}

#[test]
fn words_before_a_code_choose_among_its_rows() {
    for row in fault::rows() {
        let headline = Holes::default().fill(row.headline);
        let text = format!("  FAIL  tls  41ms  {headline}  [{}]", row.code);
        let Topic::Fault(found) = explain(&text).findings[0].topic else { panic!("{text}") };
        assert_eq!(fault::row(found).headline, row.headline, "{text}");
        assert_eq!(fault::row(found).code, row.code, "{text}");
    }
    for (text, expected) in [
        ("tail8x8: auth h:443: HTTP 502 Bad Gateway [auth.server_error]; x", Fault::GatewayError),
        ("tail8x8: auth h:443: HTTP 500 [auth.server_error]; x", Fault::ServerError),
        ("auth h:443: HTTP 404: Topic not found [auth.not_found]", Fault::TopicNotFound),
        ("auth h:443: HTTP 500: Topic not found [auth.refused]", Fault::NoSuchTopic),
        ("tls h:443: intercepted by \"Acme\" [tls.intercepted]", Fault::Intercepted),
        (
            "warn tls trusted here, but intercepted by \"A\" [tls.intercepted]",
            Fault::TrustedInspector,
        ),
        ("payload is not base64: bad length [stream.bad_payload]", Fault::BadPayload),
    ] {
        assert_eq!(explain(text).findings[0].topic, Topic::Fault(expected), "{text}");
    }
}

#[test]
fn a_sentence_of_the_service_brings_its_own_advice() {
    for text in [
        "HTTP 500 Failed to create reader: {\"errorMsg\":\"Namespace not found\"}",
        "tail8x8: auth h:443: HTTP 404: Namespace not found [auth.refused]; check",
    ] {
        assert!(explain(text).to_string().contains("no such namespace"), "{text}");
    }
}

#[test]
fn several_matters_are_told_in_order_once_and_at_most_five() {
    let text = "1 no such host\n2 connection refused\n3 no such host\n4 certificate has expired\n\
                5 HTTP 401\n6 illegal base64 data\n7 out of memory\n8 unexpected EOF\n";
    let explanation = explain(text);
    let expected = [
        "dns.no_such_name",
        "tcp.refused",
        "tls.expired",
        "auth.unauthorized",
        "stream.bad_payload",
    ];
    assert_eq!(names(text), expected);
    assert_eq!(explanation.more, 2);
    assert!(explanation.to_string().ends_with("2 more problems; fix these first.\n"));
    assert_eq!(names("HTTP 401 and then connection refused"), ["auth.unauthorized", "tcp.refused"]);
}

/// Every heading, symptom row and message of 8x8's page, with the row that covers it.
#[test]
fn every_heading_of_the_page_is_reachable() {
    for (heading, page) in [
        ("Connection Issues", "Cannot Connect to WebSocket"),
        ("Cannot Connect to WebSocket", "Cannot Connect to WebSocket"),
        ("TLS/SSL Certificate Errors", "Common Error Messages: certificate verify failed"),
        ("SSL handshake failed", "TLS/SSL Certificate Errors"),
        ("Connection Timeout", "Connection Timeout"),
        ("Wrong Regional Endpoint", "Wrong Regional Endpoint"),
        ("Authentication Issues", "401 Unauthorized"),
        ("401 Unauthorized", "401 Unauthorized"),
        ("403 Forbidden", "403 Forbidden"),
        ("Message Processing Issues", "Cannot Decode Payload"),
        ("Cannot Decode Payload", "Cannot Decode Payload"),
        ("Invalid JSON in Payload", "Invalid JSON in Payload"),
        ("No Messages Received", "No Messages Received"),
        ("Performance Issues", "High Memory Usage"),
        ("High Memory Usage", "High Memory Usage"),
        ("Slow Message Processing", "Slow Message Processing"),
        ("Debugging Tips", "Enable Verbose Logging"),
        ("Enable Verbose Logging", "Enable Verbose Logging"),
        ("Inspect WebSocket Traffic", "Inspect WebSocket Traffic"),
        ("Check Process Output", "Check Process Output"),
        ("Getting Help", "Getting Help"),
        ("Common Error Messages", "Common Error Messages"),
        ("Best Practices", "Best Practices"),
        ("connection refused", "Common Error Messages: connection refused"),
        ("EOF or unexpected EOF", "Common Error Messages: EOF or unexpected EOF"),
        ("context deadline exceeded", "Common Error Messages: context deadline exceeded"),
        ("certificate verify failed", "Common Error Messages: certificate verify failed"),
        ("illegal base64 data", "Cannot Decode Payload"),
    ] {
        let explanation = explain(heading);
        let [finding] = &explanation.findings[..] else { panic!("{heading}: {explanation}") };
        assert_eq!(finding.topic.pages()[0].to_string(), page, "{heading}");
    }
}

#[test]
fn every_clue_finds_something_by_itself() {
    for pattern in PATTERNS {
        for clue in pattern.clues {
            let text = clue.replace(" & ", " ").replace('=', "");
            let text = text.replace("#status", "HTTP").replace('#', "");
            let found = explain(&text);
            assert!(!found.findings.is_empty(), "{clue}: nothing found in {text:?}");
        }
    }
}

#[test]
fn what_is_printed_reads_well_and_holds_nothing_of_the_input() {
    for (_, line) in LINES {
        let text = format!("x-api-key: eght_CANARYCANARY {line} eght_CANARYCANARY");
        let printed = explain(&text).to_string();
        assert!(!printed.contains("CANARY") && !printed.contains('\u{1b}'), "{printed}");
        for row in printed.lines() {
            assert!(row.chars().count() <= 100, "{row}");
        }
    }
    assert_eq!(
        explain("curl: (60) SSL certificate problem: certificate has expired").to_string(),
        "\
\"certificate has expired\" [tls.expired]
  means  a certificate of the server has expired, or this machine's clock is
         ahead
  do     compare this machine's clock (`date -u`) with the certificate's dates
  do     if the clock is right, 8x8 must renew its certificate: report it
  see    8x8 Troubleshooting, \"TLS/SSL Certificate Errors\"
"
    );
}

#[test]
fn long_texts_take_no_long_time() {
    let start = crate::clock::Instant::now();
    let line = "2026-10-02 09:30:00 read tcp: connection reset by peer, retry in 5 s, EOF\n";
    assert_eq!(names(&line.repeat((1 << 14) / line.len())), ["reset"]);
    assert_eq!(names(&"proxy error eof ".repeat(1 << 11)), ["proxy.closed"]);
    assert!(explain(&"abc\n".repeat(1 << 12)).findings.is_empty());
    let closed = format!("{}tls handshake eof", "EOF\n".repeat(1 << 11));
    assert_eq!(names(&closed), ["tls.closed"]);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn what_the_program_said_itself_comes_first_and_is_never_explained_away() {
    let text = "connection refused\nwrong region\ntail8x8: stream x: silence [stream.silent]\n\
                tail8x8: auth x: HTTP 500 [auth.server_error]\nNamespace not found\n";
    assert_eq!(
        names(text),
        ["stream.silent", "auth.server_error", "tcp.refused", "regions.elsewhere", "auth.refused"]
    );
}
