//! The class path of a Pulsar version, asked of Maven once and remembered under cargo's target
//! folder. The first call downloads some 200 MB into Maven's own repository; later runs need
//! neither Maven nor a network.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Version;

const POM: &str = include_str!("../../pulsar/pom.xml");

/// The jars of this version, joined by colons.
#[track_caller]
pub fn class_path(version: &Version) -> String {
    // Examples compile the support too, but cargo names this folder to tests only.
    let Some(target) = option_env!("CARGO_TARGET_TMPDIR") else { panic!("not built as a test") };
    let folder = Path::new(target).join(format!("pulsar-{version}"));
    fs::create_dir_all(&folder).unwrap();
    // Test processes that run at the same time would download the same files.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    remembered(&folder).unwrap_or_else(|| ask_maven(version, &folder))
}

/// What an earlier run was told, if it was asked the same and every jar is still there.
fn remembered(folder: &Path) -> Option<String> {
    let pom = fs::read_to_string(folder.join("pom.xml")).ok()?;
    let jars = fs::read_to_string(folder.join("class-path")).ok()?;
    (pom == POM && jars.split(':').all(|jar| Path::new(jar).is_file())).then_some(jars)
}

#[track_caller]
fn ask_maven(version: &Version, folder: &Path) -> String {
    // The old answer goes first: one that stays beside a new question would be believed.
    let answer = folder.join("class-path");
    let _ = fs::remove_file(&answer);
    fs::write(folder.join("pom.xml"), POM).unwrap();

    let fresh = folder.join("class-path.new");
    let maven = Command::new("mvn")
        .args(["--batch-mode", "--quiet", "--no-transfer-progress"])
        .arg(format!("-Dpulsar.version={version}"))
        .arg("dependency:build-classpath")
        .arg("-DincludeScope=runtime")
        .arg(format!("-Dmdep.outputFile={}", fresh.display()))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("mvn is there");
    assert!(
        maven.status.success(),
        "mvn could not find the jars of Pulsar {version}:\n{}{}",
        String::from_utf8_lossy(&maven.stdout),
        String::from_utf8_lossy(&maven.stderr),
    );
    fs::rename(&fresh, &answer).unwrap();
    fs::read_to_string(&answer).unwrap().trim().to_owned()
}
