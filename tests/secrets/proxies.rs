//! The proxy repeats what it was sent: the login, or only its password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use super::{clothes, test};
use crate::support::canary;
use crate::support::run::{Key, Run};
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Fault, Place, Service};

const USER: &str = "someone";
const PASSWORD: &str = "Tr0ub4dor/+=&3xyz";

const PLACES: [(&str, Place); 3] = [
    ("a status line", Place::Reason),
    ("headers", Place::Headers),
    ("an answer that is not HTTP", Place::NoHttp),
];

pub(super) fn trials() -> Vec<Trial> {
    let places = PLACES.map(|(name, place)| {
        test(&format!("a proxy's password repeated in {name}"), move || repeated(place))
    });
    let others = [
        test("a proxy's password of one letter leaves the text as it is", short),
        test("a token's password repeated by the service", token),
    ];
    places.into_iter().chain(others).collect()
}

fn repeated(place: Place) {
    let login = format!("{USER}:{PASSWORD}");
    let basic = STANDARD.encode(&login);
    let header = format!("Proxy-Authorization: Basic {basic}");
    let mut texts: Vec<String> = Vec::new();
    for secret in [&login, PASSWORD, &basic] {
        texts.extend(clothes::of(secret, &header).into_iter().map(|(_, text)| text));
    }
    for cut in 40..60 {
        texts.push(format!("{} {PASSWORD}", "-".repeat(cut)));
    }
    let last = (texts.len() - 1).to_string();
    let with_proxy = |proxy: &Proxy, args: &[&str]| {
        let service = Service::builder().may_be_unreached().start();
        let run = Run::against(&service).args(&["--proxy", &proxy.url_with(USER, PASSWORD)]);
        run.few_roots().args(args).run()
    };
    let proxy = Proxy::start(ProxyFault::Says(place, texts.clone()));
    let no_wait = ["--retry-delay", "1ms", "--retry-max-delay", "1ms", "--retry-all-errors"];
    let output = with_proxy(&proxy, &[&no_wait[..], &["--retry", &last]].concat());
    assert_eq!(proxy.heads().len(), texts.len(), "{}", output.whole());
    canary::assert_other_absent(PASSWORD, "stderr", output.trace.as_bytes());
    assert!(!output.trace.contains(&PASSWORD[..4]), "{}", output.whole());
    for few in texts.chunks(7) {
        let proxy = Proxy::start(ProxyFault::Says(place, few.to_vec()));
        let output = with_proxy(&proxy, &["diagnose", "--json"]);
        canary::assert_other_absent(PASSWORD, "the document", &output.stdout);
    }
}

/// It would be in every word.
fn short() {
    let text = "a password as short as that is a part of many words";
    let proxy = Proxy::start(ProxyFault::Says(Place::Reason, vec![text.to_owned()]));
    let service = Service::builder().may_be_unreached().start();
    let run = Run::against(&service).args(&["--proxy", &proxy.url_with("u", "a")]);
    let output = run.args(&["--retry", "0"]).run();
    output.assert_stderr_has(text);
}

/// A token is base64 of `user:password`.
fn token() {
    let token = STANDARD.encode(format!("acme:{PASSWORD}"));
    let forms = clothes::of(PASSWORD, &format!("X-API-Key: {token}"));
    let faults = forms.into_iter().map(|(_, text)| Fault::Says(Place::Text, text));
    let service = Service::builder().key(&token).faults(faults).start();
    service.publish("all", "{}");
    let run = Run::against(&service).key(Key::Text(token)).few_roots();
    let run = run.args(&["--retry", "unlimited", "--retry-all-errors", "--retry-delay", "1ms"]);
    let run = run.args(&["--retry-max-delay", "1ms", "--message-id", "earliest", "-n", "1"]);
    let output = run.run();
    output.assert_code(0);
    canary::assert_other_absent(PASSWORD, "stderr", output.trace.as_bytes());
    assert!(output.trace.contains("topic acme/"), "the user is no secret\n{}", output.whole());
}
