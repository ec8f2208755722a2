//! What libFuzzer runs: one of the program's checks, named by the variable `TARGET`. With the
//! variable `UNPACK` or `PACK`, a folder, it writes the target's corpus there, or prints the lines of
//! what is there.

#![no_main]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tail8x8::fuzz::{TARGETS, Target, inputs, line, stretched};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").expect("TARGET names a check");
    TARGETS.into_iter().find(|target| target.name == name).expect("a known check")
});

/// One of so many inputs is long.
const LONG_EVERY: u64 = 2048;

/// The longest corpus, in bytes: of a larger one the smallest inputs are enough.
const MOST: usize = 48 * 1024;

fuzz_target!(
    init: {
        if let Ok(folder) = std::env::var("UNPACK") {
            unpack(Path::new(&folder));
        }
        if let Ok(folder) = std::env::var("PACK") {
            pack(Path::new(&folder));
        }
    },
    |data: &[u8]| {
        (TARGET.check)(data);
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        if hasher.finish().is_multiple_of(LONG_EVERY) {
            (TARGET.check)(&stretched(data, TARGET.long));
        }
    }
);

fn unpack(folder: &Path) {
    for (number, input) in inputs(TARGET.corpus).enumerate() {
        fs::write(folder.join(format!("corpus-{number}")), input).expect("written");
    }
    std::process::exit(0);
}

fn pack(folder: &Path) {
    let files = fs::read_dir(folder).expect("a folder");
    let mut inputs: Vec<Vec<u8>> =
        files.map(|file| fs::read(file.expect("a file").path()).expect("its bytes")).collect();
    inputs.sort_by_key(|input| (input.len(), input.clone()));
    let mut length = 0;
    for line in inputs.iter().map(|input| line(input)) {
        length += line.len();
        if length > MOST {
            break;
        }
        println!("{line}");
    }
    std::process::exit(0);
}
