//! An acknowledgement is for ever. So each leaves after the sync of its line and the save of the cursor
//! that covers it: looked at by strace, which also shows the frames, since the link is not encrypted.

use std::fs;

use libtest_mimic::Trial;

use super::{NAME, TOPIC, capture, test};
use crate::capture::spool::Spool;
use crate::capture::{event, events, ignored_if, missing, through};
use crate::support::run::Run;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let missing = missing("strace", &["-f", "-y", "-o", "/dev/null", "true"]);
    let test = |name, body: fn()| ignored_if(&missing, test(name, body));
    vec![
        test("an acknowledgement follows the sync and the cursor", || {
            in_order(&["--receiver-queue-size", "1000"])
        }),
        test("with --sync message, too", || {
            in_order(&["--sync", "message", "--receiver-queue-size", "1000"])
        }),
        test("in rotated files, too", || {
            in_order(&["--rotate-size", "1k", "--receiver-queue-size", "40"])
        }),
    ]
}

const COUNT: usize = 300;

fn in_order(args: &[&str]) {
    let service = Service::builder().plain().start();
    let spool = Spool::new();
    service.publish_many(TOPIC, COUNT, event);
    let args = [args, &["-n", "300"]].concat();
    let run = traced(&spool, capture(&spool, &service).args(&args));
    run.run().assert_code(0);
    service.wait_for_all_acked(TOPIC, NAME, COUNT);

    let (mut written, mut synced, mut saved, mut acked) = (0, 0, 0, 0);
    for call in calls(&spool) {
        match call {
            Call::Written(lines) => written += lines,
            // Each file is synced before another is written.
            Call::Synced => synced = written,
            Call::Saved => saved = synced,
            Call::Sent(acks) => {
                acked += acks;
                assert!(acked <= saved, "{acked} acknowledged of {saved} saved, {written} written");
            }
        }
    }
    assert_eq!((written, saved, acked), (COUNT, COUNT, COUNT), "the trace was understood");
    match args.contains(&"--rotate-size") {
        true => assert_eq!(spool.rotated_lines(), events(0..COUNT)),
        false => spool.assert_lines(&events(0..COUNT)),
    }
}

enum Call {
    /// So many lines to the output.
    Written(usize),
    /// The output.
    Synced,
    /// The cursor has its name.
    Saved,
    /// So many acknowledgements.
    Sent(usize),
}

fn traced(spool: &Spool, run: Run) -> Run {
    let log = spool.join("strace.log");
    let calls = "trace=write,writev,sendto,sendmsg,fdatasync,fsync,rename,renameat,renameat2";
    let words = ["strace", "-f", "-y", "-xx", "-s", "100000", "-o", log.to_str().unwrap()];
    through(run.verbosity(0), &[&words[..], &["-e", calls]].concat())
}

fn calls(spool: &Spool) -> Vec<Call> {
    let log = fs::read_to_string(spool.join("strace.log")).unwrap();
    log.lines().filter_map(read).collect()
}

/// `2314  write(5</spool/events.ndjson>, "\x7b…", 12) = 12`; paths are in hexadecimal as well.
fn read(line: &str) -> Option<Call> {
    if line.contains(" = -1 ") {
        return None;
    }
    let (_, call) = line.split_once(' ')?;
    let (name, rest) = call.trim_start().split_once('(')?;
    let file = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let file = file.map(|(path, _)| String::from_utf8_lossy(&unescaped(path)).into_owned());
    let file = file.unwrap_or_default();
    let is_output = file.rsplit('/').next().is_some_and(|name| {
        name.starts_with("events.") && !name.ends_with(".lock") && !name.ends_with(".rejects")
    });
    let quoted: Vec<Vec<u8>> = rest.split('"').skip(1).step_by(2).map(unescaped).collect();
    let bytes = quoted.concat();
    match name {
        "write" | "writev" | "sendto" | "sendmsg"
            if file.starts_with("socket:") || file.contains("TCP") =>
        {
            Some(Call::Sent(acks(&bytes)))
        }
        "write" | "writev" if is_output => {
            Some(Call::Written(bytes.iter().filter(|&&byte| byte == b'\n').count()))
        }
        "fdatasync" | "fsync" if is_output => Some(Call::Synced),
        "rename" | "renameat" | "renameat2" => {
            let to = String::from_utf8(quoted.last()?.clone()).ok()?;
            to.ends_with("/cursor").then_some(Call::Saved)
        }
        _ => None,
    }
}

/// `\x7b\x7d` as bytes; what is not written so stays as it is.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(part.len().min(2));
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

/// How many of these masked frames are acknowledgements. All are short; a request is no frame.
fn acks(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(([first, second, mask @ ..], rest)) = bytes.split_first_chunk::<6>()
        && first & 0xf0 == 0x80
    {
        let length = usize::from(second & 0x7f);
        assert!(length < 126, "a client's frame is short");
        let payload: Vec<u8> = rest[..length]
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask)
            .collect();
        count += usize::from(payload.starts_with(br#"{"messageId":"#));
        bytes = &rest[length..];
    }
    count
}
