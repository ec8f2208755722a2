//! Which proxy, by which rule: the option, the variables in curl's order, and the exceptions.

use libtest_mimic::Trial;

use super::{reads_line, service, test, works};
use crate::support::run::{Output, Run};
use crate::support::service::Service;
use crate::support::service::proxy::{Proxy, ProxyFault};

/// A proxy nobody may ask: its port refuses.
const WRONG: &str = "http://127.0.0.1:1";

pub(super) fn trials() -> Vec<Trial> {
    let through = [
        (
            "--proxy goes before every variable",
            ["--proxy", "URL"].as_slice(),
            &["https_proxy=WRONG", "ALL_PROXY=WRONG"] as &[&str],
            "--proxy",
        ),
        (
            "https_proxy goes before HTTPS_PROXY",
            &[],
            &["https_proxy=URL", "HTTPS_PROXY=WRONG", "all_proxy=WRONG"],
            "https_proxy",
        ),
        (
            "HTTPS_PROXY goes before all_proxy",
            &[],
            &["HTTPS_PROXY=URL", "all_proxy=WRONG", "ALL_PROXY=WRONG"],
            "HTTPS_PROXY",
        ),
        (
            "all_proxy goes before ALL_PROXY",
            &[],
            &["all_proxy=URL", "ALL_PROXY=WRONG"],
            "all_proxy",
        ),
        ("ALL_PROXY is used last", &[], &["ALL_PROXY=URL"], "ALL_PROXY"),
        ("an empty variable is passed over", &[], &["https_proxy=", "ALL_PROXY=URL"], "ALL_PROXY"),
        (
            "no_proxy for another host changes nothing",
            &[],
            &["https_proxy=URL", "no_proxy=8x8.com,10.0.0.0/8"],
            "https_proxy",
        ),
        (
            "--noproxy goes before NO_PROXY",
            &["--noproxy", "other"],
            &["https_proxy=URL", "NO_PROXY=*"],
            "https_proxy",
        ),
    ];
    let through = through.map(|(name, args, env, rule)| {
        test(&format!("proxy: {name}"), move || through_proxy(args, env, rule))
    });
    let direct = [
        (
            "HTTP_PROXY is never used",
            [].as_slice(),
            &["HTTP_PROXY=WRONG", "http_proxy=WRONG"] as &[&str],
            "",
        ),
        (
            "--proxy with nothing is none",
            &["--proxy", ""],
            &["https_proxy=WRONG"],
            "--proxy is empty",
        ),
        ("NO_PROXY *", &[], &["https_proxy=WRONG", "NO_PROXY=*"], "NO_PROXY (*)"),
        (
            "no_proxy with the address",
            &[],
            &["https_proxy=WRONG", "no_proxy=8x8.com, 127.0.0.1"],
            "no_proxy (127.0.0.1)",
        ),
        (
            "no_proxy with the network",
            &[],
            &["https_proxy=WRONG", "no_proxy=127.0.0.0/8"],
            "no_proxy (127.0.0.0/8)",
        ),
        ("--noproxy", &["--proxy", WRONG, "--noproxy", "127.0.0.1"], &[], "--noproxy (127.0.0.1)"),
    ];
    let direct = direct.map(|(name, args, env, rule)| {
        test(&format!("no proxy: {name}"), move || without_proxy(args, env, rule))
    });
    let names = ["x.8x8.test", ".8x8.test", "8X8.TEST", "*.8x8.test", "x.8x8.test:PORT"];
    let names = names.map(|entry| {
        test(&format!("no proxy: {entry} for x.8x8.test"), move || by_name(entry, false))
    });
    let misses = ["x8.test", "x.8x8.test:1", "8x8.tes", "y.x.8x8.test"];
    let misses = misses.map(|entry| {
        test(&format!("proxy: not {entry} for x.8x8.test"), move || by_name(entry, true))
    });
    let login = [
        test("proxy: its login is percent-decoded, sent, and never shown", login),
        test("proxy: the one from the config file", config),
        test("proxy: a variable that is wrong is named when it fails", refused),
    ];
    through.into_iter().chain(direct).chain(names).chain(misses).chain(login).collect()
}

/// Sets `NAME=VALUE` variables; URL is the working proxy.
fn with_env(mut run: Run, env: &[&str], url: &str) -> Run {
    for pair in env {
        let (name, value) = pair.split_once('=').unwrap();
        let value = value.replace("URL", url).replace("WRONG", WRONG);
        run = run.env(name, value);
    }
    run
}

fn through_proxy(args: &[&str], env: &[&str], rule: &str) {
    let service = service();
    let proxy = Proxy::start(ProxyFault::None);
    let url = proxy.url();
    let args: Vec<&str> = args.iter().map(|&arg| if arg == "URL" { &url } else { arg }).collect();
    let output = reads_line(with_env(Run::against(&service).args(&args), env, &url));
    assert_eq!(proxy.connects(), [format!("127.0.0.1:{}", service.port())]);
    says_rule(&output, &format!("decided by: {rule}"));
}

fn without_proxy(args: &[&str], env: &[&str], rule: &str) {
    let service = service();
    let output = reads_line(with_env(Run::against(&service).args(args), env, ""));
    says_rule(&output, rule);
}

fn says_rule(output: &Output, rule: &str) {
    let debug = |line: &str| line.starts_with("tail8x8: debug: ") && line.contains(rule);
    assert!(output.trace.lines().any(debug), "which rule decided: {rule}\n{}", output.whole());
}

fn by_name(entry: &str, through: bool) {
    let service = service();
    let proxy = through.then(|| Proxy::start(ProxyFault::None).forward_to(&service));
    let url = proxy.as_ref().map_or(WRONG.to_owned(), Proxy::url);
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "--port", &port]);
    let run = run.args(&["--resolve", &format!("x.8x8.test:{port}:127.0.0.1"), "--proxy", &url]);
    let run = run.arg("--ca-file").arg(crate::support::ca::Ca::shared().root_pem());
    works(run.env("NO_PROXY", entry.replace("PORT", &port)));
    // The proxy is told the name, not the address that is known here.
    let asked = proxy.map(|proxy| proxy.connects());
    assert_eq!(asked, through.then(|| vec![format!("x.8x8.test:{port}")]));
}

fn login() {
    use base64::Engine;
    let service = service();
    let proxy = Proxy::start(ProxyFault::Login("us er", "pa:ss@w/rd"));
    let run = Run::against(&service).env("https_proxy", proxy.url_with("us er", "pa:ss@w/rd"));
    let output = reads_line(run);
    let basic = base64::engine::general_purpose::STANDARD.encode("us er:pa:ss@w/rd");
    assert_eq!(proxy.authorizations(), [format!("Basic {basic}")]);
    for secret in ["us er", "us%20er", "pa:ss@w/rd", "pa%3Ass", &basic] {
        assert!(!output.trace.contains(secret), "{secret} is shown\n{}", output.whole());
    }
    // Nor does the proxy's login, or the way there, reach the service.
    let request = format!("{:?}", service.seen().last().request);
    assert!(!request.contains(&basic) && !request.contains("Proxy"), "{request}");
}

fn config() {
    let service = service();
    let proxy = Proxy::start(ProxyFault::None);
    let scratch = crate::support::scratch::Scratch::new("config");
    let path = scratch.join("tail8x8.conf");
    std::fs::write(&path, format!("proxy = {}\n", proxy.url())).unwrap();
    let output = reads_line(Run::against(&service).arg("--config").arg(path));
    assert_eq!(proxy.connects().len(), 1);
    says_rule(&output, "tail8x8.conf line 1 (proxy)");
}

/// Whoever has not typed the proxy must be told where it came from.
fn refused() {
    let service = Service::builder().may_be_unreached().start();
    let proxy = Proxy::start(ProxyFault::Refuse);
    let run = Run::against(&service).env("HTTPS_PROXY", proxy.url());
    let output = run.fails_with("tcp.refused", 69);
    output.assert_stderr_has(&format!("tcp proxy 127.0.0.1:{}", proxy.port()));
    output.assert_stderr_has("HTTPS_PROXY");
    assert_eq!(service.connections(), 0);
}
