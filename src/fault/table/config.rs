//! What can be wrong at the config step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::Usage,
        code: "config.usage",
        exit: Exit::Usage,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "an option or value on the command line is unknown, missing or does not fit the others",
        fixes: &[
            "see `tail8x8 --help` for every option and its values",
        ],
    },
    Row {
        fault: Fault::UnreadableFile,
        code: "config.file",
        exit: Exit::NoInput,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "",
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
        headline: "",
        means: "a needed value is missing, or what a file or variable holds cannot be used",
        fixes: &[
            "correct the value",
            "`tail8x8 --help` describes what it may be",
        ],
    },
    Row {
        fault: Fault::NoResources,
        code: "config.resources",
        exit: Exit::Unavailable,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "this machine is out of something the program needs, such as file descriptors or memory",
        fixes: &[
            "the system has no descriptor or memory left: see `ulimit -n` and what else runs here",
        ],
    },
    Row {
        fault: Fault::BadCursor,
        code: "config.cursor",
        exit: Exit::Config,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "the cursor of an earlier run is damaged, or belongs to another topic",
        fixes: &[
            "nothing was changed: use another --cursor-file",
            "to go on without a double, move this one away and give --since the time of the last event you have",
        ],
    },
    Row {
        fault: Fault::Locked,
        code: "config.locked",
        exit: Exit::Busy,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "another run writes to the same output or uses the same cursor",
        fixes: &[
            "another run writes the same file: stop it, give each run files of its own, or wait for it with --lock-wait",
        ],
    },
    Row {
        fault: Fault::ReportExists,
        code: "config.report",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "the report of a diagnosis cannot be created; a file that exists is never overwritten",
        fixes: &[
            "name a file that does not exist yet, in a folder that this user may write",
        ],
    },
];
