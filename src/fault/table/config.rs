//! The faults of the config step.

use super::shared::REMOVE_INSECURE;
use crate::exit::Exit;
use crate::fault::{Fault, Page, RetryClass, Row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Usage,
        code: "config.usage",
        exit: Exit::Usage,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the command line has a mistake",
        means: "an option or value on the command line is unknown, missing or does not fit the others",
        fixes: &[
            "see `tail8x8 --help` for every option and its values",
        ],
    },
    Row {
        fault: Fault::NothingToExplain,
        code: "config.usage",
        exit: Exit::Usage,
        retry: RetryClass::Never,
        pages: &[],
        headline: "there is nothing to explain",
        means: "`explain` was given no text",
        fixes: &[
            "give the error message as an argument, or through a pipe",
        ],
    },
    Row {
        fault: Fault::UnreadableFile,
        code: "config.file",
        exit: Exit::NoInput,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "a file cannot be read",
        means: "a file that was named cannot be read",
        fixes: &[
            "check that the path is right and that this user may read the file",
        ],
    },
    Row {
        fault: Fault::BadContent,
        code: "config.content",
        exit: Exit::Config,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "a setting is missing or cannot be used",
        means: "a required value is missing, or what a file or variable holds cannot be used",
        fixes: &[
            "correct the value; `tail8x8 --help` describes what it may be",
        ],
    },
    Row {
        fault: Fault::NoResources,
        code: "config.resources",
        exit: Exit::Unavailable,
        retry: RetryClass::Few,
        pages: &[],
        headline: "this machine is out of descriptors, threads or memory",
        means: "this machine, or a limit of this process, is out of something the program needs: file descriptors, threads or memory",
        fixes: &[
            "raise the limit (`ulimit -n` for descriptors, `ulimit -u` for threads; LimitNOFILE= and TasksMax= of a unit), and check free memory and what else runs on this machine",
        ],
    },
    Row {
        fault: Fault::BadCursor,
        code: "config.cursor",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the cursor cannot be used",
        means: "the cursor of an earlier run is damaged, or belongs to another topic",
        fixes: &[
            "nothing was changed: use another --cursor-file",
            "to continue without duplicates, move this one away and give --since the time of the last event you have",
        ],
    },
    Row {
        fault: Fault::BadConsumerCursor,
        code: "config.cursor",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the cursor cannot be used",
        means: "the cursor is damaged, or belongs to another subscription or topic, or to a reader",
        fixes: &[
            "nothing was changed: use another --cursor-file and another --output",
            "the service knows what this subscription has not acknowledged, and delivers it",
        ],
    },
    Row {
        fault: Fault::Locked,
        code: "config.locked",
        exit: Exit::Busy,
        retry: RetryClass::Never,
        pages: &[],
        headline: "another run uses the same output or cursor",
        means: "another run writes to the same output or uses the same cursor",
        fixes: &[
            "stop the other run, give each run files of its own, or wait for it with --lock-wait",
        ],
    },
    Row {
        fault: Fault::ReportExists,
        code: "config.report",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the report cannot be created",
        means: "the report of a diagnosis cannot be created; a file that exists is never overwritten",
        fixes: &[
            "name a file that does not exist yet, in a folder that this user may write",
        ],
    },
    Row {
        fault: Fault::SettingWarning,
        code: "config.warning",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "a setting may not do what was meant",
        means: "a setting is accepted, but may not do what was meant",
        fixes: &[
            "change the setting, or ignore the warning if it is what you want",
        ],
    },
    Row {
        fault: Fault::DefaultRegion,
        code: "config.default_region",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::WrongRegion],
        headline: "no region was chosen, so {default_region} is used",
        means: "no region was chosen, so {default_region} is used: the key is accepted in every region, but events of another region never arrive",
        fixes: &[
            "name your region (--region {regions}) or cluster (--cluster, the vcc-<cluster> name)",
        ],
    },
    Row {
        fault: Fault::OtherTenant,
        code: "config.other_tenant",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::Unauthorized],
        headline: "the key's user \"{user}\" is not tenant \"{tenant}\"",
        means: "the user inside the API key and the tenant differ; they are usually the same",
        fixes: &[
            "check --tenant, and that the key was issued for this tenant",
        ],
    },
    Row {
        fault: Fault::KeyKind,
        code: "config.key_kind",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::Unauthorized],
        headline: "the key is of neither kind that 8x8 issues",
        means: "the API key looks like neither kind that 8x8 issues: eght_..., or base64 of user:password",
        fixes: &[
            "check that the whole key was copied, and nothing else",
        ],
    },
    Row {
        fault: Fault::OldClock,
        code: "config.clock",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "this machine's clock is wrong",
        means: "this machine's clock shows a time earlier than this program's build date",
        fixes: &[
            "set the clock (`timedatectl set-ntp true`): no certificate can be verified while it is wrong",
        ],
    },
    Row {
        fault: Fault::InsecureSetting,
        code: "config.insecure",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "--insecure: the server is not verified",
        means: "with --insecure the server is not verified, and anyone in between can read the API key",
        fixes: &[
            REMOVE_INSECURE,
        ],
    },
    Row {
        fault: Fault::NoRoots,
        code: "config.ca_store",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "this machine has no usable root certificate",
        means: "this machine has no usable root certificate, so it cannot verify any server",
        fixes: &[
            "install root certificates (apt-get install ca-certificates), or give one: --ca-file FILE",
        ],
    },
    Row {
        fault: Fault::UnusableStore,
        code: "config.ca_store",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[Page::CertificateErrors],
        headline: "{variable} names {file}, which {problem}",
        means: "a variable names a file or folder of root certificates that cannot be used",
        fixes: &[
            "correct {variable} or unset it: OpenSSL silently ignores what it cannot use",
        ],
    },
];
