//! The check of the settings, and what the answer to the upgrade says of the clock.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{assert_ends, assert_says, check, document, text};
use super::test;
use crate::support::ca::{Ca, Leaf};
use crate::support::run::{Key, Run};
use crate::support::scratch::Scratch;
use crate::support::service::{Fault, Service};

pub fn trials() -> Vec<Trial> {
    vec![
        test("config: every mistake is one document", mistakes),
        test("config: a mistake is told as text, too", as_text),
        test("config: a file's options count here, too", file),
        test(
            "config: a file that asks for JSON gets it, whatever else is wrong",
            file_with_mistakes,
        ),
        test("config: no region was chosen", default_region),
        test("config: a token of another tenant", other_tenant),
        test("config: a token of this tenant", same_tenant),
        test("config: a key on the command line", key_on_the_line),
        test("config: SSL_CERT_FILE leads nowhere", no_store),
        test("config: both SSL_CERT variables lead nowhere, each with its own fix", no_stores),
        test("tcp: one of two addresses refuses", one_of_two),
        test("tls: the certificate ends soon", ends_soon),
        test("tls: a client certificate is demanded", client_certificate),
        test("auth: the clocks differ", clock_skew),
        test("auth: the clocks agree", no_skew),
    ]
}

/// Whatever is wrong with the line, the environment or a file.
fn mistakes() {
    let there = ["--host", "x.8x8.test"];
    for (args, key, code, exit) in [
        (["--no-such-option"].as_slice(), Key::Env, "config.usage", 64),
        (&["--listen", "soon"], Key::Env, "config.usage", 64),
        (&["--listen"], Key::Env, "config.usage", 64),
        (&["-4", "-6"], Key::Env, "config.usage", 64),
        (&["--region", "US1"], Key::Env, "config.usage", 64),
        (&["-n", "5"], Key::Env, "config.usage", 64),
        (&["--x-api-key-file", "/nowhere/key"], Key::None, "config.file", 66),
        (&["--ca-file", "/nowhere/ca.pem"], Key::Env, "config.file", 66),
        (&["--ca-file", "/etc/hostname"], Key::Env, "config.file", 66),
        (&[], Key::None, "config.content", 78),
        (&["--report", "/nowhere/report"], Key::Env, "config.report", 73),
    ] {
        let run = Run::new(&["--tenant", "acme", "diagnose", "--json"]).args(&there).key(key);
        let output = run.args(args).run();
        output.assert_code(exit).assert_silent();
        let document = document(&output);
        let config = check(&document, "config");
        assert_ends(config, "fail", Some(code));
        assert!(!config["fix"].as_array().unwrap().is_empty(), "{args:?}: {config:#}");
        for id in ["dns", "tcp", "proxy", "tls", "auth", "stream", "regions"] {
            assert_ends(check(&document, id), "skip", None);
            assert_eq!(check(&document, id)["summary"], "needs config");
        }
        let summary = document["summary"].as_str().unwrap();
        assert!(summary.ends_with("The API key was not sent."), "{summary}");
    }
}

fn as_text() {
    let run = Run::new(&["--tenant", "acme", "diagnose", "--host", "x.8x8.test"]);
    let output = run.key(Key::None).run();
    output.assert_code(78).assert_silent();
    let lines = text(&output);
    assert!(lines.iter().any(|line| line.contains("[config.content]")), "{lines:#?}");
    let last = lines.last().unwrap();
    assert!(last.starts_with("RESULT: FAIL at config - "), "{last}");
}

/// `json`, `listen`, `strict`, `report` and `all-regions`, as good as on the line.
fn file() {
    let service = Service::start();
    let folder = Scratch::new("options");
    let (config, report) = (folder.join("acme.conf"), folder.join("report.txt"));
    let lines = "json = true\nlisten = 400ms\nstrict = true\nall-regions = true\nreport = ";
    std::fs::write(&config, format!("{lines}{}\n", report.display())).unwrap();
    // The region of nobody here: each is refused at once.
    let resolve = |host| format!("pulsar-ws-{host}.8x8.com:{}:127.0.0.9", service.port());
    let run = ["euw2", "use1", "usw2"]
        .into_iter()
        .fold(Run::against(&service), |run, host| run.args(&["--resolve", &resolve(host)]));
    let output = run.args(&["diagnose", "--config"]).arg(&config).run();
    output.assert_code(10).assert_silent();
    let found = document(&output);
    let stream = check(&found, "stream");
    assert_ends(stream, "warn", Some("stream.silent"));
    assert_says(stream, "no message in 400ms");
    assert_says(check(&found, "regions"), "UK3");
    assert!(std::fs::read_to_string(&report).unwrap().contains("RESULT: warn"));

    // The line goes first.
    let run = Run::against(&service).args(&["diagnose", "--json=false", "--strict=false"]);
    let run = run.args(&["--listen", "300ms", "--all-regions=false", "--report"]);
    let run = run.arg(folder.join("another.txt")).arg("-K").arg(&config);
    let output = run.run();
    output.assert_code(0).assert_silent();
    assert!(text(&output).iter().any(|line| line.contains("no message in 300ms")));
}

/// Before or after the mistake, in the file, in the environment or on the line.
fn file_with_mistakes() {
    let folder = Scratch::new("mistakes");
    let config = folder.join("acme.conf");
    for (content, env, args, code, exit) in [
        ("port = many\njson = true\n", None, [].as_slice(), "config.content", 78),
        ("json = true\nno-such-option = 1\n", None, &[], "config.content", 78),
        ("json = true\n", Some(("PULSAR_TENANT", "a/b")), &[], "config.usage", 64),
        ("json = true\n", None, &["--no-such-option"], "config.usage", 64),
        ("json = true\n", None, &["-4", "-6"], "config.usage", 64),
        ("json = true\nca-file = /nowhere/ca.pem\n", None, &[], "config.file", 66),
    ] {
        std::fs::write(&config, content).unwrap();
        let tenant = if env.is_some() { &[][..] } else { &["--tenant", "acme"] };
        let run = Run::new(tenant).args(&["diagnose", "--host", "x.8x8.test", "--config"]);
        let run = run.arg(&config).args(args);
        let run = env.into_iter().fold(run, |run, (name, value)| run.env(name, value));
        let output = run.run();
        output.assert_code(exit).assert_silent();
        assert_ends(check(&document(&output), "config"), "fail", Some(code));
    }
}

/// Nobody is asked: the default host is no name here, or not this one's.
fn default_region() {
    let resolve = ["--resolve", "pulsar-ws-euw2.8x8.com:443:127.0.0.1"];
    let run = Run::new(&["--tenant", "acme", "diagnose", "--json"]).args(&resolve);
    let output = run.args(&["--connect-timeout", "5s"]).run();
    let document = document(&output);
    let config = check(&document, "config");
    assert_ends(config, "warn", Some("config.default_region"));
    assert_says(config, "--cluster");
    assert_eq!(config["see"], "Wrong Regional Endpoint");
    assert_eq!(document["target"]["region"], "UK3");
}

/// Base64 of a user and a password, as the Contact Center gives it out.
fn token(user: &str) -> String {
    STANDARD.encode(format!("{user}:some-password"))
}

fn diagnosed(service: &Service, key: &str) -> Value {
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(service).args(&["diagnose", "--json", "--listen", "300ms"]);
    let output = run.key(Key::Text(key.to_owned())).run();
    output.assert_code(0).assert_silent();
    let whole = format!("{}{}", String::from_utf8_lossy(&output.stdout), output.trace);
    assert!(!whole.contains(key) && !whole.contains("some-password"), "{}", output.whole());
    document(&output)
}

fn other_tenant() {
    let key = token("acmecorp1");
    let document = diagnosed(&Service::builder().key(&key).start(), &key);
    let config = check(&document, "config");
    assert_ends(config, "warn", Some("config.other_tenant"));
    assert_says(config, "the token's user \"acmecorp1\" differs from --tenant \"acme\"");
    assert_eq!(config["see"], "401 Unauthorized");
    assert_eq!(config["evidence"]["tenant_matches_key_user"], false);
    assert_eq!(document["api_key"]["kind"], "cc_token");
    assert_eq!(document["api_key"]["user"], "acmecorp1");
    assert_eq!(document["api_key"]["length"], key.len());
}

fn same_tenant() {
    let key = token("acme");
    let document = diagnosed(&Service::builder().key(&key).start(), &key);
    assert_ends(check(&document, "config"), "ok", None);
    assert_eq!(document["verdict"], "ok", "{document:#}");
}

fn clock_skew() {
    for (seconds, words) in [(3600, "behind the server's"), (-3600, "ahead of the server's")] {
        let key = crate::support::canary::key();
        let document = diagnosed_canary(&Service::builder().key(key).date_skew(seconds).start());
        let auth = check(&document, "auth");
        assert_ends(auth, "warn", Some("auth.clock_skew"));
        assert_says(auth, words);
        assert_says(auth, "timedatectl set-ntp true");
        let skew = auth["evidence"]["clock_skew_s"].as_i64().unwrap();
        assert!((skew + seconds).abs() < 60, "{auth:#}");
        assert_ends(check(&document, "stream"), "ok", None);
    }
}

fn no_skew() {
    let document = diagnosed_canary(&Service::builder().no_date().start());
    assert_ends(check(&document, "auth"), "ok", None);
    assert!(check(&document, "auth")["evidence"]["clock_skew_s"].is_null());
    let document = diagnosed_canary(&Service::builder().date_skew(30).start());
    assert_ends(check(&document, "auth"), "ok", None);
}

fn diagnosed_canary(service: &Service) -> Value {
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(service).args(&["diagnose", "--json", "--listen", "300ms"]);
    let output = run.run();
    output.assert_code(0).assert_silent();
    document(&output)
}

fn key_on_the_line() {
    let service = Service::start();
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "300ms"]);
    let output = run.key(Key::Argv).run();
    output.assert_code(0);
    let document = document(&output);
    assert_ends(check(&document, "config"), "warn", Some("config.warning"));
    assert_eq!(document["api_key"]["source"], "--x-api-key");
}

fn no_store() {
    let service = Service::start();
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", &port]);
    let run = run.env("SSL_CERT_FILE", "/nowhere/cert.pem").env("SSL_CERT_DIR", "/nowhere");
    let output = run.args(&["diagnose", "--json"]).run();
    output.assert_code(60).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "config"), "warn", Some("config.ca_store"));
    assert_eq!(check(&document, "config")["see"], "TLS/SSL Certificate Errors");
    assert_says(check(&document, "config"), "/nowhere/cert.pem");
    assert_eq!(check(&document, "tls")["status"], "fail");
    service.assert_key_never_sent();
}

/// Each variable is named, and no fix is printed twice.
fn no_stores() {
    let service = Service::start();
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "300ms"]);
    let run = run.env("SSL_CERT_FILE", "/nowhere/cert.pem").env("SSL_CERT_DIR", "/nowhere");
    let output = run.run();
    output.assert_code(0);
    let document = document(&output);
    let config = check(&document, "config");
    assert_ends(config, "warn", Some("config.ca_store"));
    let fixes: Vec<_> = config["fix"].as_array().unwrap().iter().map(|f| f.as_str()).collect();
    for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        assert_says(config, &format!("{variable} names /nowhere"));
        let about = fixes.iter().filter(|fix| fix.unwrap().contains(variable));
        assert_eq!(about.count(), 1, "{config:#}");
    }
    assert_eq!(
        document["summary"],
        "warn - config: SSL_CERT_FILE names /nowhere/cert.pem, which does not exist."
    );
}

fn one_of_two() {
    let service = Service::start();
    service.publish_many("all", 30, |_| "{}");
    let port = service.port().to_string();
    let there = format!("x.8x8.test:{port}:127.0.0.3,127.0.0.1");
    let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "--port", &port]);
    let run = run.args(&["--resolve", &there, "diagnose", "--json", "--listen", "300ms"]);
    let output = run.arg("--ca-file").arg(Ca::shared().root_pem()).run();
    output.assert_code(0);
    let document = document(&output);
    let tcp = check(&document, "tcp");
    assert_ends(tcp, "warn", Some("tcp.some_unreachable"));
    assert_says(tcp, &format!("127.0.0.3:{port} connection refused"));
    assert_eq!(tcp["evidence"]["attempts"].as_array().unwrap().len(), 2);
    assert_ends(check(&document, "stream"), "ok", None);
}

fn ends_soon() {
    let leaf = Leaf { to_days: 5, ..Leaf::default() };
    let document = diagnosed_canary(&Service::builder().identity(leaf).start());
    let tls = check(&document, "tls");
    assert_ends(tls, "warn", Some("tls.expires_soon"));
    assert_says(tls, "expires in 4 days");
}

/// With TLS 1.3 the demand is told only after the handshake, in answer to the request.
fn client_certificate() {
    let service = Service::with(Fault::ClientCertificate);
    let output = Run::against(&service).args(&["diagnose", "--json"]).run();
    let document = document(&output);
    // The alert may be overtaken by the reset that follows it.
    if document["first_problem"] != "auth.reset" {
        output.assert_code(76);
        let auth = check(&document, "auth");
        assert_eq!(auth["status"], "fail", "{document:#}");
        assert_says(auth, "demands a client certificate");
    }
    assert_eq!(document["api_key"]["sent"], true);
}
