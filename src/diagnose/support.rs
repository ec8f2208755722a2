//! `--report`: what 8x8 support asks for, in one file that can be sent unchanged: versions, the
//! parameters without the key, the relevant environment, and every check.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::findings::Findings;
use super::json;
use super::text::Style;
use crate::fault::{Failure, Fault, Step};
use crate::secret::{self, Secret};

/// Variables that change what the program or its libraries do. `true` means that the value is
/// shown: it is a path, a list or a name, and not one that may contain a key or a login.
const VARIABLES: [(&str, bool); 16] = [
    ("PULSAR_TENANT", true),
    ("PULSAR_HOST", false),
    ("PULSAR_API_KEY", false),
    ("PULSAR_API_KEY_FILE", true),
    ("CREDENTIALS_DIRECTORY", true),
    ("https_proxy", false),
    ("HTTPS_PROXY", false),
    ("all_proxy", false),
    ("ALL_PROXY", false),
    ("no_proxy", true),
    ("NO_PROXY", true),
    ("SSL_CERT_FILE", true),
    ("SSL_CERT_DIR", true),
    ("RES_OPTIONS", true),
    ("LOCALDOMAIN", true),
    ("TAIL8X8_RESOLV_CONF", true),
];

/// Creates the file, for its owner alone; one that exists is never overwritten.
///
/// # Errors
/// If it cannot be created.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| failure(path, &e))
}

/// Writes the report.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(
    mut file: &File,
    path: &Path,
    findings: &Findings<'_>,
    clean: &dyn Fn(&str) -> String,
) -> Result<(), Failure> {
    let document = clean(&document(findings, clean)) + &json::document(findings, clean);
    file.write_all(document.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| failure(path, &e))
}

fn failure(path: &Path, e: &io::Error) -> Failure {
    let subject = format!("--report {}", path.display());
    Failure::of_call(Step::Config, subject, Fault::ReportExists, e)
}

fn document(findings: &Findings<'_>, clean: &dyn Fn(&str) -> String) -> String {
    let style = Style { color: false, clean };
    let mut out = style.head(findings);
    for check in &findings.checks {
        out.push_str(&style.check(check));
    }
    out.push_str(&style.tail(findings));
    out.push_str("\nSystem\n");
    let kernel = std::fs::read_to_string("/proc/version").unwrap_or_default();
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = system
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"'));
    for (what, value) in [
        ("program", concat!("tail8x8 ", env!("CARGO_PKG_VERSION"))),
        ("build", if cfg!(debug_assertions) { "debug" } else { "release" }),
        ("architecture", std::env::consts::ARCH),
        ("system", name.unwrap_or("unknown")),
        ("kernel", kernel.trim()),
        ("tls library", openssl::version::version()),
    ] {
        out.push_str(&format!("  {what:<13} {value}\n"));
    }
    out.push_str("\nEnvironment\n");
    for (name, is_shown) in VARIABLES {
        let Some(value) = std::env::var_os(name) else { continue };
        let value = Secret::new(value.to_string_lossy().into_owned());
        let value = match is_shown {
            true => secret::one_line(value.expose(), 200),
            false => format!("(set, {} characters)", value.expose().chars().count()),
        };
        out.push_str(&format!("  {name}={value}\n"));
    }
    out.push_str("\nMachine-readable copy\n");
    out
}
