//! One file as a module: what it declares, what it imports, and which paths its code holds.

use super::tokens::{Token, behind_brackets};

/// One file.
pub(super) struct Module<'a> {
    /// Empty for the root.
    pub(super) path: Vec<&'a str>,
    pub(super) file: &'a str,
    pub(super) children: Vec<&'a str>,
    pub(super) uses: Vec<Use<'a>>,
    /// Without `use` declarations.
    pub(super) code: Vec<Token<'a>>,
}

/// One name of a `use` declaration.
#[derive(Clone, Debug)]
pub(super) struct Use<'a> {
    /// As which it is known here; `*` for all there are.
    pub(super) name: &'a str,
    pub(super) path: Vec<&'a str>,
    pub(super) public: bool,
}

impl<'a> Module<'a> {
    pub(super) fn new(path: Vec<&'a str>, file: &'a str, all: Vec<Token<'a>>) -> Module<'a> {
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
    pub(super) fn paths(&self) -> Vec<Vec<&'a str>> {
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

    pub(super) fn defines(&self, name: &str) -> bool {
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
