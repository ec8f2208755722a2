//! `tail8x8 diagnose`: walks the same connector as a reader, and says of every step what it found,
//! what is wrong and what to do.
//!
//! The checks are data ([`check`]); what is printed are renderings of it. Nobody is contacted but
//! the target, its proxy, the configured nameservers and, when asked, the other regions.

mod addresses;
mod authorities;
mod case;
mod certificate;
mod check;
mod config;
mod diagnosis;
mod evidence;
mod findings;
mod flow;
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

/// Makes every check and prints what it found.
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
