//! Which server: names with `--resolve`, regions and clusters, the forms of `--host`, families.

use libtest_mimic::Trial;

use super::{LINE, reads_line, service, test, works};
use crate::support::ca::{Ca, Leaf};
use crate::support::run::Run;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("target: --resolve and a name of the certificate", resolved),
        test("target: --resolve and a name that is not in it", wrong_name),
        test("target: a final dot", final_dot),
        test("target: --region, --cluster and the default", regions),
        test("target: every form of --host", forms),
        test("target: IPv6", ipv6),
        test("target: -4 and -6 choose among the addresses", families),
        test("target: ws:// on this machine, without TLS", plain),
        test("target: localhost by the system's resolver", localhost),
    ]
}

/// Whom to trust, and how a name leads to the service.
fn named(service: &Service, name: &str) -> Run {
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--port", &port]);
    run.args(&["--resolve", &format!("{name}:{port}:{}", service.host())])
        .arg("--ca-file")
        .arg(Ca::shared().root_pem())
}

fn resolved() {
    let service = service();
    let output = reads_line(named(&service, "x.8x8.test").args(&["--host", "x.8x8.test"]));
    assert!(output.trace.contains("dns: 127.0.0.1 (--resolve)"), "{}", output.whole());
    let seen = service.seen();
    assert_eq!(seen.last().server_name.as_deref(), Some("x.8x8.test"));
    let host = format!("x.8x8.test:{}", service.port());
    assert_eq!(seen.last().request.as_ref().unwrap().header("Host"), Some(&*host));
}

/// Only the resolver gets it.
fn final_dot() {
    let service = service();
    let output = reads_line(named(&service, "x.8x8.test").args(&["--host", "X.8x8.test."]));
    assert!(output.trace.contains("dns x.8x8.test."), "{}", output.whole());
    let seen = service.seen();
    assert_eq!(seen.last().server_name.as_deref(), Some("x.8x8.test"));
    let host = format!("x.8x8.test:{}", service.port());
    assert_eq!(seen.last().request.as_ref().unwrap().header("Host"), Some(&*host));
    reads_line(named(&service, "x.8x8.test.").args(&["--host", "x.8x8.test"])).assert_code(0);
}

fn wrong_name() {
    let service = Service::start();
    let run = named(&service, "x.8x8.example").args(&["--host", "x.8x8.example"]);
    let output = run.fails_with("tls.name", 60);
    output.assert_stderr_has("x.8x8.example").assert_stderr_has("--resolve");
    service.assert_nothing_sent();
    service.assert_key_never_sent();
}

fn regions() {
    for (args, host, greeting) in [
        (["--region", "US1"].as_slice(), "pulsar-ws-use1.8x8.com", "(US1, --region US1)"),
        (&["--region", "usw2"], "pulsar-ws-usw2.8x8.com", "(US2, --region usw2)"),
        (&["--cluster", "NA12"], "pulsar-ws-use1.8x8.com", "(US1, --cluster NA12)"),
        (&["--cluster", "vcc-eu14.8x8.com"], "pulsar-ws-euw2.8x8.com", "(UK3, --cluster "),
        (&[], "pulsar-ws-euw2.8x8.com", "(UK3, default)"),
    ] {
        let service = Service::builder().identity(Leaf::named(&[host])).start();
        service.publish("all", LINE);
        let output = reads_line(named(&service, host).args(args));
        let greeting = format!("connected to {host} {greeting}");
        assert!(output.trace.contains(&greeting), "{greeting}\n{}", output.whole());
    }
}

fn forms() {
    let service = service();
    let port = service.port();
    for host in [
        format!("127.0.0.1:{port}"),
        format!("wss://127.0.0.1:{port}"),
        format!("WSS://LOCALHOST:{port}/"),
    ] {
        let run = Run::new(&["--tenant", "acme", "--host", &host, "-4"]).arg("--ca-file");
        works(run.arg(Ca::shared().root_pem()));
    }
}

fn ipv6() {
    let service = Service::builder().address("::1").start();
    service.publish("all", LINE);
    let port = service.port();
    for host in [format!("[::1]:{port}"), format!("wss://[::1]:{port}/")] {
        let run = Run::new(&["--tenant", "acme", "--host", &host]).arg("--ca-file");
        works(run.arg(Ca::shared().root_pem()));
    }
    let host = format!("[::1]:{port}");
    assert_eq!(service.seen().last().request.as_ref().unwrap().header("Host"), Some(&*host));
}

/// A name with both kinds of address, of which the other is dead.
fn families() {
    let service = service();
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "--port", &port, "-4"]);
    let run = run.args(&["--resolve", &format!("x.8x8.test:{port}:[::1],127.0.0.1")]);
    let output = reads_line(run.arg("--ca-file").arg(Ca::shared().root_pem()));
    assert!(!output.trace.contains("::1 "), "{}", output.whole());
}

fn plain() {
    let service = Service::builder().plain().start();
    service.publish("all", LINE);
    reads_line(Run::against(&service)).assert_silent();
}

fn localhost() {
    let service = service();
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "localhost", "--port", &port]);
    let output = reads_line(run.arg("--ca-file").arg(Ca::shared().root_pem()));
    assert!(output.trace.contains("(system resolver)"), "{}", output.whole());
}
