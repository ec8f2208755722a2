//! The key at a place where it does not belong: the message about that does not show it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use super::test;
use crate::support::run::{Key, Run};

const PASSWORD: &str = "Tr0ub4dor/+=&3xyz";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("a token as the value of another option", as_a_value),
        test("a proxy's login in another variable", a_login),
    ]
}

/// Nothing in it says that it is a key, as `eght_` does.
fn as_a_value() {
    let token = STANDARD.encode(format!("acme:{PASSWORD}"));
    let wrong = format!("{token}/");
    for args in [["--tenant", &wrong], ["--port", &wrong], ["--region", &wrong]] {
        for more in [&[][..], &["--log-format", "json"], &["diagnose"], &["diagnose", "--json"]] {
            let run = Run::new(&args).args(more).key(Key::Text(token.clone()));
            let output = run.run();
            let all = format!("{}{}", output.trace, String::from_utf8_lossy(&output.stdout));
            assert!(!all.contains(&token[..8]), "{all}");
        }
    }
}

fn a_login() {
    let url = format!("http://someone:{PASSWORD}@127.0.0.1:1/path");
    let run = Run::new(&["--tenant", &format!("a/{PASSWORD}")]).env("https_proxy", &url);
    let output = run.run();
    output.assert_code(64).assert_stderr_has("--tenant");
    assert!(!output.trace.contains(&PASSWORD[..8]), "{}", output.whole());
}
