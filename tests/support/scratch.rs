//! A private folder that disappears with its owner.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new empty folder, mode 0700, with `name` in its name for whoever finds it left behind.
    #[track_caller]
    pub fn new(name: &str) -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let salt = getrandom::u32().unwrap();
        let folder = format!("tail8x8-{name}-{}-{count}-{salt:08x}", std::process::id());
        // Cargo's own folder where there is one: what a killed run leaves is gone with the build.
        let parent =
            option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = parent.join(folder);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test may have removed it itself.
        let _ = fs::remove_dir_all(&self.0);
    }
}
