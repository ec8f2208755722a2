//! The faults of the output step.

use crate::exit::Exit;
use crate::fault::{Fault, RetryClass, Row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    Row {
        fault: Fault::OutputFailed,
        code: "output.failed",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the output cannot be written",
        means: "the file, pipe or device behind the output cannot be written",
        fixes: &[
            "check its free space and permissions",
            "start again with --message-id to continue after the last line",
        ],
    },
    Row {
        fault: Fault::DiskRefused,
        code: "output.disk",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the disk refuses to take more",
        means: "the disk or file system of the output or the cursor refuses to take more",
        fixes: &[
            "make room or fix the disk: only written events were acknowledged, and with a --cursor-file the same command continues where this one stopped",
        ],
    },
    Row {
        fault: Fault::OutputGone,
        code: "output.gone",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "an open file was removed",
        means: "the output or the rejects file was removed while events were written to it, and a new one was begun",
        fixes: &[
            "to start a new file, rename the open one and send SIGHUP, as logrotate does; to make room, use --rotate-interval with --rotate-keep",
        ],
    },
    Row {
        fault: Fault::NoStandardOutput,
        code: "output.closed",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "standard output is closed",
        means: "the program was started with its standard output closed, so events would go nowhere",
        fixes: &[
            "write to a pipe or a file, or name a file with -o; to throw events away, use -o /dev/null",
        ],
    },
    Row {
        fault: Fault::CannotCreate,
        code: "output.create",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the output, lock or cursor cannot be created",
        means: "the output, its lock or its cursor cannot be created where they are wanted",
        fixes: &[
            "name a file in a folder that exists and that this user may write",
        ],
    },
    Row {
        fault: Fault::NameTaken,
        code: "output.name",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "something else has the name of the lock",
        means: "the lock beside the output or the cursor is a file of something else",
        fixes: &[
            "move it away, or give the output or the cursor another name",
        ],
    },
    Row {
        fault: Fault::MountedCursor,
        code: "output.mount",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the cursor is a mount",
        means: "the cursor is a file that is mounted, as into a container, so it cannot be replaced",
        fixes: &[
            "mount the folder that holds the cursor, not the cursor itself",
        ],
    },
    Row {
        fault: Fault::NoLocks,
        code: "output.filesystem",
        exit: Exit::CantCreate,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the file system has no locks for the cursor",
        means: "the cursor's file system has no locks, so a second run with the same cursor would not be noticed",
        fixes: &[
            "put the cursor on a local file system: the output may stay where it is",
        ],
    },
    Row {
        fault: Fault::NoSync,
        code: "output.filesystem",
        exit: Exit::Output,
        retry: RetryClass::Never,
        pages: &[],
        headline: "the file system cannot do what the output needs",
        means: "the file system of the output or the cursor lacks an operation, such as syncing a file",
        fixes: &[
            "use another file system",
            "if it cannot sync files, --sync none does without: a power loss may then lose events",
        ],
    },
    Row {
        fault: Fault::NotARegularFile,
        code: "config.usage",
        exit: Exit::Usage,
        retry: RetryClass::Never,
        pages: &[],
        headline: "a pipe or device cannot have a cursor or rotation",
        means: "a cursor and rotation need a regular file",
        fixes: &[
            "name a regular file, or write to standard output through a pipe without a cursor and rotation",
        ],
    },
    Row {
        fault: Fault::LittleSpace,
        code: "output.space",
        exit: Exit::Empty,
        retry: RetryClass::Stop,
        pages: &[],
        headline: "little space is left for the files",
        means: "the disk of the output or the cursor is almost full; when it is full, a run waits and acknowledges nothing",
        fixes: &[
            "make room, or name files on another disk; with rotation, --rotate-keep limits what they take",
        ],
    },
];
