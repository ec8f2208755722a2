//! Mistakes on the command line or in settings for which there is more to say than in the general
//! rows of the config step.

use super::Row;
use crate::exit::Exit;
use crate::fault::{Fault, RetryClass};

/// The common part of all mistakes on the command line and in the environment.
const USAGE: Row = Row {
    fault: Fault::Usage,
    code: "config.usage",
    exit: Exit::Usage,
    retry: RetryClass::Never,
    pages: &[],
    headline: "",
    means: "",
    fixes: &[],
};

/// The same for settings that are missing, or that are in a file and cannot be used.
const CONTENT: Row =
    Row { code: "config.content", exit: Exit::Config, retry: RetryClass::Stop, ..USAGE };

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::NearOption,
        headline: "unknown option",
        means: "no option has this name",
        fixes: &["did you mean --{nearest}?"],
        ..USAGE
    },
    Row {
        fault: Fault::MissingValue,
        headline: "an option has no value",
        means: "the option is the last word, or another option follows it",
        fixes: &["write {option} {value} or {option}={value}"],
        ..USAGE
    },
    Row {
        fault: Fault::NearCommand,
        headline: "unknown command",
        means: "no command has this name",
        fixes: &["did you mean `{nearest}`?"],
        ..USAGE
    },
    Row {
        fault: Fault::UnknownCommand,
        headline: "unknown command",
        means: "no command has this name",
        fixes: &["commands: {commands}"],
        ..USAGE
    },
    Row {
        fault: Fault::PlainHost,
        headline: "the API key would leave this machine without encryption",
        means: "ws:// has no encryption, and the host is not this machine",
        fixes: &[
            "use wss://",
            "ws:// is allowed only for this machine (127.0.0.1, [::1], localhost), or with --insecure",
        ],
        ..USAGE
    },
    Row {
        fault: Fault::UntilWithCursor,
        headline: "--until and --cursor-file cannot be combined",
        means: "the events left out would be behind the cursor, and the next run would miss them",
        fixes: &[
            "with a cursor use -e, which ends when all is read, and select by publishTime (--format envelope) afterwards",
        ],
        ..USAGE
    },
    Row {
        fault: Fault::ReaderOnly,
        headline: "an option of readers was given with a subscription",
        means: "a subscription is read by a consumer, for which the service itself keeps the place",
        fixes: &["{instead}", "or remove --subscription"],
        ..USAGE
    },
    Row {
        fault: Fault::NeedsSubscription,
        headline: "an option of consumers was given without a subscription",
        means: "the option is about a consumer, and without --subscription there is none",
        fixes: &["add --subscription NAME, or remove the option"],
        ..USAGE
    },
    Row {
        fault: Fault::NeedsCursor,
        headline: "a subscription with --output needs --cursor-file",
        means: "only with a cursor can a run that was killed tell which events are in the file already",
        fixes: &["add --cursor-file FILE, in a folder on the same disk as the output"],
        ..USAGE
    },
    Row {
        fault: Fault::UnsafeAcks,
        headline: "events would be acknowledged before they are on the disk",
        means: "the service never sends an acknowledged event again, so after a power loss it would be gone",
        fixes: &["remove --sync none", "if a power loss may cost events, add --at-most-once"],
        ..USAGE
    },
    Row {
        fault: Fault::NeedsYes,
        headline: "--unsubscribe has nobody to ask",
        means: "--unsubscribe asks before it removes anything, and there is no terminal to ask on",
        fixes: &["add --yes to remove the subscription without being asked"],
        ..USAGE
    },
    Row {
        fault: Fault::CoarseName,
        headline: "the file name changes less often than the files rotate",
        means: "several files of one rotation would have the same name",
        fixes: &["add finer fields to the name, such as %H or %M, or remove all % from it"],
        ..USAGE
    },
    Row {
        fault: Fault::NearSetting,
        headline: "unknown option in a config file",
        means: "no option that a config file may contain has this name",
        fixes: &["did you mean `{nearest} =`?"],
        ..CONTENT
    },
    Row {
        fault: Fault::NoTenant,
        headline: "no tenant is given",
        means: "the tenant is required",
        fixes: &["give it with --tenant TENANT, or with PULSAR_TENANT in the environment"],
        ..CONTENT
    },
    Row {
        fault: Fault::NoKey,
        headline: "no API key is given",
        means: "the API key is required",
        fixes: &[
            "give it with --x-api-key-file FILE (- is standard input), with PULSAR_API_KEY_FILE or PULSAR_API_KEY in the environment, or with systemd's LoadCredential=x-api-key:FILE",
        ],
        ..CONTENT
    },
    Row {
        fault: Fault::BadKey,
        headline: "the API key cannot be used",
        means: "the file or variable contains something that is not an API key",
        fixes: &["the file must contain only the key", "copy it again from where it was created"],
        ..CONTENT
    },
    Row {
        fault: Fault::UnknownRegion,
        headline: "unknown region or cluster",
        means: "this program's list has no region or cluster of this name",
        fixes: &[
            "regions: {regions}",
            "`tail8x8 regions` lists them with their clusters",
            "--host accepts any server",
        ],
        ..CONTENT
    },
    Row {
        fault: Fault::RegionAsCluster,
        headline: "a region was given as a cluster",
        means: "the name is that of a region",
        fixes: &["{name} is a region: write --region {region}"],
        ..CONTENT
    },
    Row {
        fault: Fault::ClusterAsRegion,
        headline: "a cluster was given as a region",
        means: "the name is that of a cluster",
        fixes: &["{name} is a cluster: write --cluster {name}"],
        ..CONTENT
    },
    Row {
        fault: Fault::NotDeployed,
        headline: "the service is not deployed in this region yet",
        means: "this program's list has no host for the region",
        fixes: &["if 8x8 has given you a host name, use --host", "see `tail8x8 regions`"],
        ..CONTENT
    },
    Row {
        fault: Fault::BadCaFile,
        code: "config.file",
        exit: Exit::NoInput,
        headline: "the CA file contains no certificate",
        means: "the file is neither PEM nor DER, or is damaged",
        fixes: &["give the root certificate as PEM (-----BEGIN CERTIFICATE-----) or DER"],
        ..CONTENT
    },
    Row {
        fault: Fault::CaFileForm,
        code: "config.file",
        exit: Exit::NoInput,
        headline: "the CA file has another form than PEM or DER",
        means: "the file may hold certificates, but in a form that OpenSSL does not read",
        fixes: &["convert it: {command}"],
        ..CONTENT
    },
];
