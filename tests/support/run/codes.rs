//! The codes that runs were seen to print, such as `[tls.expired]`. Each is there to be looked up, so
//! at the end of all trials each is looked up with `tail8x8 explain`.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use libtest_mimic::Trial;
use memchr::memmem;

use super::program;
use crate::support::trial;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The first words of codes: what stands in brackets among events may be something else.
const STEPS: &[&str] =
    &["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "output", "regions"];

/// What stands before a code and behind it.
const AROUND: &[(&str, u8)] = &[
    ("[", b']'),
    ("\"code\":\"", b'"'),
    ("\"code\": \"", b'"'),
    ("\"first_problem\":\"", b'"'),
    ("\"first_problem\": \"", b'"'),
];

/// Remembers the codes in an output. `given` is what the run itself was given to explain.
pub(super) fn remember(output: &[u8], given: &[u8]) {
    let theirs: Vec<_> = codes(given).collect();
    let codes = codes(output).filter(|code| !theirs.contains(code));
    SEEN.lock().unwrap().extend(codes.map(str::to_owned));
}

fn codes(output: &[u8]) -> impl Iterator<Item = &str> {
    AROUND.iter().flat_map(move |&(before, behind)| {
        let places = memmem::find_iter(output, before);
        places.filter_map(move |at| code(&output[at + before.len()..], behind))
    })
}

/// The code that `rest` begins with, as `word.two_words`.
fn code(rest: &[u8], behind: u8) -> Option<&str> {
    let is_part = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_');
    let length = rest.iter().position(|byte| !is_part(byte))?;
    let code = str::from_utf8(&rest[..length]).ok().filter(|_| rest[length] == behind)?;
    let (step, name) = code.split_once('.')?;
    (STEPS.contains(&step) && !name.is_empty() && !name.contains('.')).then_some(code)
}

/// Looks up every code that was seen and says how many; gives those that are not explained.
pub fn look_up_codes() -> Vec<String> {
    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    if seen.is_empty() {
        return Vec::new();
    }
    println!("codes that were printed and looked up: {}", seen.len());
    seen.into_iter().filter(|code| !is_explained(code)).collect()
}

fn is_explained(code: &str) -> bool {
    let code = format!("[{code}]");
    let mut explain = Command::new(program());
    explain.env_clear().arg("explain").arg(&code).stdin(Stdio::null());
    let output = explain.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success() && text.lines().next().is_some_and(|line| line.contains(&code))
}

pub fn selftests() -> Vec<Trial> {
    vec![trial::test("support::run: codes are found where they are printed", || {
        let output =
            br#"x [tls.expired] [::1] [dns.] [tcp.a.b] [other.word] [tcp.refused [proxy.x_y]
            {"code":"auth.forbidden","text":"config.none", "code": "stream.closed"}
            {"first_problem": "output.full"} [config.cut"#;
        let expected =
            ["tls.expired", "proxy.x_y", "auth.forbidden", "stream.closed", "output.full"];
        assert_eq!(codes(output).collect::<Vec<_>>(), expected);
        assert!(is_explained("tls.expired") && !is_explained("tls.no_such_code"));
        Ok(())
    })]
}
