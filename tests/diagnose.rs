//! `tail8x8 diagnose`: for every fault the right check, code, exit code, advice and row of 8x8's
//! troubleshooting page, in one table; and what it prints, writes and leaves alone when all is
//! well. Every document is held against the published schema.

mod document;
mod files;
mod good;
mod interrupted;
mod limits;
mod names;
mod output;
mod regions;
mod report;
mod schema;
mod settings;
mod stream;
mod table;
mod tls;

use libtest_mimic::Trial;

use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [
        schema::trials(),
        table::trials(),
        names::trials(),
        tls::trials(),
        limits::trials(),
        good::trials(),
        stream::trials(),
        settings::trials(),
        files::trials(),
        regions::trials(),
        report::trials(),
        interrupted::trials(),
        output::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// For those that tell how fast it is.
fn alone(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::alone(format!("diagnose: {name}"), move || {
        body();
        Ok(())
    })
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("diagnose: {name}"), move || {
        body();
        Ok(())
    })
}
