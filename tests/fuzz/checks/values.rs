//! The small languages that values are written in.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{assert_keyless, assert_printable, choice, planted};
use crate::values::file_name::FileName;
use crate::values::moment::Moment;
use crate::values::subscription::SubscriptionType;
use crate::values::{self, api_key, host, proxy};

pub(super) fn check(data: &[u8]) {
    let (choice, data) = choice(data);
    let text = planted(data);
    match choice % 8 {
        0 => address(&text),
        1 => overrides(&text),
        2 => proxy_url(&text),
        3 => file_name(&text),
        4 => numbers(&text),
        5 => names(&text),
        6 => key(text.as_bytes()),
        _ => time(&text),
    }
}

/// What was wrong is said without the text, which may hold a key.
fn check_reason(reason: &str) {
    assert_keyless(reason);
    assert_printable(reason);
    assert!(reason.len() < 300, "{reason}");
}

fn address(text: &str) {
    match host::address(text) {
        Ok(found) => {
            let port = found.port.unwrap_or(443);
            let again = host::host_and_port(&host::authority(&found.host, port));
            assert_eq!(again, Ok((found.host, Some(port))));
        }
        Err(reason) => check_reason(&reason),
    }
}

fn overrides(text: &str) {
    match host::resolve(text) {
        Ok(found) => {
            let addresses: Vec<_> = found.addresses.iter().map(ToString::to_string).collect();
            let again = format!("{}:{}:{}", found.host, found.port, addresses.join(","));
            let again = host::resolve(&again).expect("its own form");
            assert_eq!((again.host, again.addresses), (found.host, found.addresses));
        }
        Err(reason) => check_reason(&reason),
    }
}

fn proxy_url(text: &str) {
    match proxy::url(text) {
        Ok(Some(found)) => {
            let login = found.login.as_ref().map_or("", |login| login.expose());
            let login = utf8_percent_encode(login, NON_ALPHANUMERIC).to_string();
            let login = login.replacen("%3A", ":", 1);
            let again = format!("http://{login}@{}", host::authority(&found.host, found.port));
            let again = proxy::url(&again).expect("its own form").expect("a proxy");
            assert_eq!((&again.host, again.port), (&found.host, found.port));
            assert_eq!(again.login, found.login);
            assert_keyless(&format!("{again:?}"));
        }
        Ok(None) => assert!(text.is_empty()),
        Err(reason) => check_reason(&reason),
    }
}

/// The names of an output's files are known again, and number two is another file.
fn file_name(text: &str) {
    let name = match FileName::parse(text.as_ref()) {
        Ok(name) => name,
        Err(reason) => return check_reason(&reason),
    };
    let at: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
    let finished = name.finished();
    let path = finished.at(at);
    let second = finished.numbered(&path, 2);
    let stamp = finished.stamp(&path);
    assert!(stamp.is_some_and(|(_, number)| number == 0), "{path:?}");
    assert_eq!(finished.stamp(&second), stamp.map(|(time, _)| (time, 2)), "{second:?}");
    assert_eq!(path.parent(), name.at(at).parent(), "in the same folder");
    assert!(finished.is_at_some_time(&path));
    assert!(name.changes_every().is_none_or(|every| every >= Duration::from_secs(1)));
    assert!(finished.changes_every().is_some());
    // The text as the name of a file that happens to be there.
    finished.stamp(Path::new(text));
}

fn numbers(text: &str) {
    match values::duration(text) {
        Ok(found) => {
            assert_eq!(values::duration(&format!("{}ms", found.as_millis())), Ok(found));
            assert_printable(&crate::words::duration(found));
        }
        Err(reason) => check_reason(&reason),
    }
    match values::size(text) {
        Ok(found) => assert_eq!(values::size(&found.to_string()), Ok(found)),
        Err(reason) => check_reason(&reason),
    }
    if let Ok(found) = values::number(1..=1000_u16, text) {
        assert!((1..=1000).contains(&found));
    }
    if let Ok(found) = SubscriptionType::typed(text) {
        assert_eq!(SubscriptionType::named(found.name()), Ok(found));
    }
}

fn names(text: &str) {
    let quoted = values::quoted(text);
    assert_printable(&quoted);
    assert_keyless(&quoted);
    assert!(quoted.chars().count() <= 10 * 80 + 3, "{quoted}");
    match values::segment(text) {
        Ok(found) => assert_printable(&found),
        Err(reason) => check_reason(&reason),
    }
    match values::list(text) {
        Ok(found) => {
            assert_eq!(values::list(&found.join(",")), Ok(found));
        }
        Err(reason) => check_reason(&reason),
    }
}

fn key(bytes: &[u8]) {
    match api_key::parse(bytes) {
        // It goes into the head of a request.
        Ok(key) => assert!(key.bytes().all(|byte| byte.is_ascii_graphic())),
        Err(reason) => check_reason(&reason),
    }
}

fn time(text: &str) {
    let now: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
    match Moment::parse(text).map(|found| found.at(now)) {
        Ok(found) => {
            let again = Moment::parse(&found.to_string()).map(|found| found.at(now));
            assert_eq!(again, Ok(found));
        }
        Err(reason) => check_reason(&reason),
    }
}
