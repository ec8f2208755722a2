//! Step tcp, and connections that end before TLS has begun.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use libtest_mimic::Trial;
use socket2::{Domain, Socket, Type};

use super::{row, test};
use crate::support::run::Run;
use crate::support::service::{Fault, Service};

pub(super) fn trials() -> Vec<Trial> {
    let rows = vec![
        row("tcp: nobody listens", Fault::Refuse, "tcp.refused", 69, &["refused", "host and port"]),
        row(
            "tcp: no answer at all",
            Fault::BacklogFull,
            "tcp.timeout",
            69,
            &["no answer", "firewall"],
        )
        .with(&["--connect-timeout", "1s"]),
        row(
            "tcp: closed at once",
            Fault::CloseAfterAccept,
            "tls.closed",
            69,
            &["closed", "load balancer"],
        ),
        row(
            "tcp: silent once accepted",
            Fault::SilentAfterAccept,
            "tls.timeout",
            69,
            &["1s", "--connect-timeout"],
        )
        .with(&["--connect-timeout", "1s"]),
    ];
    let rows = rows.into_iter().map(|row| row.trial(|_, service, _| service.assert_nothing_sent()));
    rows.chain([
        test("tcp: reset at once", reset),
        test("tcp: the first of two addresses refuses", || second_address("127.0.0.3", None)),
        test("tcp: the first of two addresses is silent", || {
            let service = Service::start();
            let silent = full("127.0.0.4", service.port());
            second_address("127.0.0.4", Some((service, silent)));
        }),
        test("tcp: all of two addresses refuse", || {
            let service = Service::with(Fault::Refuse);
            let there = format!("x.8x8.test:{}:127.0.0.1,127.0.0.3", service.port());
            let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test"]);
            let run = run.args(&["--port", &service.port().to_string(), "--resolve", &there]);
            let output = run.fails_with("tcp.refused", 69);
            output.assert_stderr_has("127.0.0.1:").assert_stderr_has("127.0.0.3:");
        }),
    ])
    .collect()
}

/// The kernel may tell of it while still connecting, or only once TLS has begun.
fn reset() {
    let service = Service::with(Fault::ResetAfterAccept);
    let output = Run::against(&service).args(&["--retry", "0"]).run();
    output.assert_code(69).assert_stderr_has("reset");
    let told = ["tcp.refused", "tls.reset"].map(|code| output.stderr.contains(code));
    assert!(told.contains(&true), "{}", output.whole());
    service.assert_nothing_sent();
}

/// The name has a dead address and the service's: connected, and at once.
fn second_address(dead: &str, given: Option<(Service, Full)>) {
    let (service, _silent) = match given {
        Some((service, silent)) => (service, Some(silent)),
        None => (Service::start(), None),
    };
    service.publish("all", r#"{"number":1}"#);
    let port = service.port().to_string();
    let ca = crate::support::ca::Ca::shared().root_pem();
    let output = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "--port", &port])
        .args(&["--resolve", &format!("x.8x8.test:{port}:{dead},127.0.0.1")])
        .args(&["--message-id", "earliest", "-n", "1", "--retry", "0"])
        // Longer than a run may take here: it has not waited for the dead one.
        .args(&["--connect-timeout", "10m"])
        .arg("--ca-file")
        .arg(ca)
        .run();
    output.assert_code(0).assert_silent().assert_lines(&[r#"{"number":1}"#]);
}

/// A port that listens and whose queue is full, with those who fill it.
type Full = (Socket, Vec<TcpStream>);

fn full(address: &str, port: u16) -> Full {
    let place = SocketAddr::new(address.parse().unwrap(), port);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&place.into()).unwrap();
    socket.listen(0).unwrap();
    let limit = Duration::from_millis(300);
    let fillers = std::iter::from_fn(|| TcpStream::connect_timeout(&place, limit).ok());
    let fillers = fillers.collect();
    (socket, fillers)
}
