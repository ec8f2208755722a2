//! A wrong value of every option: told with the option and what is allowed, before anything is
//! connected.

use libtest_mimic::Trial;

use super::test;
use crate::support::run::{Key, Run};
use crate::support::service::Service;

/// Words on the line, the subject and the words that tell of it, exit code.
type Row = (&'static [&'static str], &'static str, &'static str, i32);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (&["--tenant", "a/b"], "--tenant", "`a/b` contains a `/`", 64),
    (&["--tenant", ""], "--tenant", "is empty", 64),
    (&["--tenant", " acme"], "--tenant", "white space", 64),
    (&["--tenant", "ac\u{7}me"], "--tenant", "control character", 64),
    (&["--tenant", ".."], "--tenant", "is not a valid name", 64),
    (&["--tenant", "--insecure"], "--tenant", "needs a value, but --insecure follows", 64),
    (&["--namespace", "event-v1/all"], "--namespace", "contains a `/`", 64),
    (&["--topic", ""], "--topic", "is empty", 64),
    (&["--reader-name", ""], "--reader-name", "is empty", 64),
    (&["--host", ""], "--host", "no host name", 64),
    (&["--host", "bad host"], "--host", "not allowed in a host name", 64),
    (&["--host", "a..b"], "--host", "two dots in a row", 64),
    (&["--host", "-a.b"], "--host", "hyphen", 64),
    (&["--host", "h\u{f6}st.example"], "--host", "outside ASCII", 64),
    (&["--host", "1.2.3"], "--host", "neither a host name nor an IPv4", 64),
    (&["--host", "::1"], "--host", "brackets", 64),
    (&["--host", "[::1"], "--host", "without its `]`", 64),
    (&["--host", "https://127.0.0.1"], "--host", "unknown scheme", 64),
    (&["--host", "wss://127.0.0.1/ws/v2"], "--host", "has a path", 64),
    (&["--host", "user@127.0.0.1"], "--host", "has a login", 64),
    (&["--host", "127.0.0.1:0"], "--host", "an invalid port", 64),
    (&["--host", "127.0.0.1:1"], "--port", "conflict: --host names port 1", 64),
    (&["--host", "vcc-na12.8x8.com"], "--host", "give it as --cluster", 64),
    (&["--host", "ws://192.0.2.1"], "--host", "without encryption", 64),
    (&["--port", "0"], "--port", "must be a whole number from 1 to 65535, not `0`", 64),
    (&["--port", "70000"], "--port", "must be a whole number from 1 to 65535, not `70000`", 64),
    (&["--port", "+443"], "--port", "must be a whole number from 1 to 65535, not `+443`", 64),
    (&["--region", "US1"], "--host and --region", "conflict: both choose the server; give only one", 64),
    (&["--cluster", "NA12"], "--host and --cluster", "conflict: both choose the server; give only one", 64),
    (&["--receiver-queue-size", "0"], "--receiver-queue-size", "never delivers", 64),
    (&["--receiver-queue-size", "1001"], "--receiver-queue-size", "1 to 1000", 64),
    (&["--auth-style", "cookie"], "--auth-style", "must be one of header, query, not `cookie`", 64),
    (&["--message-id", "now"], "--message-id", "`now` is neither earliest nor latest", 64),
    (&["--message-id", "AAAA"], "--message-id", "`AAAA` is neither earliest nor latest", 64),
    (&["--since", "yesterday"], "--since", "RFC 3339", 64),
    (&["--since", "2026-07-01T09:00:00"], "--since", "with its zone", 64),
    (&["--until", "soon"], "--until", "RFC 3339", 64),
    (&["--since", "1h", "--until", "2h"], "--since and --until", "no time is left between", 64),
    (&["-n", "0"], "-n", "must be a whole number of at least 1, not `0`", 64),
    (&["--num-messages", "-1"], "--num-messages", "must be a whole number", 64),
    (&["--exit-at-end=maybe"], "--exit-at-end", "must be true or false", 64),
    (&["--idle-timeout", "45"], "--idle-timeout", "such as 500ms", 64),
    (&["--max-time", "5 minutes"], "--max-time", "such as 500ms", 64),
    (&["--max-silence", "9999d"], "--max-silence", "at most 3650d", 64),
    (&["--format", "pretty"], "--format", "must be one of payload, envelope, not `pretty`", 64),
    (&["--event", ","], "--event", "not a list of names", 64),
    (&["--on-reject", "drop"], "--on-reject", "must be one of warn, stop, nack, not `drop`", 64),
    (&["--on-reject", "nack"], "--on-reject", "needs --subscription NAME", 64),
    (&["--subscription", ".."], "--subscription", "is not a valid name", 64),
    (&["--subscription-type", "several"], "--subscription-type", "exclusive, failover, shared, key_shared", 64),
    (&["--initial-position", "now"], "--initial-position", "latest, earliest", 64),
    (&["--consumer-name", ""], "--consumer-name", "is empty", 64),
    (&["--priority-level", "-1"], "--priority-level", "must be a whole number", 64),
    (&["--ack-timeout", "999ms"], "--ack-timeout", "at least 1000ms", 64),
    (&["--nack-delay", "60"], "--nack-delay", "such as 500ms", 64),
    (&["--max-redeliver", "0"], "--max-redeliver", "must be a whole number", 64),
    (&["--dead-letter-topic", "a/b"], "--dead-letter-topic", "persistent://TENANT/NAMESPACE/TOPIC", 64),
    (&["--at-most-once=maybe"], "--at-most-once", "must be true or false", 64),
    (&["--unsubscribe=maybe"], "--unsubscribe", "must be true or false", 64),
    (&["--connect-timeout", "0"], "--connect-timeout", "must be at least 1ms", 64),
    (&["--max-message-size", "1"], "--max-message-size", "1k to 1G", 64),
    (&["--max-message-size", "8MB"], "--max-message-size", "not a valid size", 64),
    (&["--ping-interval", "1ms"], "--ping-interval", "at least 100ms", 64),
    (&["--ping-timeout", "1ms"], "--ping-timeout", "at least 100ms", 64),
    (&["--retry", "-1"], "--retry", "or `unlimited`", 64),
    (&["--retry-delay", "fast"], "--retry-delay", "such as 500ms", 64),
    (&["--retry-delay", "9s", "--retry-max-delay", "8s"], "--retry-delay", "longer than --retry-max-delay allows", 64),
    (&["--proxy", "socks5://127.0.0.1:1"], "--proxy", "SOCKS", 64),
    (&["--proxy", "https://127.0.0.1:1"], "--proxy", "https:// proxy", 64),
    (&["--proxy", "http://127.0.0.1"], "--proxy", "has no port", 64),
    (&["--proxy", "ftp://127.0.0.1:1"], "--proxy", "unknown scheme", 64),
    (&["-4", "-6"], "-4 and -6", "no address to use", 64),
    (&["--resolve", "127.0.0.1:443"], "--resolve", "HOST:PORT:ADDRESS", 64),
    (&["--resolve", "h:443:name"], "--resolve", "not an IP address", 64),
    (&["--log-format", "xml"], "--log-format", "must be one of text, json, not `xml`", 64),
    (&["--color", "pink"], "--color", "must be one of auto, always, never", 64),
    (&["--generate", "html"], "--generate", "must be one of man", 64),
    (&["--insecure=yes"], "--insecure", "must be true or false", 64),
    (&["read", "read"], "read", "a second command", 64),
    (&["--ca-file", "/nowhere/root.pem"], "--ca-file /nowhere/root.pem", "no such file", 66),
    (&["--ca-file", "/dev/null"], "--ca-file /dev/null", "contains no certificate", 66),
    (&["--ca-file", "/"], "--ca-file /", "is a directory", 66),
    (&["--config", "/"], "--config /", "is a directory", 66),
    (&["--x-api-key-file", "/nowhere/key"], "--x-api-key-file /nowhere/key", "no such file", 66),
    (&["--x-api-key-file", "/"], "--x-api-key-file /", "is a directory", 66),
    (&["--x-api-key-file", "/dev/null"], "--x-api-key-file /dev/null", "the key is empty", 78),
    (&["--x-api-key-file", "/dev/zero"], "--x-api-key-file /dev/zero", "larger than 8 KiB", 78),
];

pub(super) fn trials() -> Vec<Trial> {
    let rows = TABLE.iter().map(|row| {
        let words = row.0.join(" ").escape_debug().to_string();
        test(&format!("bad input: {words}"), move || refused(row))
    });
    rows.chain([
        test("bad input: no tenant", || {
            let output = Run::new(&["--host", "127.0.0.1"]).run();
            output.assert_code(78).assert_stderr_has("tenant: none is given [config.content]");
            output.assert_stderr_has("--tenant").assert_stderr_has("PULSAR_TENANT");
        }),
        test("bad input: no key", || {
            let service = Service::builder().may_be_unreached().start();
            let output = Run::against(&service).key(Key::None).run();
            output.assert_code(78).assert_stderr_has("API key: none is given [config.content]");
            for way in
                ["--x-api-key-file", "PULSAR_API_KEY_FILE", "PULSAR_API_KEY", "LoadCredential="]
            {
                output.assert_stderr_has(way);
            }
            assert_eq!(service.connections(), 0);
        }),
        test("bad input: an unknown region", || region("--region", "XX9", "UK3, US1, US2")),
        test("bad input: an unknown cluster", || region("--cluster", "NA99", "tail8x8 regions")),
        test("bad input: a region without the service", || {
            region("--region", "HK1", "not deployed")
        }),
        test("bad input: a cluster without the service", || region("--cluster", "AU1", "SY1")),
        test("bad input: words that are no UTF-8", || {
            use std::os::unix::ffi::OsStrExt;
            let run = Run::new(&[std::ffi::OsStr::from_bytes(b"--tenant=\xff")]);
            run.run().assert_code(64).assert_stderr_has("not UTF-8");
        }),
        test("bad input: PEM that is damaged", damaged),
    ])
    .collect()
}

fn refused((words, subject, cause, code): &Row) {
    let service = Service::builder().may_be_unreached().start();
    // The wrong words last: they go before those that lead to the service.
    let output = Run::against(&service).args(words).run();
    output.assert_code(*code).assert_stderr_has(cause);
    let start = format!("tail8x8: config {subject}: ");
    assert!(output.stderr.starts_with(&start), "{}", output.whole());
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(output.stdout.is_empty());
    assert_eq!(service.connections(), 0, "{}", output.whole());
}

fn region(option: &str, value: &str, words: &str) {
    let output = Run::new(&["--tenant", "acme", option, value]).run();
    output.assert_code(78).assert_stderr_has(&format!("`{value}`"));
    assert!(
        output.stderr.starts_with(&format!("tail8x8: config {option}: ")),
        "{}",
        output.whole()
    );
    output.assert_stderr_has(words).assert_stderr_has("[config.content]");
}

fn damaged() {
    let scratch = crate::support::scratch::Scratch::new("pem");
    let path = scratch.join("root.pem");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        .unwrap();
    let service = Service::builder().may_be_unreached().start();
    let output = Run::against(&service).arg("--ca-file").arg(&path).run();
    output.assert_code(66).assert_stderr_has("damaged").assert_stderr_has("[config.file]");
    assert_eq!(service.connections(), 0);
}
