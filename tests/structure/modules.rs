//! The modules of a crate and what each imports from which: by `use`, and by paths in the code.
//!
//! A name is followed through re-exports to the file that has it, so a `mod.rs` that only passes on
//! what its children have imports nothing. What needs no name is not seen: a method, for one.

use std::collections::BTreeSet;

use super::Sources;
use super::tokens::{Token, behind_brackets, tokens};

pub(super) struct Modules<'a>(Vec<Module<'a>>);

/// One file.
struct Module<'a> {
    /// Empty for the root.
    path: Vec<&'a str>,
    file: &'a str,
    children: Vec<&'a str>,
    uses: Vec<Use<'a>>,
    /// Without `use` declarations.
    code: Vec<Token<'a>>,
}

/// One name of a `use` declaration.
#[derive(Clone, Debug)]
struct Use<'a> {
    /// As which it is known here; `*` for all there are.
    name: &'a str,
    path: Vec<&'a str>,
    public: bool,
}

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

impl<'a> Module<'a> {
    fn new(path: Vec<&'a str>, file: &'a str, all: Vec<Token<'a>>) -> Module<'a> {
        let mut module =
            Module { path, file, children: Vec::new(), uses: Vec::new(), code: Vec::new() };
        let mut at = 0;
        let mut public = false;
        while let Some(token) = all.get(at) {
            match (token.text, all.get(at + 1).map(|next| next.text)) {
                ("pub", Some("(")) => {
                    public = true;
                    at = behind_brackets(&all, at + 1);
                    continue;
                }
                ("pub", _) => public = true,
                ("use", _) => {
                    at = module.add_uses(&all, at + 1, &[], public);
                    public = false;
                }
                ("mod", Some(child)) if all.get(at + 2).is_some_and(|it| it.text == ";") => {
                    module.children.push(child);
                    at += 2;
                    public = false;
                }
                _ => {
                    module.code.push(*token);
                    public = false;
                }
            }
            at += 1;
        }
        module
    }

    /// Reads one tree of a `use` declaration and gives the place of what ends it: `;`, `,` or `}`.
    fn add_uses(
        &mut self,
        all: &[Token<'a>],
        mut at: usize,
        prefix: &[&'a str],
        public: bool,
    ) -> usize {
        let mut path = prefix.to_vec();
        let (mut name, mut is_empty) = (None, true);
        loop {
            match all[at].text {
                "::" => {}
                "{" => {
                    while all[at].text != "}" {
                        at = self.add_uses(all, at + 1, &path, public);
                    }
                    return at + 1;
                }
                "," | "}" | ";" => break,
                "as" => {
                    at += 1;
                    name = Some(all[at].text);
                }
                "self" if !path.is_empty() => is_empty = false,
                part => {
                    path.push(part);
                    is_empty = false;
                }
            }
            at += 1;
        }
        if let Some(&last) = path.last().filter(|_| !is_empty) {
            if last == "*" {
                path.pop();
            }
            self.uses.push(Use { name: name.unwrap_or(last), path, public });
        }
        at
    }

    /// Every path that means another module's item, as written here.
    fn paths(&self) -> Vec<Vec<&'a str>> {
        let mut paths = Vec::new();
        for (at, token) in self.code.iter().enumerate() {
            let starts = at == 0 || !matches!(self.code[at - 1].text, "::" | ".");
            let known = matches!(token.text, "crate" | "super" | "self")
                || self.children.contains(&token.text)
                || self.uses.iter().any(|it| it.name == token.text);
            if starts && known {
                let path = path_at(&self.code[at..]);
                // What is passed on by `pub use` and used here, too, needs no `::` behind it.
                if path.len() > 1 || self.passes_on(token.text) {
                    paths.push(path);
                }
            }
        }
        let used = |name: &str| paths.iter().any(|path| path[0] == name);
        let mine = self.uses.iter().filter(|it| !self.passes_on(it.name) && !used(it.name));
        let mine: Vec<_> = mine.map(|it| it.path.clone()).collect();
        paths.extend(mine);
        paths
    }

    /// Whether it is one of the names that are here for others, and come from below.
    fn passes_on(&self, name: &str) -> bool {
        let from_below = |path: &[&str]| match path {
            ["self", child, ..] | [child, ..] => self.children.contains(child),
            [] => false,
        };
        self.uses.iter().any(|it| it.name == name && it.public && from_below(&it.path))
    }

    fn defines(&self, name: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "const", "static", "type", "trait", "union"];
        self.code.windows(2).any(|pair| pair[1].text == name && kinds.contains(&pair[0].text))
    }
}

fn path_at<'a>(code: &[Token<'a>]) -> Vec<&'a str> {
    let mut path = vec![code[0].text];
    for pair in code[1..].chunks_exact(2) {
        let is_name = pair[1].text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if pair[0].text != "::" || !is_name {
            break;
        }
        path.push(pair[1].text);
    }
    path
}
