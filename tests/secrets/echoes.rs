//! The service repeats the key: in every form, at every place from which its text leaves the program,
//! and so that limits on length cut it in two.

use libtest_mimic::Trial;

use super::{clothes, test};
use crate::capture::systemd::told;
use crate::support::canary;
use crate::support::run::{Output, Run};
use crate::support::scratch::Scratch;
use crate::support::service::{Fault, Place, Service};

/// The places, and how a run tells of each.
const PLACES: [(&str, Place, &str); 11] = [
    ("a status line", Place::Reason, "[auth.server_error]"),
    ("headers", Place::Headers, "[auth.server_error]"),
    ("a page", Place::Title, "said: "),
    ("a JSON body", Place::Json, "said: "),
    ("plain text", Place::Text, "said: "),
    ("an answer that is not HTTP", Place::NoHttp, "begins with"),
    ("a 101's header", Place::Protocol, "Sec-WebSocket-Protocol"),
    ("a close reason", Place::Close, "1008 (policy violation)"),
    ("a message id", Place::MessageId, "messageId"),
    ("a frame", Place::Frame, "not an envelope"),
    ("a pong", Place::Pong, "connected to"),
];

pub(super) fn trials() -> Vec<Trial> {
    let places = PLACES.map(|(name, place, says)| {
        test(&format!("the key repeated in {name}"), move || repeated(place, says))
    });
    let cut = PLACES.map(|(name, place, _)| {
        test(&format!("the key cut in two in {name}"), move || cut_in_two(place))
    });
    let told = PLACES[..6].iter().map(|&(name, place, _)| {
        test(&format!("diagnose: the key repeated in {name}"), move || diagnosed(place))
    });
    let body = test("the key cut in two by the limit of a body", || {
        let key = canary::key();
        let texts = [key.to_owned(), key.bytes().map(|byte| format!("&#{byte};")).collect()];
        let faults = texts.into_iter().flat_map(|text| {
            (1..40).map(move |bytes| Fault::Says(Place::TitleCutAfter(bytes), text.clone()))
        });
        let output = tells(faults.collect(), &[]);
        output.assert_code(0);
        assert!(output.trace.contains("said: "), "{}", output.whole());
    });
    let certificate = test("the key in a certificate", in_a_certificate);
    places.into_iter().chain(cut).chain(told).chain([body, certificate]).collect()
}

fn header() -> String {
    format!("X-API-Key: {}", canary::key())
}

/// Each form in turn, to one run, as text and as JSON.
fn repeated(place: Place, says: &str) {
    for options in [&[][..], &["--log-format", "json"]] {
        let forms = clothes::of(canary::key(), &header());
        let faults = forms.into_iter().map(|(_, text)| Fault::Says(place, text));
        let output = tells(faults.collect(), options);
        output.assert_code(0);
        assert!(output.trace.contains(says), "{}", output.whole());
    }
}

/// Behind so much text that some limit falls into it, wherever that is.
fn cut_in_two(place: Place) {
    let key = canary::key();
    let mut faults = Vec::new();
    for limit in [60, 100, 123, 300, 1000_usize] {
        for kept in [3, 6, 7, 8, 20] {
            let before = limit.saturating_sub(kept + "said: ".len());
            faults.push(Fault::Says(place, format!("{}{key}", "-".repeat(before))));
            faults.push(Fault::Says(place, format!("{} {key}", "-".repeat(before + 5))));
        }
    }
    let output = tells(faults, &[]);
    output.assert_code(0);
    // A few letters in front of a cut are a part of it, too.
    let part = &key[.."eght_".len() + 1];
    assert!(!output.trace.contains(part), "{part}\n{}", output.whole());
}

/// Runs into each fault, then into one event. All that it tells is searched for the key.
#[track_caller]
fn tells(faults: Vec<Fault>, options: &[&str]) -> Output {
    let service = Service::builder().faults(faults).start();
    service.publish("all", "{}");
    let (run, told, _folder) = told(Run::against(&service));
    let run = run.args(&["--retry", "unlimited", "--retry-all-errors", "--retry-delay", "1ms"]);
    let run = run.args(&["--retry-max-delay", "1ms", "--message-id", "earliest", "-n", "1"]);
    // What is rejected is kept as it came, beside the output.
    let scratch = Scratch::new("echoes");
    let run = run.arg("-o").arg(scratch.join("out"));
    let run = run.args(&["--cursor-file", "cursor", "--metrics-file", "metrics"]);
    let output = run.args(options).few_roots().run();
    let told = told.lines().join("\n");
    assert!(told.contains("STATUS="), "{told}");
    canary::assert_absent("what systemd is told", told.as_bytes());
    output
}

/// As text, as JSON and as a report: all in the folder that is searched.
fn diagnosed(place: Place) {
    let mut forms = clothes::of(canary::key(), &header());
    forms.retain(|(_, text)| place != Place::Reason || text.is_ascii());
    // The longest sentence shown has 300 characters.
    let texts: Vec<String> = match place {
        Place::Reason | Place::Headers => {
            vec![forms.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")]
        }
        _ => forms
            .chunks(3)
            .map(|few| few.iter().map(|(_, text)| &**text).collect::<Vec<_>>().join(" "))
            .collect(),
    };
    for text in texts {
        let service = Service::with(Fault::Says(place, text));
        let run = Run::against(&service).args(&["diagnose", "--report", "report"]).few_roots();
        assert_ne!(run.run().code, Some(0));
        let run = Run::against(&service).args(&["diagnose", "--json"]).few_roots();
        let output = run.run();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("one document");
    }
}

fn in_a_certificate() {
    use crate::support::ca::{Leaf, SignedBy};
    let key = canary::key();
    // A name has at most 64 characters.
    for name in [key, &format!("{}{}", "-".repeat(54), &key[..10])] {
        let leaf = Leaf { signed_by: SignedBy::Itself, ..Leaf::named(&[name]) };
        let service = Service::builder().identity(leaf).start();
        for options in [&["--report", "report"][..], &["--json"]] {
            let run = Run::against(&service).arg("diagnose").args(options).few_roots();
            let output = run.run();
            let all = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(all.contains("self"), "{}", output.whole());
        }
    }
}
