//! The command line: what was typed, checked word by word.
//!
//! [`options`] is the table that everything else here uses. What several options, the environment
//! and the config file mean together is settled in [`crate::settings`].

mod checks;
mod command;
mod complete;
mod document;
mod generate;
mod given;
mod help;
mod items;
mod man;
mod nearest;
mod opt;
mod options;
mod parse;
mod typed;

pub(crate) use command::Command;
pub(crate) use document::Document;
pub(crate) use generate::generate;
pub(crate) use given::Given;
pub(crate) use help::{long as long_help, short as short_help};
pub(crate) use nearest::nearest;
#[cfg(test)]
pub(crate) use opt::Fallback;
pub(crate) use opt::{Endpoint, Opt, Section};
pub(crate) use options::{OPTIONS, by_long};
pub(crate) use parse::{Parsed, parse, understood};
pub(crate) use typed::{Args, Layer};
