//! The options: one table, from which the parser, `-h`, `--help`, the man page and the
//! completions are made. To add an option, add a row here and its field to [`Args`](super::Args).
//!
//! A row only says what a value must look like; what options mean together is
//! [`crate::settings`]'s business.

use std::time::Duration;

use crate::args::opt::{Commands, Opt, Section, flag, value};
use crate::message::Position;
use crate::message::{Format, OnReject};
use crate::secret::Secret;
use crate::values::choice::{AuthStyle, Color, Durability, LogFormat};
use crate::values::file_name::FileName;
use crate::values::{self, host, proxy};

/// The option called so, without dashes.
pub(crate) fn by_long(name: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.long == name)
}

/// The option of this letter or digit.
pub(crate) fn by_short(short: char) -> Option<&'static Opt> {
    OPTIONS.iter().find(|opt| opt.short == Some(short))
}

/// Every option, in the order of the documents.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[Opt] = &[
    value("tenant", "TENANT", Section::Service,
        "whose events to read; required",
        "The tenant whose events are read: your organisation's name at 8x8, as it was given \
         to you with the API key. Required.",
        |args, text| put(&mut args.tenant, values::segment(text)))
        .env("PULSAR_TENANT"),
    value("region", "REGION", Section::Service,
        "the region of the Contact Center: UK3, US1, US2",
        "The region of the Contact Center, by its name (UK3, US1, US2) or by its code (euw2, \
         use1, usw2). `tail8x8 regions` lists them. In the wrong region everything works and \
         no event ever comes.",
        |args, text| put(&mut args.region, values::label(text)))
        .group("host").commands(Commands::Place),
    value("cluster", "CLUSTER", Section::Service,
        "the Contact Center cluster, such as NA12",
        "The Contact Center cluster, such as NA12 or vcc-na12.8x8.com: what stands before \
         .8x8.com in the browser of an agent. It finds the region; `tail8x8 regions` with it \
         shows which.",
        |args, text| put(&mut args.cluster, values::label(text)))
        .group("host").commands(Commands::Place),
    value("host", "HOST", Section::Service,
        "the server, by its name",
        "The server by name: HOST or HOST:PORT, also with wss:// before it. ws://, which has \
         no encryption, is only taken for this machine itself, or with --insecure. Not \
         together with --region or --cluster.",
        |args, text| put(&mut args.host, host::address(text).map(|_| text.to_owned())))
        .env("PULSAR_HOST").default_words("pulsar-ws-euw2.8x8.com").secret(),
    value("port", "PORT", Section::Service,
        "its port",
        "The server's port.",
        |args, text| put(&mut args.port, host::port(text)))
        .default_words("443; 80 with ws://"),
    value("namespace", "NAME", Section::Service,
        "the namespace of the topic",
        "The namespace of the topic: event-v1 for the events of the whole tenant, agent-v1 \
         for those of one agent.",
        |args, text| put(&mut args.namespace, values::segment(text)))
        .default("event-v1"),
    value("topic", "NAME", Section::Service,
        "the topic",
        "The topic: all, the name of one event type in event-v1, or the id of an agent in \
         agent-v1.",
        |args, text| put(&mut args.topic, values::segment(text)))
        .default("all"),
    value("reader-name", "NAME", Section::Service,
        "a name for this reader, in the service's records",
        "A name for this reader, which the service may show in its records.",
        |args, text| put(&mut args.reader_name, values::label(text))),
    value("receiver-queue-size", "N", Section::Service,
        "how many messages come ahead of their acks",
        "How many messages the service sends before it waits for acknowledgements, 1 to 1000. \
         0, which 8x8's documentation allows, is refused: the service never delivers anything \
         then.",
        |args, text| put(&mut args.receiver_queue_size, queue_size(text)))
        .default("1000"),

    value("x-api-key-file", "FILE", Section::Key,
        "a file with the API key; - is standard input",
        "A file that holds the API key and nothing else; - is standard input. One newline at \
         the end is left out. The file is read again before every new connection, so a key \
         can be replaced without a restart; what is no regular file, such as a pipe, is read \
         once. A warning is given if others than its owner can read it.\n\
         \n\
         Where neither this option nor --x-api-key is given, the key is taken from the first \
         of these: the file that PULSAR_API_KEY_FILE names, the file x-api-key in the folder \
         CREDENTIALS_DIRECTORY (systemd's LoadCredential=), PULSAR_API_KEY, the config file.",
        |args, text| put(&mut args.x_api_key_file, values::label(text)))
        .env("PULSAR_API_KEY_FILE").group("key"),
    value("x-api-key", "KEY", Section::Key,
        "the API key itself; better use a file",
        "The API key itself: one made in the Admin Console (eght_...) or a Contact Center \
         token. Every user of this machine can see it in the list of processes, so prefer \
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
         the service still holds), or a message id, as --format envelope shows it; reading \
         then starts with what follows that message.",
        |args, text| put(&mut args.message_id, Position::parse(text)))
        .commands(Commands::Way)
        .default_words("latest; earliest with -e, --since, --cursor-file or a past --until"),
    value("since", "TIME", Section::Range,
        "only what was published from this time on",
        "Only what was published from this time on: RFC 3339 with a zone, such as \
         2026-07-01T09:00:00Z, or how long ago, such as 2h or 7d. Starts at earliest unless \
         --message-id is given.",
        |args, text| put(&mut args.since, values::time(text))),
    value("until", "TIME", Section::Range,
        "end after what was published before this time",
        "Only what was published before this time, written as for --since; the run ends when \
         all of it has been read. With a time in the past, --message-id, --idle-timeout and \
         --retry have the defaults of -e. Not together with --cursor-file, which would pass \
         over what is left out.",
        |args, text| put(&mut args.until, values::time(text))),
    value("num-messages", "N", Section::Range,
        "end after N lines",
        "End after this many lines have been written.",
        |args, text| put(&mut args.num_messages, values::number(1, u64::MAX, text)))
        .short('n').default_words("no limit"),
    flag("exit-at-end", Section::Range,
        "end when all that is there has been read",
        "End when everything that was published before the run began has been read. Starts \
         at earliest unless --message-id is given.",
        |args, text| put(&mut args.exit_at_end, values::boolean(text)))
        .short('e'),
    value("idle-timeout", "TIME", Section::Range,
        "end after so long without a message",
        "End with exit code 0 after so long without a message; 0 is never.",
        |args, text| put(&mut args.idle_timeout, values::duration(text)))
        .default_words("never; 10s with -e or a past --until"),
    value("max-time", "TIME", Section::Range,
        "end after so long in all",
        "End with exit code 0 after so long in all, or with 69 if no session was open in that \
         time; 0 is never.",
        |args, text| put(&mut args.max_time, values::duration(text)))
        .default_words("never"),
    flag("fail-if-empty", Section::Range,
        "exit 10 if no line was written",
        "Exit with code 10 if the run ends without an error and without a line.",
        |args, text| put(&mut args.fail_if_empty, values::boolean(text))),

    value("format", "FORMAT", Section::Output,
        "a line per event: payload or envelope",
        "What a line holds: payload is the event as it was published, byte for byte save raw \
         line breaks between its tokens; envelope is a JSON object with messageId, \
         publishTime, properties, key and the like around it, and payloadBase64 where the \
         payload is not JSON.",
        |args, text| put(&mut args.format, Format::named(text)))
        .short('f').choices(Format::NAMES).default("payload"),
    flag("envelope", Section::Output,
        "the same as --format envelope",
        "The same as --format envelope.",
        |args, text| {
            let format = |yes| if yes { Format::Envelope } else { Format::Payload };
            put(&mut args.format, values::boolean(text).map(format))
        })
        .short('J').group("format"),
    value("event", "NAME[,NAME]", Section::Output,
        "only these event types; may be repeated",
        "Only events of these types, such as InteractionCreated or AgentStatusChange: the \
         member event inside Interaction and the like, the name of the top-level member, or \
         eventType. May be repeated, and the lists add up. Other events are acknowledged, \
         counted and left out.",
        |args, text| {
            args.event.extend(values::list(text)?);
            Ok(())
        })
        .default_words("all"),
    value("on-reject", "ACTION", Section::Output,
        "a message that cannot be decoded: warn or stop",
        "What happens to a message that cannot be decoded: warn says so with its id, \
         acknowledges it and goes on; stop ends with exit code 65 and leaves it \
         unacknowledged. With --format payload a payload that is not JSON is one.",
        |args, text| put(&mut args.on_reject, OnReject::named(text)))
        .choices(OnReject::NAMES).default("warn"),

    value("output", "FILE", Section::Capture,
        "append to this file instead of standard output",
        "Append the lines to this file instead of standard output; - is standard output. %Y, \
         %m, %d, %H, %M and %S in the last part of the name stand for the time in UTC, and a \
         new file begins when the name changes. After SIGHUP the file is opened anew, as logrotate wants it. \
         Another run that is given the same file exits 75.",
        |args, text| put(&mut args.output, FileName::parse(text)))
        .short('o').default_words("standard output"),
    value("cursor-file", "FILE", Section::Capture,
        "go on after what this file remembers",
        "Go on after the last event that was written, which this file remembers: also over \
         kill -9, and over a power loss unless --sync none is given, with each event exactly \
         once in the files of --output. Made by the first run, which starts at earliest unless \
         --message-id or --since says otherwise; once it has a position it goes before both. \
         It belongs to one host, tenant, namespace and topic.",
        |args, text| put(&mut args.cursor_file, values::label(text))),
    value("sync", "WHEN", Section::Capture,
        "when it must be on disk: none, cursor, message",
        "When what was written must have reached the disk: cursor is before each save of the \
         cursor, about once a second; message is after each event, which is slow; none leaves \
         it to the system: a power loss can then take events that the cursor calls written, \
         which are lost, or the cursor itself.",
        |args, text| put(&mut args.sync, Durability::named(text)))
        .choices(Durability::NAMES).default("cursor"),
    value("rejects", "FILE", Section::Capture,
        "a file for messages that cannot be decoded",
        "Append messages that cannot be decoded to this file: a JSON object a line, with \
         reason, messageId and the frame as it came. It is made when the first one comes.",
        |args, text| put(&mut args.rejects, values::label(text)))
        .default_words("beside --output, with .rejects; none on standard output"),
    value("file-mode", "MODE", Section::Capture,
        "the permissions of new files, in octal",
        "The permissions of new output and rejects files, in octal, such as 0640.",
        |args, text| put(&mut args.file_mode, file_mode(text)))
        .default("0600"),
    value("rotate-size", "SIZE", Section::Capture,
        "begin a new file before this size is passed",
        "Begin a new file before this size is passed, from 1k on; only a single longer line \
         passes it. The open file is FILE.part; finished ones appear whole, under the time they \
         were finished: events.ndjson becomes events.20261002T090000.ndjson, with -1, -2 and so \
         on where that is taken. No file is ever overwritten.",
        |args, text| put(&mut args.rotate_size, rotate_size(text)))
        .default_words("never"),
    value("rotate-interval", "TIME", Section::Capture,
        "begin a new file at such times of the UTC clock",
        "Begin a new file whenever the UTC clock passes a multiple of this time, also without \
         traffic: 1h is at each full hour. It must divide a day, or be whole days. Files as for \
         --rotate-size; an empty one is not finished.",
        |args, text| put(&mut args.rotate_interval, rotate_interval(text)))
        .default_words("never"),
    value("rotate-keep", "N", Section::Capture,
        "keep only so many finished files",
        "Delete the oldest finished files of this name, so that so many are left.",
        |args, text| put(&mut args.rotate_keep, values::number(1, 1_000_000, text)))
        .default_words("all"),
    value("lock-wait", "TIME", Section::Capture,
        "wait so long for another run to end",
        "How long to wait for another run that has the same output or cursor to end, before \
         exiting with 75. The locks are FILE.lock beside both, and stay there.",
        |args, text| put(&mut args.lock_wait, values::duration(text)))
        .default("0"),
    value("metrics-file", "FILE", Section::Capture,
        "counters for Prometheus, as a text file",
        "Keep the counters of the run in this file, in the text format of Prometheus, for a \
         node exporter's textfile folder: rewritten as a whole at most every 15 seconds and at \
         the end.",
        |args, text| put(&mut args.metrics_file, values::label(text))),

    value("connect-timeout", "TIME", Section::Link,
        "the limit for a connection to be made",
        "The limit for one attempt to connect, from the name lookup to the service's answer. \
         With its broker down the service takes 30 seconds or nearly a minute to say so, so \
         less than the default can hide the reason; slow networks want more.",
        |args, text| put(&mut args.connect_timeout, values::duration_from(Duration::from_millis(1), text)))
        .default("60s"),
    value("max-message-size", "SIZE", Section::Link,
        "the largest message that is taken, 1k to 1G",
        "The largest message that is taken, from 1k to 1G; k, M and G are powers of 1024. A \
         larger one ends the run with exit code 76, since it would come again for ever.",
        |args, text| put(&mut args.max_message_size, message_size(text)))
        .default("8M"),
    value("ping-interval", "TIME", Section::Link,
        "ping after so long without a byte",
        "A ping is sent after so long without a byte from the service. The service closes a \
         session that is idle for 5 minutes, and what stands in front of it may do so after \
         one.",
        |args, text| put(&mut args.ping_interval, values::duration_from(SHORTEST_PING, text)))
        .default("30s"),
    value("ping-timeout", "TIME", Section::Link,
        "the connection is dead if a ping finds no answer",
        "How long the answer to a ping may take before the connection counts as dead and is \
         opened anew. Any byte received is an answer.",
        |args, text| put(&mut args.ping_timeout, values::duration_from(SHORTEST_PING, text)))
        .default("10s"),
    value("max-silence", "TIME", Section::Link,
        "connect anew after so long without a message",
        "Connect anew, from the last message on, after so long without a message; 0 is never. \
         Pings are answered even when the part of the service that holds the events is down; \
         only a new connection proves that events can flow.",
        |args, text| put(&mut args.max_silence, max_silence(text)))
        .default_words("never"),

    value("retry", "N", Section::Retry,
        "tries after a failed connection; also: unlimited",
        "How many times in a row a failed connection is tried again: a number, or unlimited. \
         The count starts anew when an event has been written. What only a person can mend \
         (401, 403, a bad certificate, an unknown host) is not tried again before a first \
         session was open, and afterwards for at least 5 minutes.",
        |args, text| put(&mut args.retry, retry(text)))
        .default_words("unlimited; 3 with -e or a past --until"),
    value("retry-delay", "TIME", Section::Retry,
        "the wait before the first retry",
        "The wait before the first retry. It doubles with each one, and a random part of it \
         is left out, so that many clients do not come back at once. A Retry-After of the \
         service is honoured.",
        |args, text| put(&mut args.retry_delay, values::duration(text)))
        .default("1s"),
    value("retry-max-delay", "TIME", Section::Retry,
        "the longest wait between retries",
        "The longest wait between two tries.",
        |args, text| put(&mut args.retry_max_delay, values::duration(text)))
        .default("60s"),
    flag("retry-all-errors", Section::Retry,
        "retry also what only a person can mend",
        "Try again also after failures that only a person can mend, as often as --retry says.",
        |args, text| put(&mut args.retry_all_errors, values::boolean(text))),

    value("proxy", "URL", Section::Network,
        "an HTTP proxy: http://[USER:PASSWORD@]HOST:PORT",
        "An HTTP proxy that is asked to CONNECT: [http://][USER:PASSWORD@]HOST:PORT. Special \
         characters in user and password are percent-encoded; the login is sent as Basic. \
         An empty value is no proxy.\n\
         \n\
         Where this option is not given, the first of these variables is used that is not \
         empty: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY.",
        |args, text| put(&mut args.proxy, proxy::url(text).map(|_| Secret::new(text.to_owned()))))
        .default_words("from the environment").secret(),
    value("noproxy", "LIST", Section::Network,
        "hosts that are reached without a proxy",
        "Hosts that are reached without a proxy, however it was given: a list with commas of \
         host names, domains (8x8.com, .8x8.com and *.8x8.com all mean the domain and all \
         below it), IP addresses and networks (10.0.0.0/8), each also with a :PORT; * is \
         every host.",
        |args, text| put(&mut args.noproxy, Ok(text.to_owned())))
        .default_words("no_proxy or NO_PROXY from the environment"),
    value("ca-file", "FILE", Section::Network,
        "certificates to trust besides the system's",
        "A file of root certificates, PEM or DER, that are trusted besides those of the \
         system: where a company proxy inspects TLS, its root.",
        |args, text| put(&mut args.ca_file, values::label(text))),
    flag("insecure", Section::Network,
        "do not verify the server; never in production",
        "Do not verify the server's certificate, and allow ws:// to other machines. Whoever \
         is between you and the service then reads the API key. Each run warns.",
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
        "Use this address, or these with commas between them, for this host and port, \
         without a lookup; an IPv6 address may stand in brackets. May be repeated.",
        |args, text| {
            args.resolve.push(host::resolve(text)?);
            Ok(())
        }),

    value("listen", "TIME", Section::Diagnose,
        "how long to wait for a first event",
        "How long `diagnose` waits for a first event. It ends early when one arrives; when none \
         does, it looks whether the service holds older ones.",
        |args, text| put(&mut args.listen, values::duration_from(Duration::from_millis(1), text)))
        .default("30s"),
    flag("all-regions", Section::Diagnose,
        "look for events in every region",
        "Try the same key and tenant in every region, one after the other: in the wrong one \
         everything works and no event ever comes. The key is sent to each of them.",
        |args, text| put(&mut args.all_regions, values::boolean(text))),
    flag("strict", Section::Diagnose,
        "exit 10 when there is a warning",
        "Exit 10 when the worst check is a warning; without it a warning exits 0.",
        |args, text| put(&mut args.strict, values::boolean(text))),
    flag("json", Section::Diagnose,
        "one JSON document instead of text",
        "Print one JSON document, and nothing else, also when everything fails.",
        |args, text| put(&mut args.json, values::boolean(text)))
        .commands(Commands::Findings),
    value("report", "FILE", Section::Diagnose,
        "write what 8x8 support asks for to a file",
        "Write what 8x8 support asks for to a file: version, system, parameters without the \
         key, environment and every check. It is created for you alone (mode 0600), and never \
         overwrites another.",
        |args, text| put(&mut args.report, values::label(text))),

    value("config", "FILE", Section::General,
        "read options from a file",
        "Read options from a file: one `name = value` a line, the name as on the command line \
         without its dashes, a flag as `name = true`; empty lines and lines that begin with # \
         are skipped. The command line and the environment go before the file.",
        |args, text| put(&mut args.config, values::label(text)))
        .short('K'),
    flag("quiet", Section::General,
        "only errors are told",
        "Only errors are told, no notices and no warnings, save that of --insecure. Of -q and -v the last one counts.",
        |args, text| {
            args.quiet = Some(values::boolean(text)?);
            args.verbose = None;
            Ok(())
        })
        .short('q').group("talk"),
    flag("verbose", Section::General,
        "tell each step; -vv each frame",
        "Tell each step of the connection; twice (-vv): each frame too, never the key. In a \
         config file also as a number.",
        |args, text| {
            args.verbose = Some(match text {
                "true" => (args.verbose.unwrap_or(0) + 1).min(2),
                "false" | "0" => 0,
                "1" => 1,
                "2" => 2,
                _ => return Err("is neither true nor false nor 0 to 2".to_owned()),
            });
            args.quiet = None;
            Ok(())
        })
        .short('v').group("talk"),
    value("log-format", "FORMAT", Section::General,
        "messages as text or json",
        "How messages are written to standard error: text, or json with one object a line.",
        |args, text| put(&mut args.log_format, LogFormat::named(text)))
        .choices(LogFormat::NAMES).default("text"),
    value("color", "WHEN", Section::General,
        "auto, always or never",
        "Whether messages are coloured; auto is on a terminal and where NO_COLOR is not set.",
        |args, text| put(&mut args.color, Color::named(text)))
        .choices(Color::NAMES).default("auto"),
    value("generate", "WHAT", Section::General,
        "print the man page or completions and exit",
        "Print the man page or the completions of a shell, and exit.",
        |_, text| super::Document::named(text).map(|_| ()))
        .choices(super::Document::NAMES),
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

fn put<T>(field: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *field = Some(value?);
    Ok(())
}

fn queue_size(text: &str) -> Result<u16, String> {
    if text == "0" {
        return Err("is refused: with 0 the service never delivers anything; 1 to 1000 are \
                    allowed"
            .to_owned());
    }
    values::number(1, 1000, text).map(|n| u16::try_from(n).expect("1000 is less than u16 holds"))
}

fn message_size(text: &str) -> Result<usize, String> {
    let size = values::size(text)?;
    match usize::try_from(size) {
        Ok(size) if (1 << 10..=1 << 30).contains(&size) => Ok(size),
        _ => Err("is outside of 1k to 1G".to_owned()),
    }
}

/// Smaller files are a mistake in the unit.
fn rotate_size(text: &str) -> Result<u64, String> {
    values::size(text)
        .and_then(|size| if size >= 1 << 10 { Ok(size) } else { Err("is less than 1k".to_owned()) })
}

/// What the UTC clock has a round time for in each day.
fn rotate_interval(text: &str) -> Result<Duration, String> {
    let interval = values::duration_from(Duration::from_secs(1), text)?;
    let (day, millis) = (86_400_000, interval.as_millis());
    if day % millis == 0 || millis % day == 0 {
        return Ok(interval);
    }
    Err("does not divide a day, such as 15m or 6h do, and is not whole days".to_owned())
}

/// Permissions alone, and those that let us write.
fn file_mode(text: &str) -> Result<u32, String> {
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| digits && *mode <= 0o777);
    match mode {
        Some(mode) if mode & 0o600 == 0o600 => Ok(mode),
        Some(_) => Err("would keep the file from its owner: at least 0600".to_owned()),
        None => Err("is no mode: write three octal digits, such as 0640".to_owned()),
    }
}

/// `None` is without end.
fn retry(text: &str) -> Result<Option<u32>, String> {
    if text == "unlimited" {
        return Ok(None);
    }
    let most = u64::from(u32::MAX);
    let number = values::number(0, most, text).map_err(|e| format!("{e}, nor `unlimited`"))?;
    Ok(u32::try_from(number).ok())
}

/// Shorter silences would be no sign of anything, and each costs a connection.
fn max_silence(text: &str) -> Result<Duration, String> {
    match values::duration(text)? {
        Duration::ZERO => Ok(Duration::ZERO),
        _ => values::duration_from(Duration::from_secs(1), text),
    }
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
                    (opt.set)(&mut Args::default(), value),
                    Ok(()),
                    "--{} {value}",
                    opt.long
                );
            }
            if !opt.choices.is_empty() || opt.metavar.is_none() {
                let takes_anything = (opt.set)(&mut Args::default(), "no such choice").is_ok();
                assert_eq!(
                    takes_anything,
                    matches!(opt.long, "help" | "version"),
                    "--{}",
                    opt.long
                );
            }
        }
    }
}
