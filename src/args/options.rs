//! The options: one table, from which the parser, `-h`, `--help`, the man page and the
//! completions are made. To add an option, add a row here, and its field with its default to
//! [`Args`](super::Args) or to the part of the settings that the field belongs to.
//!
//! A row only defines what a value must look like; how options depend on each other is settled in
//! [`crate::settings`].

use std::time::Duration;

use crate::args::Document;
use crate::args::checks::{self, limit};
use crate::args::command::Commands;
use crate::args::opt::{Opt, Section, file, flag, value};
use crate::event_types;
use crate::message::{Format, OnReject, Position};
use crate::regions;
use crate::secret::Secret;
use crate::values::choice::{AuthStyle, Color, Durability, LogFormat};
use crate::values::file_name::FileName;
use crate::values::moment::Moment;
use crate::values::subscription::{InitialPosition, SubscriptionType};
use crate::values::{self, host, proxy};

/// The option of this name, without dashes.
pub(crate) fn by_long(name: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.long == name)
}

/// The option of this letter or digit.
pub(crate) fn by_short(short: char) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.short == Some(short))
}

/// Every option, in the order of the help and the man page.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[Opt] = &[
    value("tenant", "TENANT", Section::Service,
        "whose events to read; required",
        "The tenant whose events to read: your organisation's name at 8x8, which you were given \
         with the API key. Required.",
        |args, text| put(&mut args.tenant, values::segment(text)))
        .env("PULSAR_TENANT"),
    value("region", "REGION", Section::Service,
        "the Contact Center's region, such as US1",
        "The region of the Contact Center, by its name, such as US1, or by its code, such as \
         use1; `tail8x8 regions` lists them. In the wrong region the connection succeeds but no \
         events arrive.",
        |args, text| put(&mut args.region, values::label(text)))
        .group("host").commands(Commands::Place).suggest(regions::deployed_names),
    value("cluster", "CLUSTER", Section::Service,
        "the Contact Center cluster, such as NA12",
        "The Contact Center cluster, such as NA12 or vcc-na12.8x8.com: the name before .8x8.com \
         in an agent's browser. The region follows from it; `tail8x8 regions` with this option \
         shows which.",
        |args, text| put(&mut args.cluster, values::label(text)))
        .group("host").commands(Commands::Place).suggest(regions::deployed_clusters),
    value("host", "HOST", Section::Service,
        "the server's host name",
        "The server: HOST or HOST:PORT, optionally with wss:// in front. ws://, which has no \
         encryption, is accepted only for this machine, or with --insecure. With a final dot \
         the resolver appends no search domain to the name. Cannot be combined with --region or \
         --cluster.",
        |args, text| put(&mut args.host, host::address(text).map(|_| text.to_owned())))
        .env("PULSAR_HOST").default_words("pulsar-ws-euw2.8x8.com").secret(),
    value("port", "PORT", Section::Service,
        "the server's port",
        "The server's port.",
        |args, text| put(&mut args.port, host::port(text)))
        .default_words("443; 80 with ws://"),
    value("namespace", "NAME", Section::Service,
        "the namespace of the topic",
        "The namespace of the topic: event-v1 for the events of the whole tenant, agent-v1 for \
         those of one agent.",
        |args, text| put(&mut args.namespace, values::segment(text)))
        .default("event-v1"),
    value("topic", "NAME", Section::Service,
        "the topic",
        "The topic: all, the name of one event type in event-v1, or the id of an agent in \
         agent-v1. The service creates a topic that does not exist, and nothing ever comes from it, \
         so an unknown name is warned about.",
        |args, text| put(&mut args.topic, values::segment(text)))
        .default("all").suggest(event_types::topics),
    value("reader-name", "NAME", Section::Service,
        "a name for this reader in the service's records",
        "A name for this reader, which the service may show in its records.",
        |args, text| put(&mut args.reader_name, values::label(text)))
        .reader_only("use --consumer-name"),
    value("receiver-queue-size", "N", Section::Service,
        "messages sent ahead of acknowledgements",
        "How many messages the service sends before it waits for acknowledgements, 1 to 1000. \
         0, which 8x8's documentation allows, is rejected: the service would never deliver \
         anything.",
        |args, text| put(&mut args.receiver_queue_size, checks::queue_size(text)))
        .default("1000"),

    file("x-api-key-file", Section::Key,
        "a file with the API key; - is standard input",
        "A file that contains only the API key; - is standard input. One newline at the end is \
         ignored. The file is read again before every new connection, so a key can be replaced \
         without a restart; anything but a regular file, such as a pipe, is read once. A warning \
         is printed if other users can read it.\n\
         \n\
         If neither this option nor --x-api-key is given, the key is taken from the first of \
         these that exists: the file named by PULSAR_API_KEY_FILE, the file x-api-key in the \
         folder CREDENTIALS_DIRECTORY (systemd's LoadCredential=), PULSAR_API_KEY, the config \
         file.",
        |args, text| put(&mut args.x_api_key_file, values::path(text)))
        .env("PULSAR_API_KEY_FILE").group("key"),
    value("x-api-key", "KEY", Section::Key,
        "the API key itself; a file is safer",
        "The API key itself: one created in the Admin Console (eght_...) or a Contact Center \
         token. Every user of this machine can see it in the process list, so prefer \
         --x-api-key-file.",
        |args, text| put(&mut args.x_api_key, Ok(Secret::new(text.to_owned()))))
        .env("PULSAR_API_KEY").group("key").secret(),
    value("auth-style", "STYLE", Section::Key,
        "where the key goes: header or query",
        "Where the key goes in the request: header sends X-API-Key; query puts it into the \
         URL, where logs may keep it, for networks that remove headers.",
        |args, text| put(&mut args.auth_style, AuthStyle::named(text)))
        .choices(AuthStyle::NAMES).default("header"),

    value("message-id", "POSITION", Section::Range,
        "where to start: latest, earliest or a message id",
        "Where to start: latest (only what is published from now on), earliest (the oldest \
         message the service still holds), or a message id, as --format envelope shows it; \
         reading then starts after that message.",
        |args, text| put(&mut args.message_id, Position::parse(text)))
        .commands(Commands::Connecting).suggest(|| vec!["latest", "earliest"])
        .default_words("latest; earliest with -e, --since, --cursor-file or a past --until")
        .reader_only("the service keeps the place; --initial-position says where a new subscription starts"),
    value("since", "TIME", Section::Range,
        "only events published from this time on",
        "Only events published at this time or later: RFC 3339 with a zone, such as \
         2026-07-01T09:00:00Z, or how long ago by the service's clock, such as 2h or 7d. Starts \
         at earliest unless --message-id is given.",
        |args, text| put(&mut args.since, Moment::parse(text)))
        .reader_only("skipped events would be acknowledged and lost to all consumers: write them all with -J, and select by publishTime afterwards"),
    value("until", "TIME", Section::Range,
        "end after the events published before this time",
        "Only events published before this time, written as for --since; the run ends when all \
         of them have been read. With a time in the past, --message-id, --idle-timeout and \
         --retry have the defaults of -e. Cannot be combined with --cursor-file: the next run \
         would miss the events left out.",
        |args, text| put(&mut args.stop.until, Moment::parse(text)))
        .reader_only("skipped events would be acknowledged and lost to all consumers: use -e -J, and select by publishTime afterwards"),
    value("num-messages", "N", Section::Range,
        "end after N lines",
        "End after this many lines have been written.",
        |args, text| put(&mut args.stop.num_messages, values::number(1.., text)))
        .short('n').default_words("no limit"),
    flag("exit-at-end", Section::Range,
        "end when all existing events have been read",
        "End when everything published before the run began has been read. If events keep \
         coming, a second reader shows where the new ones begin. If none come for --idle-timeout, \
         the run reconnects, and ends only if the service answers, delivers the last event again \
         where it can, and nothing after it; otherwise it ends with exit code 69 and says how far \
         it got. Starts at earliest unless --message-id is given.",
        |args, text| put(&mut args.stop.at_end, values::boolean(text)))
        .short('e'),
    value("idle-timeout", "TIME", Section::Range,
        "end after this long without a message",
        "End with exit code 0 after this long without a message; 0 means never. With -e or \
         --until, this is how long a silence lasts before the run makes sure that it is the end.",
        |args, text| put(&mut args.stop.idle_timeout, limit(text)))
        .default_words("never; 10s with -e or a past --until"),
    value("max-time", "TIME", Section::Range,
        "end after this long in total",
        "End with exit code 0 after this long in total, or with 69 if no session was opened in \
         that time; 0 means never.",
        |args, text| put(&mut args.stop.max_time, limit(text)))
        .default_words("never"),
    flag("fail-if-empty", Section::Range,
        "exit with 10 if no line was written",
        "Exit with code 10 if the run ends without an error and without a line.",
        |args, text| put(&mut args.stop.fail_if_empty, values::boolean(text))),

    value("subscription", "NAME", Section::Subscription,
        "read as a consumer of this subscription",
        "Read through this subscription, on the service's consumer endpoint: the service \
         remembers what has been acknowledged, delivers the rest again, and shares a topic out \
         among several consumers. A subscription that does not exist is created. From then on \
         the service keeps every event until it is acknowledged, for ever if nobody reads: remove \
         a subscription that is no longer needed with --unsubscribe. See SUBSCRIPTIONS in the \
         man page.\n\
         \n\
         An event is acknowledged once its line is written to standard output or, with \
         --output, is on the disk and covered by --cursor-file, which is then required. \
         `diagnose` does not use the subscription, so as not to create it or take its messages.",
        |args, text| put(&mut args.subscription.name, checks::subscription(text)))
        .commands(Commands::Connecting),
    value("subscription-type", "TYPE", Section::Subscription,
        "exclusive, failover, shared or key_shared",
        "How the service shares the topic out: exclusive allows only one consumer; failover sends \
         everything to one, and the others stand by; shared sends each event to one of them; \
         key_shared does so too, but sends events with the same key to the same one. All consumers \
         of a subscription must use the same type.",
        |args, text| put(&mut args.subscription.kind, SubscriptionType::typed(text)))
        .choices(SubscriptionType::NAMES).default("exclusive"),
    value("initial-position", "WHERE", Section::Subscription,
        "where a new subscription begins",
        "Where to start if the subscription does not exist yet: latest or earliest. Ignored if it \
         exists: the service knows its place.",
        |args, text| put(&mut args.initial_position, InitialPosition::named(text).map(Some)))
        .choices(InitialPosition::NAMES)
        .default_words("latest; earliest with -e or --cursor-file"),
    value("consumer-name", "NAME", Section::Subscription,
        "a name for this consumer",
        "A name for this consumer in the service's statistics. With failover it also decides \
         who is active on a partitioned topic.",
        |args, text| put(&mut args.subscription.consumer_name, values::label(text))),
    value("priority-level", "N", Section::Subscription,
        "lower numbers are served first; 0 is the first",
        "With shared and failover: consumers with a lower number are served first; others only \
         when those take no more.",
        |args, text| put(&mut args.subscription.priority_level, values::number(0..=i32::MAX as u32, text)))
        .default_words("0"),
    value("ack-timeout", "TIME", Section::Subscription,
        "redeliver what is not acknowledged in time",
        "Events not acknowledged within this time, at least 1s, are delivered again, possibly to \
         another consumer. Use far more than 1s, since files are acknowledged about once a second, \
         and more than a full disk may last.",
        |args, text| put(&mut args.subscription.ack_timeout, checks::service_time(Duration::from_secs(1), text).map(Some)))
        .default_words("never, while the connection lasts"),
    value("nack-delay", "TIME", Section::Subscription,
        "how long a message sent back stays away",
        "With --on-reject nack: after this time a message that was sent back is delivered again.",
        |args, text| put(&mut args.subscription.nack_delay, checks::service_time(Duration::ZERO, text).map(Some)))
        .default_words("60s, the service's own"),
    value("max-redeliver", "N", Section::Subscription,
        "redeliveries before it is a dead letter",
        "With shared and key_shared: after this many redeliveries of a message that was sent \
         back (--on-reject nack), or was not acknowledged in time (--ack-timeout), the service \
         moves it to the dead letter topic.",
        |args, text| put(&mut args.subscription.max_redeliver, values::number(1..=i32::MAX as u32, text)))
        .default_words("no limit"),
    value("dead-letter-topic", "NAME", Section::Subscription,
        "where dead letters go",
        "The dead letter topic, with --max-redeliver: a topic of the same namespace, or \
         persistent://TENANT/NAMESPACE/TOPIC.",
        |args, text| put(&mut args.subscription.dead_letter_topic, checks::whole_topic(text).map(Some)))
        .default_words("TOPIC-SUBSCRIPTION-DLQ in the same namespace"),
    flag("at-most-once", Section::Subscription,
        "acknowledge what may not be on the disk",
        "With --sync none and --output: acknowledge events that may not be on the disk yet. A \
         power loss then loses them, because the service never sends them again.",
        |args, text| put(&mut args.at_most_once, values::boolean(text))),
    flag("unsubscribe", Section::Subscription,
        "remove the subscription and exit",
        "Remove the subscription and everything the service keeps for it, and exit. It asks \
         first, unless --yes is given. While another consumer is connected the service refuses.",
        |args, text| put(&mut args.unsubscribe, values::boolean(text))),
    flag("yes", Section::Subscription,
        "do not ask before --unsubscribe",
        "Do not ask before --unsubscribe; required where there is no terminal to ask on.",
        |args, text| put(&mut args.yes, values::boolean(text))),

    value("format", "FORMAT", Section::Output,
        "a line per event: payload or envelope",
        "What a line holds: payload is the event byte for byte as it was published, except that \
         raw line breaks become spaces; envelope is a JSON object with messageId, publishTime, \
         properties, key and so on around it, and payloadBase64 where the payload is not JSON.",
        |args, text| put(&mut args.lines.format, Format::named(text)))
        .short('f').choices(Format::NAMES).default("payload"),
    flag("envelope", Section::Output,
        "the same as --format envelope",
        "The same as --format envelope.",
        |args, text| {
            let format = |yes| if yes { Format::Envelope } else { Format::Payload };
            put(&mut args.lines.format, values::boolean(text).map(format))
        })
        .short('J').group("format"),
    value("event", "NAME[,NAME]", Section::Output,
        "only these event types; may be repeated",
        "Only events of these types, such as InteractionCreated or AgentStatusChange: the \
         member event inside Interaction and the like, the name of the top-level member, or \
         eventType. May be repeated; the lists add up. Names match exactly, including case; one \
         that is not in EVENT TYPES in the man page is warned about. Other events are \
         acknowledged, counted and left out; a run that wrote nothing says of which types they \
         were.",
        |args, text| {
            args.lines.events.extend(values::list(text)?);
            Ok(())
        })
        .repeated().default_words("all").suggest(event_types::names),
    value("on-reject", "ACTION", Section::Output,
        "if a message cannot be decoded: warn, stop, nack",
        "What to do with a message that cannot be decoded: warn prints a warning with its id, \
         acknowledges it and continues; stop ends with exit code 65 and leaves it \
         unacknowledged; nack, with --subscription, sends it back to the service, which delivers \
         it again (--nack-delay) or makes it a dead letter (--max-redeliver). With --format \
         payload this includes payloads that are not JSON.",
        |args, text| put(&mut args.lines.on_reject, OnReject::named(text)))
        .choices(OnReject::NAMES).default("warn"),

    file("output", Section::Capture,
        "append to this file instead of standard output",
        "Append the lines to this file instead of standard output; - is standard output. %Y, \
         %m, %d, %H, %M and %S in the last part of the name stand for the time in UTC, and a \
         new file is started when the name changes. After SIGHUP the file is reopened, as \
         logrotate expects. A second run with the same file exits with 75.",
        |args, text| put(&mut args.capture.output, FileName::parse(text)))
        .short('o').default_words("standard output"),
    file("cursor-file", Section::Capture,
        "continue from the position kept in this file",
        "Continue after the last event that was written, whose position this file keeps: even \
         after kill -9, and even after a power loss unless --sync none is given, with each event \
         exactly once in the files of --output. The first run creates it and starts at earliest \
         unless --message-id or --since says otherwise; once it holds a position, it takes \
         precedence over both. It belongs to one host, tenant, namespace and topic.",
        |args, text| put(&mut args.capture.cursor, values::path(text))),
    value("sync", "WHEN", Section::Capture,
        "when it must be on disk: none, cursor, message",
        "When written lines must have reached the disk: cursor is before each save of the \
         cursor, about once a second; message is after each event, which is slow; none leaves \
         it to the system: a power loss can then lose events that the cursor counts as written, \
         or the cursor itself.",
        |args, text| put(&mut args.capture.durability, Durability::named(text)))
        .choices(Durability::NAMES).default("cursor"),
    file("rejects", Section::Capture,
        "a file for messages that cannot be decoded",
        "Append messages that cannot be decoded to this file: one JSON object per line, with \
         reason, messageId and the frame as it came. It is created when the first one arrives.",
        |args, text| put(&mut args.capture.rejects, values::path(text)))
        .default_words("beside --output, with .rejects; none on standard output"),
    value("file-mode", "MODE", Section::Capture,
        "the permissions of new files, in octal",
        "The permissions of new output and rejects files, in octal, such as 0640.",
        |args, text| put(&mut args.capture.mode, checks::file_mode(text)))
        .default("0600"),
    value("rotate-size", "SIZE", Section::Capture,
        "start a new file before this size is exceeded",
        "Start a new file before this size, at least 1k, is exceeded; only a single longer line \
         exceeds it. The open file is FILE.part; finished ones appear complete, named after the \
         time they were finished: events.ndjson becomes events.20261002T090000.ndjson, with -1, \
         -2 and so on if that name is taken. No file is ever overwritten.",
        |args, text| put(&mut args.capture.rotation.size, checks::rotate_size(text)))
        .default_words("never"),
    value("rotate-interval", "TIME", Section::Capture,
        "start a new file on multiples of this, in UTC",
        "Start a new file whenever the UTC clock passes a multiple of this time, even without \
         traffic: 1h means every full hour. It must divide a day evenly, or be whole days. Files \
         are named as for --rotate-size; an empty one is not finished.",
        |args, text| put(&mut args.capture.rotation.interval, checks::rotate_interval(text)))
        .default_words("never"),
    value("rotate-keep", "N", Section::Capture,
        "number of finished files to keep",
        "The number of finished files of this name to keep, also compressed ones (.gz, .zst, .xz, \
         .bz2); the oldest by the time in their names are deleted.",
        |args, text| put(&mut args.capture.rotation.keep, checks::rotate_keep(text)))
        .default_words("all"),
    value("lock-wait", "TIME", Section::Capture,
        "how long to wait for another run to end",
        "How long to wait for another run with the same output or cursor to end, before exiting \
         with 75. The locks are FILE.tail8x8.lock \
         beside both, and remain there; the file itself is locked, too, so that no other name of it \
         lets a second run in.",
        |args, text| put(&mut args.capture.lock_wait, values::duration(text)))
        .default("0"),
    file("metrics-file", Section::Capture,
        "counters for Prometheus, as a text file",
        "Keep the counters of the run in this file, in the text format of Prometheus, for a \
         node exporter's textfile folder: rewritten as a whole at most every 15 seconds and at \
         the end.",
        |args, text| put(&mut args.capture.metrics, values::path(text))),

    value("connect-timeout", "TIME", Section::Limits,
        "the limit for one attempt to connect",
        "The limit for one attempt to connect, from the name lookup to the service's answer. \
         While its broker is down the service takes 30 seconds to nearly a minute to say so, so \
         less than the default can hide the reason; slow networks need more.",
        |args, text| put(&mut args.limits.connect_timeout, values::duration_from(Duration::from_millis(1), text)))
        .default("60s"),
    value("max-message-size", "SIZE", Section::Limits,
        "the largest message accepted, 1k to 1G",
        "The largest message accepted, from 1k to 1G; k, M and G are powers of 1024. A larger \
         one ends the run with exit code 76, since it would be sent again forever.",
        |args, text| put(&mut args.limits.max_message_size, checks::message_size(text)))
        .default("8M"),
    value("ping-interval", "TIME", Section::Limits,
        "send a ping after this long without a message",
        "Send a ping after this long without a message from the service. The service closes a \
         session that is idle for 5 minutes, and a proxy or load balancer in front of it may do \
         so after one.",
        |args, text| put(&mut args.limits.ping_interval, values::duration_from(SHORTEST_PING, text)))
        .default("30s"),
    value("ping-timeout", "TIME", Section::Limits,
        "how long the answer to a ping may take",
        "How long the answer to a ping may take before the connection counts as dead and is \
         reopened. A message is an answer, too, even one that is still arriving, as long as it \
         comes at 1 KiB a second. The connection also counts as dead when the service takes \
         nothing of what is sent to it for the interval and this time together.",
        |args, text| put(&mut args.limits.ping_timeout, values::duration_from(SHORTEST_PING, text)))
        .default("10s"),
    value("max-silence", "TIME", Section::Limits,
        "reconnect after this long without a message",
        "Reconnect, and continue after the last message, after this long without a message; 0 \
         means never. Pings are answered even when the part of the service that holds the events \
         is down; only a new connection proves that events can flow.",
        |args, text| put(&mut args.limits.max_silence, checks::max_silence(text)))
        .default_words("never"),

    value("retry", "N", Section::Retry,
        "retries after a failed connection, or unlimited",
        "How many times in a row a failed connection is retried: a number, or unlimited. The \
         count restarts when an event has been written, and when a session has lasted for longer \
         than --retry-max-delay. Errors that need someone to fix them \
         (401, 403, a bad certificate, an unknown host) are not retried before the first session \
         is open; after that they are, for at least 5 minutes.",
        |args, text| put(&mut args.retry.limit, checks::retry(text)))
        .default_words("unlimited; 3 with -e or a past --until"),
    value("retry-delay", "TIME", Section::Retry,
        "the wait before the first retry",
        "The wait before the first retry. It doubles with each one, and is shortened at random, \
         so that many clients do not reconnect at once. A Retry-After from the service is \
         honoured.",
        |args, text| put(&mut args.retry.delay, values::duration(text)))
        .default("1s"),
    value("retry-max-delay", "TIME", Section::Retry,
        "the longest wait between retries",
        "The longest wait between two retries.",
        |args, text| put(&mut args.retry.max_delay, values::duration(text)))
        .default("60s"),
    flag("retry-all-errors", Section::Retry,
        "also retry errors that need someone to fix them",
        "Also retry errors that need someone to fix them, as often as --retry says.",
        |args, text| put(&mut args.retry.all_errors, values::boolean(text))),

    value("proxy", "URL", Section::Network,
        "an HTTP proxy: http://[USER:PASSWORD@]HOST:PORT",
        "An HTTP proxy that is asked to CONNECT: [http://][USER:PASSWORD@]HOST:PORT. Special \
         characters in user and password are percent-encoded; the login is sent as Basic. \
         An empty value means no proxy.\n\
         \n\
         Without this option, the first of these variables that is not empty is used: \
         https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY.",
        |args, text| put(&mut args.proxy, proxy::url(text).map(|_| Secret::new(text.to_owned()))))
        .default_words("from the environment").secret(),
    value("noproxy", "LIST", Section::Network,
        "hosts to reach without a proxy",
        "Hosts to reach without a proxy, however it was given: a comma-separated list of host \
         names, domains (8x8.com, .8x8.com and *.8x8.com all mean the domain and all below it), \
         IP addresses and networks (10.0.0.0/8), each optionally with a :PORT; * is every host.",
        |args, text| put(&mut args.noproxy, Ok(text.to_owned())))
        .default_words("no_proxy or NO_PROXY from the environment"),
    file("ca-file", Section::Network,
        "certificates to trust besides the system's",
        "A file of root certificates, PEM or DER, to trust besides those of the system, such as \
         the root of a company proxy that inspects TLS.",
        |args, text| put(&mut args.ca_file, values::path(text))),
    flag("insecure", Section::Network,
        "do not verify the server; never in production",
        "Do not verify the server's certificate, and allow ws:// to other machines. Anyone \
         between you and the service can then read the API key. Each run prints a warning.",
        |args, text| put(&mut args.insecure, values::boolean(text))),
    flag("ipv4", Section::Network,
        "use IPv4 addresses only",
        "Use only IPv4 addresses of a name.",
        |args, text| put(&mut args.ipv4, values::boolean(text)))
        .short('4').group("family"),
    flag("ipv6", Section::Network,
        "use IPv6 addresses only",
        "Use only IPv6 addresses of a name.",
        |args, text| put(&mut args.ipv6, values::boolean(text)))
        .short('6').group("family"),
    value("resolve", "HOST:PORT:ADDR", Section::Network,
        "use this address for a name; may be repeated",
        "Use this address, or several separated by commas, for this host and port, without a \
         lookup; an IPv6 address may be in brackets. May be repeated.",
        |args, text| {
            args.resolve.push(host::resolve(text)?);
            Ok(())
        })
        .repeated(),

    value("listen", "TIME", Section::Diagnose,
        "how long to wait for a first event",
        "How long `diagnose` waits for a first event. It stops waiting when one arrives; if none \
         does, it checks whether the service holds older ones.",
        |args, text| put(&mut args.listen, values::duration_from(Duration::from_millis(1), text)))
        .default("30s"),
    flag("all-regions", Section::Diagnose,
        "look for events in every region",
        "Try the same key and tenant in every region, one after the other: in the wrong one \
         the connection succeeds but no events arrive. The key is sent to each of them.",
        |args, text| put(&mut args.all_regions, values::boolean(text))),
    flag("strict", Section::Diagnose,
        "exit with 10 if there is a warning",
        "Exit with 10 if the worst check is a warning; without it a warning exits with 0.",
        |args, text| put(&mut args.strict, values::boolean(text))),
    flag("json", Section::Diagnose,
        "one JSON document instead of text",
        "Print one JSON document and nothing else, even when everything fails.",
        |args, text| put(&mut args.json, values::boolean(text)))
        .commands(Commands::Findings),
    file("report", Section::Diagnose,
        "write what 8x8 support asks for to a file",
        "Write what 8x8 support asks for to a file: version, system, parameters without the \
         key, environment and every check. It is created for you alone (mode 0600), and never \
         overwrites another.",
        |args, text| put(&mut args.report, values::path(text))),

    file("config", Section::General,
        "read options from a file",
        "Read options from a file, one `name = value` per line: the name as on the command line \
         without its dashes, a flag as `name = true`; empty lines and lines that start with # \
         are skipped. The command line and the environment take precedence over the file.",
        |args, text| put(&mut args.config, values::path(text)))
        .short('K'),
    flag("quiet", Section::General,
        "print only errors",
        "Print only errors, no notices and no warnings, except that of --insecure. Of -q and -v \
         the last one wins.",
        |args, text| {
            args.talk.quiet = values::boolean(text)?;
            args.talk.verbose = 0;
            Ok(())
        })
        .short('q').group("talk"),
    flag("verbose", Section::General,
        "print each step; -vv each frame",
        "Print each step of the connection; twice (-vv): each frame too, never the key. In a \
         config file also a number.",
        |args, text| {
            args.talk.verbose = checks::verbosity(args.talk.verbose, text)?;
            args.talk.quiet = false;
            Ok(())
        })
        .short('v').group("talk").repeated(),
    value("log-format", "FORMAT", Section::General,
        "messages as text or json",
        "How messages are written to standard error: text, or json with one object per line.",
        |args, text| put(&mut args.talk.log_format, LogFormat::named(text)))
        .choices(LogFormat::NAMES).default("text"),
    value("color", "WHEN", Section::General,
        "auto, always or never",
        "Whether messages are coloured; auto means on a terminal, unless NO_COLOR is set.",
        |args, text| put(&mut args.talk.color, Color::named(text)))
        .choices(Color::NAMES).default("auto"),
    value("generate", "WHAT", Section::General,
        "print the man page or completions and exit",
        "Print the man page or the completions of a shell, and exit.",
        |_, text| Document::named(text).map(|_| ()))
        .choices(Document::NAMES),
    flag("help", Section::General,
        "print this help; --help prints a longer one",
        "Print a short help (-h) or a long one (--help), and exit.",
        |_, _| Ok(()))
        .short('h'),
    flag("version", Section::General,
        "print the version",
        "Print the version and exit.",
        |_, _| Ok(()))
        .short('V'),
];

const SHORTEST_PING: Duration = Duration::from_millis(100);

/// Stores a value, or says what is wrong with it.
fn put<T, V: Into<T>>(field: &mut T, value: Result<V, String>) -> Result<(), String> {
    *field = value?.into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::args::opt::Fallback;

    #[test]
    fn names_and_letters_are_used_once() {
        for (at, opt) in OPTIONS.iter().enumerate() {
            for other in &OPTIONS[..at] {
                assert_ne!(opt.long, other.long);
                assert!(opt.short.is_none() || opt.short != other.short, "{}", opt.long);
                assert!(opt.env.is_none() || opt.env != other.env, "{}", opt.long);
            }
            assert!(
                opt.long.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }

    #[test]
    fn every_option_has_its_texts_in_one_style() {
        for Opt { long, short_text, long_text, section, .. } in OPTIONS {
            assert!(Section::ALL.contains(section), "{long}");
            assert!((4..=50).contains(&short_text.len()), "{long}: {}", short_text.len());
            assert!(
                !short_text.ends_with('.') && !short_text.starts_with(char::is_uppercase),
                "{long}"
            );
            assert!(long_text.ends_with('.') && !long_text.contains("  "), "{long}");
            for name in long_text.split("--").skip(1) {
                let end =
                    name.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(name.len());
                assert!(by_long(&name[..end]).is_some(), "{long} speaks of --{}", &name[..end]);
            }
        }
    }

    #[test]
    fn choices_and_defaults_are_values_the_option_takes() {
        for opt in OPTIONS {
            let default = match opt.default {
                Fallback::Value(value) => Some(value),
                _ => None,
            };
            for value in opt.choices.iter().copied().chain(default) {
                assert_eq!(
                    opt.set.apply(&mut Args::default(), value.as_ref()),
                    Ok(()),
                    "--{} {value}",
                    opt.long
                );
            }
            if !opt.choices.is_empty() || opt.metavar.is_none() {
                let takes_anything =
                    opt.set.apply(&mut Args::default(), "no such choice".as_ref()).is_ok();
                assert_eq!(
                    takes_anything,
                    matches!(opt.long, "help" | "version"),
                    "--{}",
                    opt.long
                );
            }
        }
    }

    #[test]
    fn the_default_that_the_documents_name_is_the_one_that_holds() {
        for opt in OPTIONS {
            if let Fallback::Value(text) = opt.default {
                let mut args = Args::default();
                opt.set.apply(&mut args, text.as_ref()).expect(opt.long);
                assert_eq!(format!("{args:?}"), format!("{:?}", Args::default()), "{}", opt.long);
            }
        }
    }
}
