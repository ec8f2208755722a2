//! The settings that whole command lines give.

use std::time::Duration;

use crate::args::{Fallback, OPTIONS, Parsed, parse};
use crate::exit::Exit;
use crate::fault::{Failure, Fault};
use crate::message::{Format, OnReject, Position};
use crate::settings::key::KeySource;
use crate::settings::{Settings, complete};
use crate::values::choice::AuthStyle;
use crate::values::subscription::{InitialPosition, SubscriptionType};

const BASE: &str = "--tenant acme --x-api-key canary";

fn settle_in(line: &str, env: &[(&str, &str)]) -> Result<Settings, Failure> {
    let words = line.split(' ').filter(|w| !w.is_empty()).map(Into::into);
    match parse(&words.collect::<Vec<_>>())? {
        Parsed::Read(given) => {
            let env = env.iter().copied().collect();
            let (args, warnings) = complete(&given, &env);
            Settings::settle(args, &env, warnings?)
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn settle(more: &str) -> Result<Settings, Failure> {
    settle_in(&format!("{BASE} {more}"), &[])
}

fn settled(more: &str) -> Settings {
    settle(more).unwrap_or_else(|failure| panic!("{more}: {failure}"))
}

#[test]
fn two_options_are_enough_and_the_rest_is_as_documented() {
    let s = settled("");
    assert_eq!((&*s.target.host, s.target.port), ("pulsar-ws-euw2.8x8.com", 443));
    assert_eq!((&*s.target.chosen_by, s.target.region), ("default", Some("UK3")));
    assert_eq!((&*s.topic.namespace, &*s.topic.topic), ("event-v1", "all"));
    assert_eq!(s.topic.receiver_queue_size, 1000);
    assert_eq!(s.credentials.style, AuthStyle::Header);
    assert_eq!(s.start.position, Position::Latest);
    assert_eq!((s.stop.idle_timeout, s.stop.max_time, s.retry.limit), (None, None, None));
    assert_eq!((s.lines.format, s.lines.on_reject), (Format::Payload, OnReject::Warn));
    assert_eq!(s.limits.connect_timeout, Duration::from_secs(60));
    assert_eq!(s.limits.ping_interval, Duration::from_secs(30));
    assert_eq!(s.limits.ping_timeout, Duration::from_secs(10));
    assert_eq!(s.limits.max_message_size, 8 << 20);
    assert_eq!(s.retry.delay, Duration::from_secs(1));
    assert_eq!(s.retry.max_delay, Duration::from_secs(60));
    assert_eq!((s.talk.quiet, s.talk.verbose), (false, 0));
    assert_eq!(s.warnings.len(), 1, "{:?}", s.warnings);
    assert!(s.warnings[0].only_on_terminal && s.warnings[0].text.contains("--x-api-key"));
}

/// Defaults that are values are those of `Args`; this is about those that are words.
#[test]
fn the_words_on_defaults_are_what_happens() {
    let words = |name: &str| {
        let opt = OPTIONS.iter().find(|opt| opt.long == name).expect("an option");
        match opt.default {
            Fallback::Words(words) => words,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(words("host"), settled("").target.host);
    assert_eq!(words("port"), "443; 80 with ws://");
    assert_eq!(settled("--host ws://127.0.0.1").target.port, 80);
    assert_eq!(words("idle-timeout"), "never; 10s with -e or a past --until");
    assert_eq!(words("retry"), "unlimited; 3 with -e or a past --until");
    assert_eq!(
        words("message-id"),
        "latest; earliest with -e, --since, --cursor-file or a past --until"
    );
    for line in ["-e", "--until 1h"] {
        let s = settled(line);
        assert_eq!(s.stop.idle_timeout, Some(Duration::from_secs(10)), "{line}");
        assert_eq!(s.retry.limit, Some(3), "{line}");
        assert_eq!(s.start.position, Position::Earliest, "{line}");
    }
}

#[test]
fn start_and_end_hang_together() {
    assert_eq!(settled("--since 2h").start.position, Position::Earliest);
    assert_eq!(settled("--cursor-file c").start.position, Position::Earliest);
    assert_eq!(settled("--since 2h --message-id latest").start.position, Position::Latest);
    assert_eq!(settled("-e --message-id latest").start.position, Position::Latest);
    let id = settled("--since 2h --message-id CAEQAg==").start;
    assert!(matches!(id.position, Position::After(id) if id.as_str() == "CAEQAg=="));
    assert!(id.since.is_some());

    let follows = settled("--until 2999-01-01T00:00:00Z");
    assert_eq!(follows.start.position, Position::Latest);
    assert_eq!((follows.stop.idle_timeout, follows.retry.limit), (None, None));
    assert!(follows.stop.until.is_some() && !follows.stop.at_end);

    let s = settled("-e --idle-timeout 0 --retry unlimited --max-time 0 --max-silence 0");
    assert!(s.stop.at_end);
    assert_eq!((s.stop.idle_timeout, s.retry.limit), (None, None));
    assert_eq!((s.stop.max_time, s.limits.max_silence), (None, None));
    assert_eq!(settled("-e --retry 0").retry.limit, Some(0));
    assert_eq!(settled("-e=false").stop.idle_timeout, None);
}

#[test]
fn a_default_delay_gives_way() {
    let delays = |line| (settled(line).retry.delay, settled(line).retry.max_delay);
    let ms = Duration::from_millis;
    assert_eq!(delays("--retry-max-delay 100ms"), (ms(100), ms(100)));
    assert_eq!(delays("--retry-delay 90s"), (ms(90_000), ms(90_000)));
    assert_eq!(delays("--retry-delay 0 --retry-max-delay 0"), (ms(0), ms(0)));
}

#[test]
fn what_does_not_go_together_is_refused() {
    for (line, exit, subject, cause) in [
        ("-4 -6", 64, "-4 and -6", "only one"),
        ("--since 1h --until 2h", 64, "--since and --until", "no time is left between"),
        ("--retry-delay 2s --retry-max-delay 1s", 64, "--retry-delay", "longer"),
        ("--host h --region US1", 64, "--host and --region", "only one"),
        ("-region US1 -cluster NA12", 64, "-region and -cluster", "only one"),
        ("--host h:1 --port 2", 64, "--port", "--host names port 1, not 2"),
        ("--host ws://pulsar.example", 64, "--host", "without encryption"),
        ("--region US9", 78, "--region", "unknown region `US9`"),
        ("--cluster NA99", 78, "--cluster", "unknown cluster `NA99`"),
        ("--cluster AU1", 78, "--cluster", "not deployed in region SY1 yet"),
        ("--region hk2", 78, "--region", "not deployed in region HK2"),
        ("--cluster HK1", 78, "--cluster", "not deployed in region HK1"),
        ("--cluster vcc-au2.8x8.com", 78, "--cluster", "not deployed in region SY1"),
        ("--ca-file /nonexistent/ca", 66, "--ca-file /nonexistent/ca", "no such file"),
        ("--ca-file /", 66, "--ca-file /", "is a directory"),
        ("--ca-file /dev/null", 66, "--ca-file /dev/null", "contains no certificate"),
        ("-K /nonexistent/c", 66, "-K /nonexistent/c", "no such file"),
    ] {
        let failure = settle(line).expect_err(line);
        assert_eq!(failure.exit() as u8, exit, "{line}: {failure}");
        assert_eq!(failure.subject, subject, "{line}");
        assert!(failure.cause.contains(cause), "{line}: {failure}");
        assert!(!format!("{failure:?}").contains("canary"));
    }
}

#[test]
fn a_region_and_a_cluster_that_change_places_are_told_apart() {
    for (line, way) in [
        ("--cluster us1", "us1 is a region: write --region US1"),
        ("--region NA12", "NA12 is a cluster: write --cluster NA12"),
        ("--region vcc-na12.8x8.com", "write --cluster vcc-na12.8x8.com"),
        ("--region US9", "regions: UK3, US1, US2"),
    ] {
        let failure = settle(line).expect_err(line);
        assert!(failure.advice().contains(way), "{line}: {}", failure.advice());
    }
}

#[test]
fn a_proxy_is_decided_on_for_each_host() {
    let line = "--region UK3 --proxy http://p:1 --noproxy pulsar-ws-use1.8x8.com";
    let target = settled(line).target;
    assert!(target.proxy.proxy.is_some());
    let other = target.at("pulsar-ws-use1.8x8.com");
    assert!(other.proxy.proxy.is_none() && other.proxy.rule.starts_with("--noproxy"));
    assert_eq!(other.region, Some("US1"));
    assert!(other.at("pulsar-ws-usw2.8x8.com").proxy.proxy.is_some());
}

#[test]
fn tenant_and_key_are_required() {
    for (line, subject, way) in [
        ("--x-api-key k", "tenant", "PULSAR_TENANT"),
        ("--tenant acme", "API key", "PULSAR_API_KEY_FILE"),
    ] {
        let failure = settle_in(line, &[]).expect_err(line);
        assert_eq!((failure.exit() as u8, &*failure.subject), (78, subject));
        assert!(failure.advice().contains(way), "{}", failure.advice());
    }
}

#[test]
fn the_command_line_takes_precedence_over_the_environment() {
    let env = [
        ("PULSAR_TENANT", "from-env"),
        ("PULSAR_HOST", "env.example"),
        ("PULSAR_API_KEY", "canary"),
    ];
    let s = settle_in("", &env).expect("enough");
    assert_eq!((&*s.topic.tenant, &*s.target.chosen_by), ("from-env", "PULSAR_HOST"));
    assert_eq!((&*s.target.host, s.target.region), ("env.example", None));
    assert!(s.warnings.is_empty());
    let s = settle_in("-tenant typed --cluster NA12", &env).expect("no conflict");
    assert_eq!((&*s.topic.tenant, &*s.target.chosen_by), ("typed", "--cluster NA12"));
    assert_eq!(s.target.region, Some("US1"));

    let failure = settle_in("", &[("PULSAR_TENANT", "a/b")]).expect_err("a slash");
    assert_eq!((failure.exit() as u8, &*failure.subject), (64, "PULSAR_TENANT"));
    let failure = settle_in("", &[("PULSAR_TENANT", "")]).expect_err("empty is unset");
    assert_eq!(failure.exit() as u8, 78);
}

#[test]
fn insecure_opens_plain_hosts() {
    let s = settled("--insecure --host ws://pulsar.example:8080");
    assert!(s.target.trust.insecure && s.target.plain);
    assert!(s.target.trust.insecure);
    assert!(!settled("--insecure false").target.trust.insecure);
}

#[test]
fn no_secret_is_in_the_debug_text_of_a_run() {
    let s = settled("--proxy http://u:canary@proxy.example:3128");
    assert!(matches!(s.credentials.source, KeySource::Given { .. }));
    assert!(!format!("{s:?}").contains("canary"), "{s:?}");
}

#[test]
fn a_subscription_takes_only_what_a_consumer_has() {
    for (line, fault) in [
        ("--subscription s --message-id earliest", Fault::ReaderOnly),
        ("--subscription s --since 1h", Fault::ReaderOnly),
        ("--subscription s --until 1h", Fault::ReaderOnly),
        ("--subscription s --reader-name r", Fault::ReaderOnly),
        ("--subscription-type shared", Fault::NeedsSubscription),
        ("--unsubscribe --yes", Fault::NeedsSubscription),
        ("--on-reject nack", Fault::NeedsSubscription),
        ("--subscription s -o f", Fault::NeedsCursor),
        ("--subscription s -o f --cursor-file c --sync none", Fault::UnsafeAcks),
        ("--subscription s --unsubscribe -o f --cursor-file c", Fault::Usage),
        ("--subscription s --sync none --rejects r", Fault::UnsafeAcks),
        ("--subscription s --at-most-once", Fault::Usage),
        ("--subscription s --nack-delay 1s", Fault::Usage),
        ("--subscription s --unsubscribe --fail-if-empty", Fault::Usage),
        ("--subscription s --yes", Fault::Usage),
        ("--subscription s --max-redeliver 1", Fault::Usage),
        ("--subscription s --subscription-type shared --dead-letter-topic d", Fault::Usage),
    ] {
        let failure = settle(line).map(|_| ()).expect_err(line);
        assert_eq!(failure.fault, fault, "{line}: {failure}");
        assert_eq!(failure.exit(), Exit::Usage, "{line}");
    }
    assert!(settled("").subscription.is_none());
    for line in
        ["", "-o - --sync none", "-o /dev/null", "-o f --cursor-file c --sync none --at-most-once"]
    {
        let subscription = settled(&format!("--subscription s {line}")).subscription;
        assert_eq!(subscription.map(|it| it.kind), Some(SubscriptionType::Exclusive), "{line}");
    }
}

#[test]
fn a_new_subscription_begins_where_a_reader_would() {
    for (line, initial) in [
        ("", InitialPosition::Latest),
        ("-e", InitialPosition::Earliest),
        ("-o f --cursor-file c", InitialPosition::Earliest),
        ("-e --initial-position latest", InitialPosition::Latest),
    ] {
        let start = settled(&format!("--subscription s {line}")).start;
        assert_eq!(start.initial, initial, "{line}");
    }
}

#[test]
fn a_dead_letter_topic_is_of_the_same_namespace_unless_it_says_another() {
    let topic = |name: &str| {
        let line = "--subscription s --subscription-type shared --max-redeliver 2";
        let subscription = settled(&format!("{line} --dead-letter-topic {name}")).subscription;
        subscription.and_then(|subscription| subscription.dead_letter_topic).expect("one is given")
    };
    assert_eq!(topic("dead"), "persistent://acme/event-v1/dead");
    assert_eq!(topic("persistent://other/n/dead"), "persistent://other/n/dead");
    let line = "--subscription s --dead-letter-topic n/dead";
    assert!(settle(line).is_err_and(|failure| failure.cause.contains("persistent://")));
}
