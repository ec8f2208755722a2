//! Step stream: how a session can end or break. What came before it is on stdout.

use libtest_mimic::Trial;

use super::{Row, row, test};
use crate::support::canary;
use crate::support::run::Run;
use crate::support::service::{Fault, Service};

const PINGS: &[&str] = &["--ping-interval", "300ms", "--ping-timeout", "300ms"];

#[rustfmt::skip]
fn table() -> Vec<Row> {
    use Fault::Close;
    vec![
        row("stream: Close 1000", Close(1000, "enough"), "stream.closed", 69, &["1000 (normal): enough"]),
        row("stream: Close 1001", Close(1001, "Idle timeout expired"), "stream.closed", 69, &["1001 (going away): Idle timeout expired", "reconnects by itself"]),
        row("stream: Close 1008", Close(1008, "key was revoked"), "stream.closed", 69, &["1008 (policy violation): key was revoked"]),
        row("stream: Close 1009", Close(1009, "frame"), "stream.closed", 69, &["1009 (message too big): frame"]),
        row("stream: Close 1011", Close(1011, ""), "stream.closed", 69, &["1011 (server error)"]),
        row("stream: Close 1012", Close(1012, ""), "stream.closed", 69, &["1012 (service restart)"]),
        row("stream: Close 1013", Close(1013, "later"), "stream.closed", 69, &["1013 (try again later): later"]),
        row("stream: Close 3000", Close(3000, "of its own"), "stream.closed", 69, &["3000: of its own"]),
        row("stream: Close 4999", Close(4999, "of its own"), "stream.closed", 69, &["4999: of its own"]),
        row("stream: Close without a code", Fault::CloseWithoutCode, "stream.closed", 69, &["without a code"]),
        row("stream: Close with illegal 3", Close(3, "x"), "stream.closed", 69, &["illegal close code"]),
        row("stream: Close with illegal 999", Close(999, "x"), "stream.closed", 69, &["illegal close code"]),
        row("stream: Close with illegal 1005", Close(1005, "x"), "stream.closed", 69, &["illegal close code"]),
        row("stream: Close and more data", Fault::DataAfterClose, "stream.closed", 69, &["1000 (normal)"]),
        row("stream: Close and the connection stays", Fault::CloseAndLinger, "stream.closed", 69, &["1000 (normal): lingering"]),
        row("stream: Close of one byte", Fault::CloseOneByte, "stream.protocol", 76, &["tampers"]),
        row("stream: EOF", Fault::Eof, "stream.closed", 69, &["EOF", "reconnects by itself"]),
        row("stream: EOF without a word of TLS", Fault::RudeEof, "stream.closed", 69, &["EOF"]),
        row("stream: EOF inside a frame", Fault::EofInFrame, "stream.closed", 69, &["EOF"]),
        row("stream: RST", Fault::Reset, "stream.reset", 69, &["reset by peer", "reconnects by itself"]),
        row("stream: RST inside a frame", Fault::ResetInFrame, "stream.reset", 69, &["reset by peer"]),
        row("stream: a masked frame", Fault::Masked, "stream.protocol", 76, &["mask", "tampers"]),
        row("stream: reserved bits", Fault::ReservedBits, "stream.protocol", 76, &["eserved", "tampers"]),
        row("stream: an unknown opcode", Fault::BadOpcode, "stream.protocol", 76, &["opcode", "tampers"]),
        row("stream: a ping too long", Fault::BigControl, "stream.protocol", 76, &["ontrol", "tampers"]),
        row("stream: a ping in fragments", Fault::FragmentedControl, "stream.protocol", 76, &["ontrol", "tampers"]),
        row("stream: a continuation of nothing", Fault::StrayContinuation, "stream.protocol", 76, &["ontinu", "tampers"]),
        row("stream: a page instead of a frame", Fault::HtmlInStream, "stream.protocol", 76, &["tampers"]),
        row("stream: a broken TLS record", Fault::BrokenRecord, "stream.protocol", 76, &["TLS", "tampers"]),
        row("stream: the peer freezes", Fault::Freeze, "stream.no_pong", 69, &["300ms", "--ping-timeout"]).with(PINGS),
        row("stream: pings are not answered", Fault::NoPongs, "stream.no_pong", 69, &["300ms", "hung server"]).with(PINGS),
    ]
}

pub(super) fn trials() -> Vec<Trial> {
    let rows = table().into_iter().map(|row| {
        row.trial(|_, service, output| {
            output.assert_lines(&[r#"{"number":1}"#]);
            assert_eq!(service.connections(), 1, "{}", output.whole());
        })
    });
    rows.chain([
        test("stream: a message over the limit ends the run at once", oversize),
        test("stream: a message over --max-message-size ends the run at once", over_the_option),
        test(
            "stream: a Close that repeats the key does not show it",
            || closes_with(canary::key()),
        ),
        test("stream: a Close that repeats the key encoded does not show it", || {
            let encoded = percent_encoding::NON_ALPHANUMERIC;
            let key = percent_encoding::utf8_percent_encode(canary::key(), encoded).to_string();
            closes_with(&key);
        }),
        test("stream: a Close with a reason that is no UTF-8 is seen through", not_utf8),
        test("stream: frames in small pieces work", pieces),
    ])
    .collect()
}

/// Its header alone is enough, and no retry can help.
fn oversize() {
    let service = Service::builder().always(Fault::OversizeClaim).fault_after(1).start();
    service.publish("all", "{}");
    let output = Run::against(&service).args(&["--message-id", "earliest"]).run();
    super::assert_told(&output, "stream.too_large", &["1099511627776 bytes", "--max-message-size"]);
    output.assert_code(76).assert_lines(&["{}"]);
    assert_eq!(service.connections(), 1);
}

fn over_the_option() {
    let service = Service::start();
    service.publish("all", "{}");
    service.publish("all", format!("\"{}\"", "x".repeat(4000)));
    let run = Run::against(&service).args(&["--message-id", "earliest"]);
    let output = run.args(&["--max-message-size", "2k"]).run();
    super::assert_told(&output, "stream.too_large", &["2048 bytes", "--max-message-size"]);
    output.assert_code(76).assert_lines(&["{}"]);
    assert_eq!(service.connections(), 1);
}

/// At first it looks like a message that cannot be read; a ping finds out that nobody is left.
fn not_utf8() {
    let service = Service::with(Fault::CloseNotUtf8);
    let output = Run::against(&service).args(PINGS).args(&["--retry", "0"]).run();
    output.assert_code(69).assert_stderr_has("frame is not UTF-8");
    let told = output.stderr.lines().last().unwrap();
    assert!(told.contains("[stream.no_pong]") || told.contains("[stream.closed]"), "{told}");
}

fn pieces() {
    let service = Service::with(Fault::FramesInPieces);
    service.publish("all", r#"{"number":1}"#);
    service.publish("all", r#"{"number":2}"#);
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "2"]);
    let output = run.args(&["--retry", "0"]).run();
    output.assert_code(0).assert_silent().assert_lines(&[r#"{"number":1}"#, r#"{"number":2}"#]);
}

/// The search for the key after the run does most of the asserting.
fn closes_with(key: &str) {
    // A fault's words live as long as the process.
    let reason: &'static str = format!("{key} has no rights").leak();
    let service = Service::with(Fault::Close(1008, reason));
    let output = Run::against(&service).fails_with("stream.closed", 69);
    output.assert_stderr_has("1008 (policy violation): (redacted) has no rights");
}
