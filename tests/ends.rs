//! Ends that are none: a silence, a clock or one odd message must not end a run that catches up.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;

use crate::support::run::{Output, Run, Running};
use crate::support::scratch::Scratch;
use crate::support::service::{Body, Builder, Fault, New, Odd, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("a session that freezes", a_session_freezes),
        ("a service that freezes for good", a_service_freezes),
        ("a broker that is gone behind a living proxy", a_broker_is_gone),
        ("a broker that cannot read for a while", || a_broker_cannot_read(&[])),
        ("a broker that cannot read for a while, and a subscription", || {
            a_broker_cannot_read(&["--subscription", "s"]);
        }),
        ("a session that answers nothing proves nothing", a_silent_proof),
        ("a silent partition is asked again", a_silent_partition),
        ("the last message is asked for again, in any place", the_last_message_again),
        ("every hundredth message an hour ahead", every_hundredth_ahead),
        ("one message ahead, then a session that freezes", one_ahead_then_frozen),
        ("every clock wrong", every_clock_wrong),
        ("every clock wrong, and a subscription", every_clock_wrong_for_a_subscription),
        ("a topic that never pauses", || a_busy_topic(Service::builder())),
        ("a topic that never pauses, of a service without a clock", || {
            a_busy_topic(Service::builder().no_date());
        }),
        ("--until is not ended by one message", until_and_one_ahead),
        ("a time to come is not ended by clocks ahead", until_later_and_two_ahead),
        ("a topic that never pauses, and no second reader", a_busy_topic_without_another_reader),
        ("a reject that comes last is asked for again", a_reject_comes_last),
        ("a message without an id, between others, is rejected once", without_an_id),
        ("a place that is known and not reached", a_place_not_reached),
        ("a partition that delivers nothing at first", a_late_partition),
        ("--since and --until count from the service's clock", since_by_the_service),
        ("the cursor keeps --since by the service's clock", a_cursor_keeps_since),
        ("a clock that is a minute off is said", a_skewed_clock),
    ];
    trial::group("end", tests)
}

const HOUR: Duration = Duration::from_secs(3600);

fn event(n: usize) -> String {
    format!(r#"{{"Interaction":{{"event":"InteractionCreated","n":{n}}}}}"#)
}

fn events(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(event).collect()
}

/// Catches up, with shorter waits than by default.
fn catch_up(service: &Service) -> Run {
    let args = ["-e", "--idle-timeout", "1s", "--retry-delay", "10ms"];
    Run::against(service).args(&args).verbosity(0).limit(Duration::from_secs(120))
}

fn a_session_freezes() {
    let service = Service::builder().faults([Fault::Freeze]).fault_after(400).start();
    service.publish_many("all", 1000, event);
    catch_up(&service).run().assert_code(0).assert_lines(&events(0..1000));
}

fn a_service_freezes() {
    let service = Service::builder().always(Fault::Freeze).fault_after(400).start();
    let ids = service.publish_many("all", 1000, event);
    let run = catch_up(&service).args(&["--connect-timeout", "2s", "--retry", "1"]).spawn();
    service.wait_for("400 messages", |seen| {
        seen.connections.last().is_some_and(|connection| connection.sent.len() == 400)
    });
    service.freeze();
    let output = run.finish();
    service.thaw();
    output.assert_code(69).assert_lines(&events(0..400));
    let last = ids[399];
    let place = format!("the last message read is {}:{}:-1", last.ledger, last.entry);
    output.assert_stderr_has(&format!("; the end was not reached: {place}"));
}

fn a_broker_is_gone() {
    let gone = || Fault::Status(500, Body::Jetty("Failed to create reader: timed out"));
    let service =
        Service::builder().faults([Fault::Freeze]).fault_after(400).always(gone()).start();
    service.publish_many("all", 1000, event);
    let output = catch_up(&service).run();
    output.assert_code(69).assert_lines(&events(0..400));
    output.assert_stderr_has("the end was not reached");
}

/// It answers pings and upgrades.
fn a_broker_cannot_read(args: &[&str]) {
    let service = Service::start();
    service.pause_delivery();
    let run = catch_up(&service).args(args).spawn();
    service.wait_for_connections(1);
    service.publish_many("all", 100, event);
    service.wait_for_connections(2);
    std::thread::sleep(Duration::from_secs(3));
    service.resume_delivery();
    run.finish().assert_code(0).assert_lines(&events(0..100));
}

fn a_silent_proof() {
    let service = Service::builder().always(Fault::Freeze).start();
    let output = catch_up(&service).args(&["--retry", "1"]).run();
    output.assert_code(69).assert_stderr_has("[stream.no_pong]");
    output.assert_stderr_has("the end was not reached: nothing was read");
}

/// The other one has passed the end.
fn a_silent_partition() {
    let service = Service::builder().partitioned("all", 2).faults([Fault::Freeze]).fault_after(10);
    let service = service.start();
    let publish =
        |n, partition| service.publish_message("all", New::payload(event(n)).partition(partition));
    (0..20).for_each(|n| _ = publish(n, n / 10));
    let output = catch_up(&service).run();
    output.assert_code(0);
    let mut lines = output.lines();
    lines.sort();
    let mut expected = events(0..20);
    expected.sort();
    assert_eq!(lines, expected);
}

fn the_last_message_again() {
    for batch in [1, 3] {
        for entries in [1, 2] {
            let service = Service::start();
            let payloads = |entry: usize| events(entry * batch..(entry + 1) * batch);
            (0..entries).for_each(|entry| drop(service.publish_batch("all", &payloads(entry))));
            let output = catch_up(&service).args(&["--idle-timeout", "3s"]).run();
            output.assert_code(0).assert_silent().assert_lines(&events(0..entries * batch));
            assert!(output.elapsed < Duration::from_secs(9), "{:?}", output.elapsed);
            let seen = service.seen();
            assert_eq!(seen.upgraded(), 2, "one fresh upgrade proves the end");
            assert_eq!(seen.last().sent.len(), batch, "the last entry is delivered again");
            service.assert_acked_once();
        }
    }
}

fn every_hundredth_ahead() {
    let service = Service::start();
    let now = SystemTime::now();
    for n in 0..2000 {
        let ahead = if n % 100 == 50 { HOUR } else { Duration::ZERO };
        service.publish_at("all", event(n), now + ahead);
    }
    catch_up(&service).run().assert_code(0).assert_silent().assert_lines(&events(0..2000));
}

fn one_ahead_then_frozen() {
    let service = Service::builder().faults([Fault::Freeze]).fault_after(400).start();
    let now = SystemTime::now();
    for n in 0..1000 {
        let ahead = if n >= 390 { HOUR } else { Duration::ZERO };
        service.publish_at("all", event(n), now + ahead);
    }
    catch_up(&service).run().assert_code(0).assert_lines(&events(0..1000));
}

fn every_clock_wrong() {
    for skew in [-1800, 1800] {
        let service = Service::builder().date_skew(skew).start();
        service.publish_many("all", 5000, event);
        let run = catch_up(&service).args(&["--receiver-queue-size", "10"]);
        run.run().assert_code(0).assert_lines(&events(0..5000));
    }
}

fn every_clock_wrong_for_a_subscription() {
    let service = Service::builder().date_skew(-1800).start();
    service.publish_many("all", 5000, event);
    let run = catch_up(&service).args(&["--subscription", "s", "--receiver-queue-size", "10"]);
    run.run().assert_code(0).assert_lines(&events(0..5000));
}

/// Producers' clocks are an hour behind, or ahead.
fn a_busy_topic(builder: Builder) {
    let service = builder.start();
    service.publish_many("all", 1000, event);
    let run = catch_up(&service).args(&["--idle-timeout", "2s"]).spawn();
    let output = finish_busily(run, |n| {
        let (now, skewed, n) = (SystemTime::now(), n % 2 == 0, n + 1000);
        service.publish_at("all", event(n), if skewed { now + HOUR } else { now - HOUR });
    });
    output.assert_code(0);
    let lines = output.lines();
    assert!(lines.len() >= 1000, "{} lines", lines.len());
    assert_eq!(lines, events(0..lines.len()));
}

/// Publishes without a pause until the run has ended.
fn finish_busily(run: Running, publish: impl Fn(usize)) -> Output {
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run.finish());
        let mut n = 0;
        while !run.is_finished() {
            publish(n);
            n += 1;
            std::thread::sleep(Duration::from_millis(50));
        }
        run.join().unwrap()
    })
}

/// Too many readers, says the broker; that might pass.
fn a_busy_topic_without_another_reader() {
    let refused = Fault::Status(500, Body::Jetty("Failed to create reader: timed out"));
    let service = Service::builder().faults([Fault::None]).always(refused).start();
    let run = catch_up(&service).args(&["--idle-timeout", "5s"]).spawn();
    let output = finish_busily(run, |n| _ = service.publish("all", event(n)));
    output.assert_code(0);
    assert_eq!(output.lines(), events(0..output.lines().len()));
}

fn a_reject_comes_last() {
    let service = Service::start();
    service.publish("all", event(0));
    service.publish_odd("all", Odd::NoPayload);
    let output = catch_up(&service).args(&["--idle-timeout", "5s"]).run();
    output.assert_code(0).assert_lines(&events(0..1));
    assert!(output.elapsed < Duration::from_secs(15), "{:?}", output.elapsed);
}

/// The session that proves the end delivers it again.
fn without_an_id() {
    for (builder, args) in [
        (Service::builder().partitioned("all", 2), [].as_slice()),
        (Service::builder(), &["--subscription", "s"]),
    ] {
        let service = builder.start();
        service.publish("all", event(0));
        service.publish_odd("all", Odd::NotJson);
        service.publish("all", event(1));
        let output = catch_up(&service).args(args).run();
        output.assert_code(0).assert_lines(&events(0..2));
        let rejects = output.stderr.matches("message without an id").count();
        assert_eq!(rejects, 1, "{}", output.whole());
        assert_eq!(output.lines().len(), 2);
    }
}

/// The second reader gets what is published; the first one cannot get at what one partition stored
/// before.
fn a_place_not_reached() {
    let service = Service::builder().partitioned("all", 2).start();
    (0..10).for_each(|n| _ = service.publish("all", event(n)));
    service.pause_storage("all", 1);
    let run = catch_up(&service).args(&["--retry", "20"]).spawn();
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(20));
            service.resume_storage("all");
        });
        finish_busily(run, |n| _ = service.publish("all", event(n + 10)))
    });
    output.assert_code(0);
    let lines = output.lines();
    assert!(events(0..10).iter().all(|event| lines.contains(event)), "{}", output.whole());
}

/// Nothing tells that it is there.
fn a_late_partition() {
    let service = Service::builder().partitioned("all", 2).start();
    (0..10)
        .for_each(|n| _ = service.publish_message("all", New::payload(event(n)).partition(n / 5)));
    service.pause_storage("all", 1);
    let run = catch_up(&service).args(&["--idle-timeout", "5s"]).spawn();
    service.wait_for_connections(2);
    std::thread::sleep(Duration::from_secs(4));
    service.resume_storage("all");
    let output = run.finish();
    output.assert_code(0).assert_silent().assert_lines(&events(0..10));
}

/// Whatever two producers' clocks say, the time has not come.
fn until_later_and_two_ahead() {
    let service = Service::start();
    let until = SystemTime::now() + Duration::from_secs(12);
    let ahead = |n| _ = service.publish_at("all", event(n), until + HOUR);
    (0..2).for_each(ahead);
    let until_text = jiff::Timestamp::try_from(until).unwrap().to_string();
    let args = ["--until", &until_text, "--message-id", "earliest"];
    let run = Run::against(&service).args(&args).limit(Duration::from_secs(120)).spawn();
    service.wait_for_acks(2);
    std::thread::sleep(Duration::from_secs(5));
    service.publish_at("all", event(2), until - Duration::from_secs(1));
    (3..5).for_each(ahead);
    run.finish().assert_code(0).assert_lines(&events(2..3));
}

fn until_and_one_ahead() {
    let service = Service::start();
    let (now, past) = (SystemTime::now(), SystemTime::now() - 2 * HOUR);
    for n in 0..1000 {
        service.publish_at("all", event(n), if n == 500 { now } else { past });
    }
    (1000..1010).for_each(|n| _ = service.publish_at("all", event(n), now));
    let output = catch_up(&service).args(&["-e=false", "--until", "1h"]).run();
    let expected = [events(0..500), events(501..1000)].concat();
    output.assert_code(0).assert_lines(&expected);
}

/// A clock of ours that is a day ahead of the service's, whose producers are right.
const DAY_BEHIND: i64 = -86_400;

fn a_day_ago(hours: u32) -> SystemTime {
    SystemTime::now() - Duration::from_secs(86_400) - HOUR * hours
}

fn since_by_the_service() {
    let service = Service::builder().date_skew(DAY_BEHIND).start();
    for n in 0..4 {
        service.publish_at("all", event(n), a_day_ago(4 - n as u32) + HOUR / 2);
    }
    let since = |args: &[&str]| catch_up(&service).args(args).run();
    since(&["--since", "2h"]).assert_code(0).assert_lines(&events(2..4));
    let until = since(&["-e=false", "--since", "3h", "--until", "1h"]);
    until.assert_code(0).assert_lines(&events(1..3));
}

fn a_cursor_keeps_since() {
    let scratch = Scratch::new("since");
    let service = Service::builder().date_skew(DAY_BEHIND).start();
    service.publish_at("all", event(0), a_day_ago(5));
    let cursor = scratch.join("cursor").display().to_string();
    let run = || catch_up(&service).args(&["--since", "2h", "--cursor-file", &cursor]).run();
    run().assert_code(0).assert_lines::<&str>(&[]);
    service.publish_at("all", event(1), a_day_ago(3));
    service.publish_at("all", event(2), a_day_ago(1));
    run().assert_code(0).assert_lines(&events(2..3));
}

fn a_skewed_clock() {
    let warned = |skew: i64| -> Output {
        let service = Service::builder().date_skew(skew).start();
        catch_up(&service).run()
    };
    let text = "warning: this machine's clock is 2m";
    let output = warned(150);
    output.assert_code(0).assert_stderr_has(text).assert_stderr_has("behind the server's");
    warned(-7200).assert_code(0).assert_stderr_has("is 2h ahead of the server's");
    warned(30).assert_code(0).assert_silent();
}
