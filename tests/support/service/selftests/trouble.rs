//! What a test does to a running service, and proxies: each strikes and each is mended.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use tungstenite::Message;

use super::super::proxy::{Proxy, ProxyFault};
use super::super::{Body, Fault, Service};
use super::client::{Client, PATIENCE, reader};
use super::trial;
use crate::support::canary;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("connections are cut, closed, frozen and refused", trouble),
        trial("faults strike in turn and when they are told to", faults_in_turn),
        trial("plain and on other loopback addresses", plain_and_elsewhere),
        trial("an idle session is closed, a pinging one is not", idle_limit),
        trial("a service that nobody reached or that saw a bad client fails", it_fails),
        trial("proxies tunnel, refuse and remember", proxies),
    ]
}

fn trouble() {
    let service = Service::start();
    service.publish("all", "x");
    let open = || Client::open(&service, &reader("messageId=earliest"));
    let mut client = open().unwrap();
    client.payloads(1);
    service.cut_connections();
    assert!(client.read().unwrap_err().contains("ConnectionReset"));

    let mut client = open().unwrap();
    client.payloads(1);
    service.close_all(1011, "over");
    let close = format!("{:?}", client.read());
    assert!(close.contains("over") && close.contains("Error"), "{close}");
    client.close();

    let mut client = open().unwrap();
    client.payloads(1);
    service.end_connections();
    assert!(client.read().unwrap_err().contains("ResetWithoutClosingHandshake"));

    let mut client = open().unwrap();
    client.payloads(1);
    service.freeze();
    service.publish("all", "y");
    client.0.send(Message::Ping("".into())).unwrap();
    assert!(client.is_silent());
    let hasty = Client::open_with(&service, &reader(""), Some(canary::key()), PATIENCE);
    assert!(hasty.err().unwrap().contains("tls"));
    service.thaw();
    assert_eq!(client.payloads(1), ["y"]);

    service.pause_delivery();
    service.publish("all", "z");
    assert_eq!(client.read(), Ok(Message::Pong("".into())));
    client.0.send(Message::Ping("".into())).unwrap();
    assert_eq!(client.read(), Ok(Message::Pong("".into())));
    assert!(client.is_silent());
    service.resume_delivery();
    assert_eq!(client.payloads(1), ["z"]);

    service.stop_listening();
    assert_eq!(open().err(), Some("tcp: ConnectionRefused".into()));
    service.publish("all", "still there");
    assert_eq!(client.payloads(1), ["still there"]);
    service.listen_again();
    assert_eq!(open().unwrap().all(true), ["x", "y", "z", "still there"]);
}

fn faults_in_turn() {
    let faults = [Fault::UpgradeEof, Fault::None, Fault::Close(1013, "later")];
    let service = Service::builder().faults(faults).fault_after(2).start();
    service.publish_many("all", 3, |number| number.to_string());
    let open = || Client::open(&service, &reader("messageId=earliest"));
    assert!(open().is_err());
    assert_eq!(open().unwrap().payloads(3).concat(), "012");
    let mut client = open().unwrap();
    assert_eq!(client.payloads(2).concat(), "01");
    assert!(client.next(true).unwrap_err().contains("later"));
    service.next_faults([Fault::Status(403, Body::None)]);
    assert!(open().err().unwrap().contains("403"));
    assert_eq!(open().unwrap().payloads(3).concat(), "012");
    assert_eq!(service.connections(), 5);
}

fn plain_and_elsewhere() {
    for address in ["127.0.0.1", "127.0.0.2", "::1"] {
        let service = Service::builder().plain().no_key_check().address(address).start();
        service.publish("all", "x");
        let url = format!("{}{}", service.url(), reader("messageId=earliest"));
        let (mut client, answer) = tungstenite::connect(url).unwrap();
        assert!(answer.headers()["Date"].to_str().unwrap().ends_with(" GMT"));
        assert!(client.read().unwrap().to_text().unwrap().contains(r#""payload":"eA==""#));
        assert_eq!(service.seen().last().tls, None);
    }
}

fn idle_limit() {
    let service = Service::builder().idle_limit(PATIENCE * 6).start();
    let mut client = Client::open(&service, &reader("")).unwrap();
    for _ in 0..8 {
        assert!(client.is_silent());
        client.0.send(Message::Ping("".into())).unwrap();
        assert_eq!(client.read(), Ok(Message::Pong("".into())));
    }
    let close = format!("{:?}", client.read());
    assert!(
        close.contains("Idle timeout expired: 2400/2400 ms") && close.contains("Away"),
        "{close}"
    );
}

fn it_fails() {
    let panics = |work: fn()| std::panic::catch_unwind(work).expect_err("should have panicked");
    let text = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
    };
    assert!(text(panics(|| drop(Service::start()))).contains("never reached"));
    drop(Service::builder().may_be_unreached().start());
    let unmasked = text(panics(|| {
        use std::io::Write;
        let service = Service::start();
        let mut client = Client::open(&service, &reader("")).unwrap();
        client.0.get_mut().write_all(b"\x81\x02{}").unwrap();
        service.wait_for_no_connections();
    }));
    assert!(unmasked.contains("without a mask"), "{unmasked}");
}

fn proxies() {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let service = Service::builder().may_be_unreached().start();
    let ask = |fault: ProxyFault, login: &str| {
        let proxy = Proxy::start(fault).forward_to(&service);
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
        let head = format!("CONNECT pulsar.8x8.test:443 HTTP/1.1\r\nHost: x\r\n{login}\r\n");
        client.write_all(head.as_bytes()).unwrap();
        let (mut answer, began, mut ended) = (Vec::new(), Instant::now(), Ok(1));
        while ended.as_ref().is_ok_and(|count| *count > 0) && began.elapsed() < PATIENCE {
            let mut chunk = [0; 4096];
            ended = client.read(&mut chunk);
            answer.extend_from_slice(&chunk[..*ended.as_ref().unwrap_or(&0)]);
        }
        assert_eq!(proxy.connects(), ["pulsar.8x8.test:443"]);
        assert_eq!(proxy.authorizations().len(), usize::from(!login.is_empty()));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        (answer.lines().next().unwrap_or_default().to_owned(), matches!(ended, Ok(0)))
    };
    let line = |fault| ask(fault, "");
    assert_eq!(line(ProxyFault::None), ("HTTP/1.1 200 Connection established".into(), false));
    assert_eq!(line(ProxyFault::Http10), ("HTTP/1.0 200 Connection established".into(), false));
    assert_eq!(line(ProxyFault::OddReason), ("HTTP/1.1 200 Go ahead, caller".into(), false));
    assert_eq!(line(ProxyFault::Forbidden), ("HTTP/1.1 403 Forbidden".into(), true));
    assert_eq!(line(ProxyFault::Status(502)), ("HTTP/1.1 502 Bad Gateway".into(), true));
    assert_eq!(line(ProxyFault::Portal), ("HTTP/1.1 302 Found".into(), true));
    assert_eq!(line(ProxyFault::Socks), ("\u{5}\u{fffd}".into(), true));
    assert_eq!(line(ProxyFault::Silence), ("".into(), false));
    assert_eq!(line(ProxyFault::Eof), ("".into(), true));
    assert_eq!(line(ProxyFault::Reset), ("".into(), false));
    assert_eq!(line(ProxyFault::OkThenEof), ("HTTP/1.1 200 Connection established".into(), true));
    let (dripped, ended) = line(ProxyFault::HeadDrips);
    assert!(dripped.starts_with("HT") && !ended, "{dripped}");
    let login = ProxyFault::Login("user", "pa ss");
    assert_eq!(line(login.clone()).0, "HTTP/1.1 407 Proxy Authentication Required");
    let right = "Proxy-Authorization: Basic dXNlcjpwYSBzcw==\r\n";
    assert_eq!(ask(login, right).0, "HTTP/1.1 200 Connection established");
    let refused = Proxy::start(ProxyFault::Refuse);
    assert!(TcpStream::connect(("127.0.0.1", refused.port())).is_err());
}
