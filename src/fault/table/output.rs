//! What can be wrong at the output step.

use super::{Page, RetryClass, Row};
use crate::exit::Exit;
use crate::fault::Fault;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::OutputFailed,
        code: "output.failed",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "what is to be written cannot be written",
        fixes: &[
            "check the space and rights of what the output leads to",
            "start again with --message-id to go on after the last line",
        ],
    },
    Row {
        fault: Fault::DiskRefused,
        code: "output.disk",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "the disk or file system that the output or the cursor is on refuses to take more",
        fixes: &[
            "make room or mend the disk: nothing was acknowledged that is not written, and the same command goes on where this one stopped if it has a --cursor-file",
        ],
    },
    Row {
        fault: Fault::CannotCreate,
        code: "output.create",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "",
        means: "the output, its lock or its cursor cannot be made where they are wanted",
        fixes: &[
            "name a file in a folder that exists and that this user may write",
        ],
    },
];
