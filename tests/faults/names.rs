//! Step dns. Without a name server of our own only what the system's resolver says by itself.

use libtest_mimic::Trial;

use super::{assert_told, test};
use crate::support::run::Run;

const TENANT: [&str; 2] = ["--tenant", "acme"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("dns: a name that does not exist", || {
            let run = Run::new(&TENANT).args(&["--host", "nowhere.invalid", "--retry", "0"]);
            let output = run.run();
            output.assert_code(68);
            // A machine without a network has no name server that could say so.
            match output.stderr.contains("[dns.no_such_name]") {
                true => assert_told(&output, "dns.no_such_name", &["nowhere.invalid", "--region"]),
                false => assert_told(&output, "dns.no_answer", &["nowhere.invalid", "nslookup"]),
            }
        }),
        test("dns: only IPv6 addresses, and IPv4 is asked for", || {
            let there = ["--resolve", "x.8x8.test:443:::1", "--host", "x.8x8.test", "-4"];
            let output = Run::new(&TENANT).args(&there).fails_with("dns.no_address", 68);
            assert_told(&output, "dns.no_address", &["x.8x8.test", "no IPv4 address", "-4"]);
        }),
        test("dns: only IPv4 addresses, and IPv6 is asked for", || {
            let there = ["--host", "127.0.0.1", "-6"];
            let output = Run::new(&TENANT).args(&there).fails_with("dns.no_address", 68);
            assert_told(&output, "dns.no_address", &["no IPv6 address", "-6"]);
        }),
        test("dns: the proxy's name does not exist", || {
            let there = ["--host", "x.8x8.test", "--proxy", "http://proxy.invalid:3128"];
            let output = Run::new(&TENANT).args(&there).args(&["--retry", "0"]).run();
            output.assert_code(68).assert_stderr_has("dns proxy proxy.invalid: ");
        }),
    ]
}
