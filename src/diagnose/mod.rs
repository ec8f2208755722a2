//! `tail8x8 diagnose`: runs the same connect steps as a reader, and reports for each step what it
//! found, what is wrong and what to do.
//!
//! The checks are data ([`check`]), which is then rendered. Only the target, its proxy, the
//! configured nameservers and, on request, the other regions are contacted.

mod addresses;
mod authorities;
mod case;
mod certificate;
mod check;
mod config;
mod diagnosis;
mod evidence;
mod files;
mod findings;
mod flow;
#[cfg(any(test, fuzzing))]
#[path = "../../tests/fuzz/checks/certificate.rs"]
pub(crate) mod fuzz;
mod heard;
mod json;
mod judge;
mod key;
mod listen;
mod look;
mod names;
mod observer;
mod options;
mod passed;
mod print;
mod refusal;
mod region_finding;
mod regions;
mod silence;
mod stream;
mod support;
mod text;
mod tls;
mod trust;

use crate::exit::Exit;
use crate::fault::Failure;
use crate::report::Report;
use crate::settings::Settings;
use crate::wait::Signals;
use diagnosis::Diagnosis;
pub(crate) use options::Options;

/// Makes every check and prints the findings.
pub(crate) fn diagnose(
    settled: &Result<Settings, Failure>,
    options: &Options,
    report: &mut Report,
    signals: &mut Signals,
) -> Exit {
    let mut diagnosis = Diagnosis::new(settled, options, report, signals);
    diagnosis.run(settled);
    diagnosis.finish()
}
