//! The modules of a crate and what each imports from which: by `use`, and by paths in the code.
//!
//! A name is followed through re-exports to the file that has it, so a `mod.rs` that only passes on
//! what its children have imports nothing. What needs no name is not seen: a method, for one.

use std::collections::BTreeSet;

use super::Sources;
use super::module::{Module, Use};
use super::tokens::{Token, tokens};

pub(super) struct Modules<'a>(Vec<Module<'a>>);

/// The module numbered `from` uses `name` of the module numbered `to`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) name: String,
}

/// Longer chains of re-exports are circles of them.
const MOST_STEPS: usize = 16;

impl<'a> Modules<'a> {
    /// Beginning with `src/main.rs`. `choose` keeps the tokens that count.
    pub(super) fn new(
        sources: &'a Sources,
        choose: impl Fn(Vec<Token<'a>>) -> Vec<Token<'a>>,
    ) -> Modules<'a> {
        let mut modules = Vec::new();
        let mut waiting = vec![Vec::new()];
        while let Some(path) = waiting.pop() {
            let stem = path.join("/");
            let names = match path.len() {
                0 => vec!["src/main.rs".to_owned()],
                _ => vec![format!("src/{stem}.rs"), format!("src/{stem}/mod.rs")],
            };
            let found = names.iter().find_map(|name| sources.get_key_value(name));
            let (file, text) = found.unwrap_or_else(|| panic!("none of {names:?}"));
            let module = Module::new(path, file, choose(tokens(text)));
            let below = |child| [&module.path[..], &[child]].concat();
            waiting.extend(module.children.iter().map(|&child| below(child)));
            modules.push(module);
        }
        Modules(modules)
    }

    pub(super) fn file(&self, module: usize) -> &str {
        self.0[module].file
    }

    pub(super) fn room(&self, module: usize) -> &str {
        self.0[module].path.first().unwrap_or(&"main")
    }

    /// Those from another file, each once.
    pub(super) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for (from, module) in self.0.iter().enumerate() {
            for path in module.paths() {
                let found = self.absolute(from, &path, 0).and_then(|path| self.home(&path, 0));
                if let Some((to, name)) = found.filter(|(to, _)| *to != from) {
                    imports.insert(Import { from, to, name });
                }
            }
        }
        imports
    }

    /// A path as written in a module, from the root of the crate; `None` leads to another crate.
    fn absolute(&self, within: usize, path: &[&'a str], steps: usize) -> Option<Vec<&'a str>> {
        let module = &self.0[within];
        let mut base = module.path.clone();
        let (&first, rest) = path.split_first().filter(|_| steps < MOST_STEPS)?;
        match first {
            "crate" => return Some(rest.to_vec()),
            "self" => {}
            "super" => {
                let ups = path.iter().take_while(|part| **part == "super").count();
                base.truncate(base.len().checked_sub(ups)?);
                base.extend(&path[ups..]);
                return Some(base);
            }
            child if module.children.contains(&child) => base.push(child),
            name => {
                let alias = module.uses.iter().find(|it| it.name == name && it.path != [name])?;
                base = self.absolute(within, &alias.path, steps + 1)?;
            }
        }
        base.extend(rest);
        Some(base)
    }

    /// The module that has what an absolute path names, and the name there.
    fn home(&self, path: &[&'a str], steps: usize) -> Option<(usize, String)> {
        let mut at = self.at(&[])?;
        for (depth, &part) in path.iter().enumerate() {
            let module = &self.0[at];
            if let Some(child) = self.at(&path[..=depth]) {
                at = child;
            } else if steps < MOST_STEPS && !module.defines(part) {
                let follow = |it: &Use<'a>| {
                    let passed = match it.name {
                        "*" => &path[depth..],
                        _ => &path[depth + 1..],
                    };
                    let there = self.absolute(at, &[&it.path[..], passed].concat(), 0)?;
                    let (home, name) = self.home(&there, steps + 1)?;
                    (it.name != "*" || self.0[home].defines(&name)).then_some((home, name))
                };
                let named = module.uses.iter().filter(|it| it.name == part);
                let globs = module.uses.iter().filter(|it| it.name == "*");
                return named.chain(globs).find_map(follow).or(Some((at, part.to_owned())));
            } else {
                return Some((at, part.to_owned()));
            }
        }
        Some((at, "(itself)".to_owned()))
    }

    fn at(&self, path: &[&str]) -> Option<usize> {
        self.0.iter().position(|module| module.path == path)
    }
}
