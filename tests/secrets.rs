//! Secrets, and text that acts on a terminal: neither leaves the program, wherever a server or a proxy
//! puts them and in whatever form. After each run all that it printed and left in its folder is
//! searched for the key in every form (`support::canary`).

mod clothes;
mod echoes;
mod memory;
mod mistakes;
mod proxies;
mod terminal;

use libtest_mimic::Trial;

use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [echoes::trials(), proxies::trials(), mistakes::trials(), terminal::trials(), memory::trials()]
        .into_iter()
        .flatten()
        .collect()
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("secrets: {name}"), move || {
        body();
        Ok(())
    })
}
