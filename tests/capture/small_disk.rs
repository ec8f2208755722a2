//! A real small file system: a tmpfs in a mount namespace of its own, held by a process that does
//! nothing else. The program is started inside; the tests look in through `/proc`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::{Spool, through};
use crate::support::run::Run;
use crate::support::scratch::Scratch;

pub(crate) struct SmallDisk {
    holder: Child,
    // Below the process that has it mounted.
    folder: Scratch,
}

impl SmallDisk {
    /// Why there can be none here.
    pub(crate) fn missing() -> Option<String> {
        let lacks = |program, args: &[&str]| super::missing(program, args);
        lacks("unshare", &["--mount", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"])
            .or_else(|| lacks("nsenter", &["--version"]))
    }

    pub(crate) fn new(size: &str) -> SmallDisk {
        let folder = Scratch::new("disk");
        let script = r#"mount -t tmpfs -o "size=$1" tmpfs "$2" && echo ready && exec sleep 1000"#;
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh", size])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        SmallDisk { holder, folder }
    }

    /// Where the program finds `name`.
    pub(crate) fn inside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where a test finds `name`.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        let inside = self.inside(name);
        PathBuf::from(root).join(inside.strip_prefix("/").unwrap())
    }

    /// The process that holds the mount namespace.
    pub(crate) fn pid(&self) -> u32 {
        self.holder.id()
    }

    pub(crate) fn run(&self, run: Run) -> Run {
        let home = format!("--wd={}", run.home().display());
        through(run, &["nsenter", &format!("--target={}", self.holder.id()), "--mount", &home])
    }

    /// To the last byte.
    pub(crate) fn fill(&self) {
        self.fill_but(0);
    }

    /// All but some blocks.
    pub(crate) fn fill_but(&self, free: usize) {
        let mut options = fs::OpenOptions::new();
        let mut filler = options.create(true).append(true).open(self.outside("filler")).unwrap();
        while filler.write(&[0; 4096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length - free as u64 * 4096).unwrap();
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.outside("filler")).unwrap();
    }

    pub(crate) fn lines_of(&self, name: &str) -> Vec<String> {
        super::spool::lines(&fs::read(self.outside(name)).unwrap_or_default())
    }

    /// A capture whose output lies here and whose cursor lies in `spool`.
    pub(crate) fn output_here(
        &self,
        spool: &Spool,
        service: &crate::support::service::Service,
    ) -> Run {
        self.run(spool.run_with_cursor(service).arg("-o").arg(self.inside("events.ndjson")))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
