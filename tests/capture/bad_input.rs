//! What cannot be captured into is refused before anything is connected, made or changed.

use std::collections::BTreeMap;
use std::fs;

use libtest_mimic::Trial;
use nix::sys::stat::Mode;

use super::{Spool, test};
use crate::support::run::Run;
use crate::support::service::Service;

/// Words on the line (`FOLDER` is the spool), code, exit code, words of the answer.
type Row = (&'static [&'static str], &'static str, i32, &'static [&'static str]);

const USAGE: (&str, i32) = ("config.usage", 64);

const fn usage(args: &'static [&'static str], words: &'static [&'static str]) -> Row {
    (args, USAGE.0, USAGE.1, words)
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The output.
    (&["-o", "FOLDER/folder"], "output.create", 73, &["folder"]),
    (&["-o", "FOLDER/folder", "--cursor-file", "FOLDER/cursor"], "output.create", 73, &["folder"]),
    (&["-o", "FOLDER/nowhere/out"], "output.create", 73, &["nowhere"]),
    (&["-o", "FOLDER/file/out"], "output.create", 73, &["file"]),
    usage(&["-o", "FOLDER/folder/"], &["folder"]),
    (&["-o", "FOLDER/out", "--rejects", "FOLDER/nowhere/bad"], "output.create", 73, &["nowhere"]),
    (&["-o", "FOLDER/out", "--rejects", "FOLDER/folder"], "output.create", 73, &["folder"]),
    usage(&["-o", ""], &["-o"]),
    usage(&["-o", "/dev/null", "--cursor-file", "FOLDER/cursor"], &["/dev/null"]),
    usage(&["-o", "FOLDER/pipe", "--cursor-file", "FOLDER/cursor"], &["pipe"]),
    usage(&["-o", "/dev/null", "--rotate-size", "1M"], &["/dev/null"]),
    usage(&["-o", "FOLDER/pipe", "--rotate-interval", "1h"], &["pipe"]),
    usage(&["-o", "-", "--rotate-size", "1M"], &["--rotate-size"]),
    usage(&["--rotate-size", "1M"], &["--rotate-size"]),
    usage(&["--rotate-interval", "1h"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/out", "--rotate-keep", "3"], &["--rotate-keep"]),
    // Names of the time.
    usage(&["-o", "FOLDER/%Y-%q"], &["%q"]),
    usage(&["-o", "FOLDER/out%"], &["%"]),
    usage(&["-o", "FOLDER/%F"], &["%F"]),
    usage(&["-o", "FOLDER/%Y%m%d", "--rotate-interval", "1h"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/%Y", "--rotate-interval", "7d"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/%Y/out"], &["folder", "changes with the time"]),
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/c", "--until", "1h"], &["--until", "-e"]),
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/./out"], &["same file"]),
    // Sizes, durations and numbers.
    usage(&["-o", "FOLDER/out", "--rotate-size", "0"], &["--rotate-size"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1023"], &["--rotate-size", "1k"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "10MB"], &["--rotate-size"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "-1k"], &["--rotate-size"]),
    usage(&["-o", "FOLDER/out", "--rotate-interval", "500ms"], &["--rotate-interval", "at least"]),
    usage(&["-o", "FOLDER/out", "--rotate-interval", "7h"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/out", "--rotate-interval", "36h"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/out", "--rotate-interval", "0"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/out", "--rotate-interval", "hourly"], &["--rotate-interval"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1M", "--rotate-keep", "0"], &["--rotate-keep"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1M", "--rotate-keep", "x"], &["--rotate-keep"]),
    usage(&["-o", "FOLDER/out", "--file-mode", "0890"], &["--file-mode"]),
    usage(&["-o", "FOLDER/out", "--file-mode", "rw-r-----"], &["--file-mode"]),
    usage(&["-o", "FOLDER/out", "--file-mode", "10000"], &["--file-mode"]),
    usage(&["-o", "FOLDER/out", "--sync", "always"], &["--sync", "none, cursor, message"]),
    usage(&["-o", "FOLDER/out", "--lock-wait", "soon"], &["--lock-wait"]),
    // Two files that are one.
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/out"], &["--cursor-file"]),
    usage(&["-o", "FOLDER/out", "--rejects", "FOLDER/out"], &["--rejects"]),
    usage(&["-o", "FOLDER/out", "--rejects", "FOLDER/c", "--cursor-file", "FOLDER/c"], &["--rejects"]),
    usage(&["-o", "FOLDER/out", "--metrics-file", "FOLDER/out"], &["--metrics-file"]),
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/folder/../out"], &["--cursor-file"]),
    usage(&["-o", "FOLDER/file", "--cursor-file", "FOLDER/link"], &["--cursor-file", "same file"]),
    usage(&["-o", "FOLDER/file", "--rejects", "FOLDER/hard"], &["--rejects", "same file"]),
    // Names that nobody gave.
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/out.rejects"], &["--cursor-file", "rejects"]),
    usage(&["-o", "FOLDER/out", "--metrics-file", "FOLDER/out.rejects"], &["--metrics-file", "rejects"]),
    usage(&["-o", "FOLDER/out", "--cursor-file", "FOLDER/out.tail8x8.lock"], &["--cursor-file", "lock"]),
    usage(&["-o", "FOLDER/out.tail8x8.lock", "--cursor-file", "FOLDER/out"], &["--cursor-file", "lock"]),
    usage(&["--cursor-file", "FOLDER/c", "--metrics-file", "FOLDER/c.tail8x8.lock"], &["--metrics-file", "lock"]),
    usage(&["-o", "FOLDER/out", "--rejects", "FOLDER/bad", "--metrics-file", "FOLDER/bad.tail8x8.lock"], &["lock"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1M", "--cursor-file", "FOLDER/out.part"], &["--cursor-file", "output"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1M", "--rejects", "FOLDER/out.part"], &["--rejects", "output"]),
    usage(&["-o", "FOLDER/out", "--rotate-size", "1M", "--metrics-file", "FOLDER/out.20261002T093000"], &["output"]),
    usage(&["-o", "FOLDER/out-%Y", "--cursor-file", "FOLDER/out-2036"], &["--cursor-file", "output"]),
    usage(&["-o", "FOLDER/out-%Y", "--cursor-file", "FOLDER/out-2036.rejects"], &["--cursor-file", "rejects"]),
    // The cursor.
    (&["--cursor-file", "FOLDER/nowhere/cursor"], "output.create", 73, &["nowhere"]),
    (&["-o", "FOLDER/out", "--cursor-file", "FOLDER/nowhere/cursor"], "output.create", 73, &["nowhere"]),
    (&["--cursor-file", "FOLDER/folder"], "config.file", 66, &["folder"]),
    (&["--cursor-file", "FOLDER/file/cursor"], "output.create", 73, &["file"]),
    (&["--cursor-file", "FOLDER/file"], "config.cursor", 78, &["file"]),
    (&["-o", "FOLDER/out", "--cursor-file", "FOLDER/file"], "config.cursor", 78, &["file"]),
    (&["-o", "FOLDER/out", "--cursor-file", "FOLDER/empty"], "config.cursor", 78, &["empty"]),
    usage(&["--cursor-file", ""], &["--cursor-file"]),
];

pub(super) fn trials() -> Vec<Trial> {
    let named =
        |row: &'static Row| test(&format!("bad input: {}", row.0.join(" ")), || refused(row));
    TABLE.iter().map(named).collect()
}

fn refused(&(args, code, exit, words): &Row) {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    fs::create_dir(spool.join("folder")).unwrap();
    fs::write(spool.join("file"), "neither a cursor nor a folder\n").unwrap();
    fs::write(spool.join("empty"), "").unwrap();
    nix::unistd::mkfifo(&spool.join("pipe"), Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("file", spool.join("link")).unwrap();
    fs::hard_link(spool.join("file"), spool.join("hard")).unwrap();
    let before = listing(&spool);

    let folder = spool.join("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let args: Vec<_> = args.iter().map(|arg| arg.replace("FOLDER", folder)).collect();
    // A limit, as what is not refused follows.
    let run = Run::against(&service).args(&args).args(&["--max-time", "5s"]);
    let output = run.fails_with(code, exit);
    assert_eq!(output.stderr.lines().count(), 1, "not one line\n{}", output.whole());
    for word in words {
        output.assert_stderr_has(word);
    }
    assert_eq!(listing(&spool), before, "made or changed");
    assert_eq!(service.connections(), 0, "connected before it was refused");
}

/// Names and what is in them, of the folder in it too.
fn listing(spool: &Spool) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in spool.names() {
        let path = spool.join(&name);
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        all.insert(name, bytes);
    }
    for entry in fs::read_dir(spool.join("folder")).unwrap() {
        all.insert(format!("folder/{:?}", entry.unwrap().file_name()), Vec::new());
    }
    all
}
