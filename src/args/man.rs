//! The man page: options and exit codes from their tables, with prose around them.
//!
//! `man/tail8x8.1` is a copy of this page, which a test checks.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::args::help::{facts, synopsis};
use crate::args::opt::{Opt, Section};
use crate::args::options::OPTIONS;
use crate::dates::{EVENT_TYPES_AS_OF, NOT_BEFORE};
use crate::event_types;
use crate::exit;

/// The page as roff.
pub(crate) fn page() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut out = format!(".TH TAIL8X8 1 \"{}\" \"tail8x8 {version}\"\n", release_day());
    heading(&mut out, "Name");
    line(&mut out, "tail8x8 - stream the events of an 8x8 Contact Center");
    heading(&mut out, "Synopsis");
    for (number, usage) in synopsis().iter().enumerate() {
        if number > 0 {
            out.push_str(".br\n");
        }
        line(&mut out, &format!("`{usage}`"));
    }
    prose(&mut out, "Description", DESCRIPTION);
    options(&mut out);
    prose(&mut out, "Subscriptions", SUBSCRIPTIONS);
    prose(&mut out, "Event types", &[&event_types()]);
    terms(&mut out, "Signals", SIGNALS.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let codes =
        exit::TABLE.iter().map(|(code, text)| ((*code as u8).to_string(), (*text).to_owned()));
    terms(&mut out, "Exit status", codes);
    prose(&mut out, "", &[AFTER_EXIT]);
    let table = OPTIONS
        .iter()
        .filter_map(|opt| Some((opt.env?.to_owned(), format!("The same as --{}.", opt.long))));
    let others = ENVIRONMENT.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    terms(&mut out, "Environment", table.chain(others));
    terms(&mut out, "Files", FILES.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    prose(&mut out, "Notes", NOTES);
    heading(&mut out, "Examples");
    for (number, (what, command)) in EXAMPLES.iter().enumerate() {
        paragraph(&mut out, number == 0);
        line(&mut out, what);
        let _ = write!(out, ".PP\n.RS 4\n.nf\n{}\n.fi\n.RE\n", escape(command));
    }
    prose(&mut out, "See also", &[SEE_ALSO]);
    out
}

fn release_day() -> String {
    let day = Timestamp::from_second(NOT_BEFORE).unwrap_or_default();
    day.to_string()[.."2026-10-02".len()].to_owned()
}

fn event_types() -> String {
    format!(
        "As of {EVENT_TYPES_AS_OF} 8x8 documents these event types, each of which is also a topic of \
         namespace event-v1: {}. --event also takes Interaction, for all events with this member \
         around them. 8x8 may add others at any time: an unknown name is warned about, and used.",
        event_types::names().join(", ")
    )
}

const DESCRIPTION: &[&str] = &[
    "tail8x8 connects to the Event Streaming service of 8x8 and writes every event to standard \
     output, one line of JSON each, until it is told to stop. It reconnects by itself and \
     continues after the last event it has written.",
    "`read`, the command that does this, is the default. `diagnose` takes the same steps to the \
     service, reports for each of them what it found, what is wrong and what to do, and contacts \
     nothing but the service, its proxy and the nameservers. `explain` explains an error message of \
     any client, given as an argument or on standard input. `regions` lists the regions of the \
     service with their clusters and hosts.",
    "A tenant and an API key are required. Everything else has a default; without --region, \
     --cluster or --host that is the host of region UK3.",
    "Long options take one dash or two, and their value after a space or an equals sign: \
     `-tenant acme`, `--tenant acme`, `--tenant=acme`. Short options cannot be combined, except \
     `-vv`. If an option is given twice, the last one wins; --event and --resolve add up. A flag \
     may be followed by true or false. `--` ends the options.",
    "Times are a whole number and a unit: 500ms, 45s, 5m, 2h, 7d. Sizes are a number of bytes, \
     or one with k, M or G, which are powers of 1024.",
];

const SUBSCRIPTIONS: &[&str] = &[
    "With --subscription tail8x8 is a consumer. The service remembers which events of the \
     subscription have been acknowledged, delivers the others again after a lost connection or a \
     crash, and shares the topic out among all consumers of the subscription, on any number of \
     machines. A partitioned topic, too, is continued exactly. Each subscription gets all events \
     of its topic.",
    "Nothing is lost: an event is acknowledged only when its line is written to standard output \
     or, with --output, is on the disk as --sync says and covered by the cursor, and a message \
     that cannot be decoded when it is in the rejects file. On standard output without --rejects \
     such a message is only reported, and is then gone; so are events that --event leaves out. \
     While the output takes nothing, nothing is acknowledged, and the service delivers it again, \
     perhaps to another consumer.",
    "A file contains each event once. What was written but not acknowledged when a process was \
     killed is cut from the end of the file, because the service delivers it again, perhaps to \
     another consumer (unless another run may have written to the file since then: then all lines stay, and it is \
     said). A program that follows the file sees it shrink, and may read it again from the start. Repeats are skipped, acknowledged and counted: with exclusive, what is not \
     newer than the last event of its partition; with the other types, in which order means \
     nothing, what was written in the last 10 seconds, and at least the last eight receiver \
     queues. If the service's broker is killed, thousands of acknowledged events of a shared or \
     key_shared subscription may come again; those no longer remembered are written again. To read \
     on purpose what was read already, such as after a rewind of the subscription, use another \
     --output and --cursor-file; on standard output, restart the process.",
    "On standard output, and among the files of several processes, each event is there at least \
     once. Whenever a consumer dies, or failover hands over to another, up to one receiver queue \
     of events can repeat (--receiver-queue-size); rarely, a few also after a clean end. A process that ends within a batch, also by -n, can repeat that \
     batch: some versions of the service count it as acknowledged only as a whole. A repeat has \
     the same messageId (--format envelope). With key_shared the events of one key \
     go to one consumer at a time and in their order, while consumers come and go, too.",
    "A consumer that waits with failover is not told so by the service, nor when it takes over: \
     until its first event it says `no messages assigned yet` (-v, and systemd's status).",
    "If the subscription is in use (exclusive, or with another type), a run that has had no session \
     exits with 75. After that it retries for at least five minutes, because the service may not \
     have noticed yet that the old connection is gone.",
    "With --on-reject nack and shared or key_shared only the message itself is delivered again; \
     with exclusive and failover so is everything after it, and again for as long as the message \
     cannot be decoded.",
    "The service keeps every event for a subscription until it is acknowledged or the subscription \
     is removed: `tail8x8 --unsubscribe --subscription NAME` \
     with the same tenant and topic. If somebody else deletes it while a consumer is connected, \
     the service creates it again at --initial-position and tells nobody: with latest, events \
     published in between are missing; with earliest, everything retained comes again.",
];

const SIGNALS: &[(&str, &str)] = &[
    (
        "INT, TERM",
        "End the run: the line is finished, the connection is closed. A run that follows the \
         stream exits with 0; one with an end of its own (-e, -n, --until) dies by the signal \
         unless it is complete, so that a script notices. A second signal ends it at once.",
    ),
    (
        "HUP",
        "With --output: everything received is written, and the file is reopened under its name, \
         as logrotate(8) expects. Without --output: the same as TERM.",
    ),
    ("USR1", "Writes the counters to standard error."),
];

const AFTER_EXIT: &str = "When retries are used up, the code is that of the last failure. \
    Numbers never change; new ones may be added, so treat an unknown one as a failure. Each \
    error ends with a stable code of its own in brackets, such as [tls.expired].";

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "CREDENTIALS_DIRECTORY",
        "A folder whose file x-api-key contains the API key; systemd sets it for LoadCredential=.",
    ),
    (
        "https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY",
        "The proxy; the first that is not empty is used. HTTP_PROXY is never used.",
    ),
    ("no_proxy, NO_PROXY", "Hosts to reach without a proxy, as for --noproxy."),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Where the system's certificates are, as for OpenSSL."),
    (
        "TAIL8X8_RESOLV_CONF",
        "For tests: a file in the form of resolv.conf(5), whose nameservers are asked for every \
         name, without the system's resolver and the hosts file; they may have a port, as in \
         127.0.0.1:5353.",
    ),
    ("NO_COLOR", "If not empty, --color auto means never."),
    (
        "NOTIFY_SOCKET, WATCHDOG_USEC",
        "Set by systemd, which is then notified when the first session is open (READY=1), what \
         the run is doing (STATUS=), that it is alive (WATCHDOG=1, also while the service is \
         away) and that it ends.",
    ),
];

const FILES: &[(&str, &str)] = &[
    (
        "the file of --config",
        "No file is read that is not named by an option or a variable. A line such as \
         `tenant = acme` is an option without its dashes.",
    ),
    (
        "the file of --output, its .part",
        "Lines are only ever appended. After a crash a torn last line is cut off, and so is what a \
         power loss left after the last good line, and with --subscription what was not \
         acknowledged; nothing else is ever cut. With rotation the \
         open file is FILE.part, and remains so at the end of a run.",
    ),
    (
        "the file of --cursor-file",
        "One JSON object: what is read, the last message of each partition (of a subscription that \
         several consumers share, the latest ones), the files and their lengths. Replaced as a whole, by a new file beside it that is renamed, \
         about once a second, so it cannot be a file that is mounted by itself. Only files of this run's own --output and \
         --rejects are looked for by what it says. It may be copied and moved together with the output, and after a crash of a run with --subscription \
         together with the lock of the output.",
    ),
    (
        "FILE.tail8x8.lock beside output and cursor",
        "Contains the number of the process that writes them, and the name of the last run. Keep it after a crash of a run with \
         --subscription. It may remain after the run and can \
         be ignored.",
    ),
    ("FILE.rejects beside the output", "See --rejects."),
];

const NOTES: &[&str] = &[
    "One event is one line, byte for byte as it was published, except that raw line breaks between \
     its tokens become spaces. An empty message has no line with --format payload.",
    "Within one run no event is lost and none is written twice, even across reconnects, as far \
     back as the service still holds events. With --cursor-file and --output that is also true \
     from one run to the next, whatever ended the one before: a kill, a crash, a full disk, or, \
     unless --sync none is given, a power loss. With --cursor-file alone, on standard output, up \
     to a second of events can be repeated after a crash.",
    "A gap left by the service's retention while no run was active is reported, with both ends. \
     So is a cursor whose message ids belong to another topic: the run then ends with 78.",
    "While the disk refuses writes (full, quota, read-only) nothing is acknowledged: it is \
     reported once, retried as --retry says, and reported again when it is over. On standard \
     output, too, the rest of a line is kept and written later.",
    "The service cannot continue a partitioned topic after a message id. After a lost connection \
     tail8x8 reads such a topic from earliest again and skips what it has already written; with \
     --subscription it need not.",
    "An event is acknowledged after its line has been written to standard output. A reader that \
     is slow or stopped slows the service down and loses nothing.",
    "The API key is sent only over TLS to a server whose certificate has been verified, and \
     appears in no message at any level. The exceptions are your own choice: --insecure, \
     --auth-style query, ws:// to this machine, --x-api-key in the process list.",
    "One connection reads one topic. Several processes can share one with --subscription.",
];

const EXAMPLES: &[(&str, &str)] = &[
    (
        "Follow the events of a tenant in region US1:",
        "tail8x8 --tenant acme --region US1 --x-api-key-file ~/.8x8-key",
    ),
    (
        "Read the events of the last day, then end:",
        "tail8x8 --tenant acme --cluster NA12 --x-api-key-file ~/.8x8-key -e --since 1d",
    ),
    (
        "Wait up to five minutes for one new interaction:",
        "tail8x8 --config acme.conf --event InteractionCreated -n 1 --max-time 5m --fail-if-empty",
    ),
    (
        "Capture for weeks, a new file each hour, keeping the last 48:",
        "tail8x8 --config acme.conf -o events.ndjson --cursor-file events.cursor \
         --rotate-interval 1h --rotate-keep 48",
    ),
    (
        "From cron: read everything new since the last run, silently unless something is wrong:",
        "tail8x8 --config acme.conf -e -o events.ndjson --cursor-file events.cursor",
    ),
    (
        "On two machines, so that one goes on when the other fails:",
        "tail8x8 --config acme.conf --subscription archive --subscription-type failover \
         -o events.ndjson --cursor-file events.cursor",
    ),
    (
        "Find out what is wrong, and in which region the events are:",
        "tail8x8 diagnose --tenant acme --x-api-key-file ~/.8x8-key --all-regions",
    ),
    (
        "Explain an error message:",
        "tail8x8 explain 'x509: certificate signed by unknown authority'",
    ),
    (
        "Take the key from a password store:",
        "pass show 8x8/key | tail8x8 --tenant acme --x-api-key-file -",
    ),
];

const SEE_ALSO: &str = "curl(1), jq(1), logrotate(8), resolv.conf(5), systemd.exec(5), sysexits(3)";

fn options(out: &mut String) {
    heading(out, "Options");
    for section in Section::ALL {
        let _ = writeln!(out, ".SS {}", escape(section.title()));
        for opt in OPTIONS.iter().filter(|opt| opt.section == section) {
            let _ = writeln!(out, ".TP\n{}", tag(opt));
            for (number, paragraph) in opt.long_text.split("\n\n").enumerate() {
                if number > 0 {
                    out.push_str(".IP\n");
                }
                line(out, paragraph);
            }
            for (label, text) in facts(opt) {
                out.push_str(".br\n");
                line(out, &format!("{label}: {text}"));
            }
        }
    }
}

/// `-n, --num-messages N`, with the value in italics.
fn tag(opt: &Opt) -> String {
    let short = opt.short.map_or_else(String::new, |c| format!("\\fB\\-{c}\\fR, "));
    let value = opt.metavar.map_or_else(String::new, |m| format!(" \\fI{}\\fR", escape(m)));
    format!("{short}\\fB{}\\fR{value}", escape(&format!("--{}", opt.long)))
}

fn heading(out: &mut String, title: &str) {
    let _ = writeln!(out, ".SH {}", title.to_uppercase());
}

fn prose(out: &mut String, title: &str, paragraphs: &[&str]) {
    if !title.is_empty() {
        heading(out, title);
    }
    for (number, text) in paragraphs.iter().enumerate() {
        paragraph(out, number == 0 && !title.is_empty());
        line(out, text);
    }
}

/// Begins a paragraph; the first one under a heading needs no request.
fn paragraph(out: &mut String, is_first: bool) {
    if !is_first {
        out.push_str(".PP\n");
    }
}

fn terms(out: &mut String, title: &str, terms: impl Iterator<Item = (String, String)>) {
    heading(out, title);
    for (term, text) in terms {
        let _ = writeln!(out, ".TP\n\\fB{}\\fR", escape(&term));
        line(out, &text);
    }
}

/// Text in which `backticks` make bold, as one line: roff fills it.
fn line(out: &mut String, text: &str) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut roff = String::new();
    for (number, part) in text.split('`').enumerate() {
        match number % 2 {
            0 => roff.push_str(&escape(part)),
            _ => roff.push_str(&format!("\\fB{}\\fR", escape(part))),
        }
    }
    // A line that begins with a dot or a quote would be a request; `\&` prints nothing.
    if roff.starts_with(['.', '\'']) {
        roff.insert_str(0, "\\&");
    }
    let _ = writeln!(out, "{roff}");
}

/// Escapes the characters that roff would interpret, or print as typographic ones.
fn escape(text: &str) -> String {
    let mut roff = String::new();
    for c in text.chars() {
        match c {
            '\\' => roff.push_str("\\e"),
            '-' => roff.push_str("\\-"),
            '\'' => roff.push_str("\\(aq"),
            '`' => roff.push_str("\\(ga"),
            '^' => roff.push_str("\\(ha"),
            '~' => roff.push_str("\\(ti"),
            c => roff.push(c),
        }
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_is_the_one_that_is_generated() {
        let committed = include_str!("../../man/tail8x8.1");
        assert!(committed == page(), "run: cargo run -- --generate man >man/tail8x8.1");
    }

    #[test]
    fn every_option_code_and_variable_is_in_it() {
        let page = page();
        for opt in OPTIONS {
            assert!(page.contains(&format!(".TP\n{}\n", tag(opt))), "{}", opt.long);
            assert!(opt.env.is_none_or(|env| page.contains(&format!("\\fB{env}\\fR"))));
        }
        for (code, _) in exit::TABLE {
            assert!(page.contains(&format!(".TP\n\\fB{}\\fR\n", *code as u8)), "{code:?}");
        }
    }

    #[test]
    fn nothing_in_the_text_is_taken_for_roff() {
        let mut out = String::new();
        line(&mut out, ".SH a\\b 'c' --d `e-f`");
        assert_eq!(out, "\\&.SH a\\eb \\(aqc\\(aq \\-\\-d \\fBe\\-f\\fR\n");
        let known =
            [".TH ", ".SH ", ".SS ", ".TP", ".IP", ".PP", ".br", ".nf", ".fi", ".RS", ".RE"];
        for line in page().lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(known.iter().any(|request| line.starts_with(request)), "{line}");
        }
    }
}
