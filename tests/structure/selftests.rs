//! The checks themselves, on invented sources: one that cannot fail proves nothing.

use libtest_mimic::Trial;

use super::tokens::{tokens, without_tests};
use super::{Sources, circles_between, files, lengths, rooms, test};

pub(super) fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("comments, strings and lifetimes are no code", literals),
        ("tests are left out", left_out),
        ("a circle is found by `use` and by paths in the code", circles),
        ("a name is followed to the file that has it", followed),
        ("a parent that uses its child must not be used by it", parent_and_child),
        ("floors are counted along the longest chain", floors),
        ("long functions and wide structs are found", too_much),
    ];
    let trials = tests.iter().map(|&(name, body)| {
        test(&format!("the checks: {name}"), move || {
            body();
            Ok(())
        })
    });
    trials.collect()
}

fn texts(source: &str) -> Vec<String> {
    without_tests(tokens(source)).iter().map(|token| token.text.to_owned()).collect()
}

fn literals() {
    let source = r####"a // unsafe "
        /* unsafe /* nested */ ' */ 'b' '\'' '\u{7d}' "un\"safe" r#"un"safe"# br"x\" b"y" 'life x::y"####;
    let expected = ["a", "'", "'", "'", "\"", "\"", "\"", "\"", "'life", "x", "::", "y"];
    assert_eq!(texts(source), expected);
    assert_eq!(tokens("a\n\"\n\"\nb").last().unwrap().line, 4);
}

fn left_out() {
    let source = "a #[cfg(test)] mod tests { fn f() { } } b #[cfg(test)] #[allow(x)] use y::{z}; c \
        #[cfg(test)] mod testing; d #[cfg(test)] impl A for B { } e #[cfg(test)] fn f(x: [u8; 2]) { } f";
    assert_eq!(texts(source), ["a", "b", "c", "d", "e", "f"]);
    let source = "a #[cfg(any(test, fuzzing))] #[path = \"x\"] pub mod fuzz; b #[cfg(any(unix, test))] mod c;";
    assert_eq!(texts(source)[..2], ["a", "b"]);
    assert!(texts(source).ends_with(&["mod".to_owned(), "c".to_owned(), ";".to_owned()]));
}

fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(name, text)| (format!("src/{name}"), (*text).to_owned())).collect()
}

#[track_caller]
fn assert_circles(given: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(circles_between(&files(&sources(given))), expected);
}

fn circles() {
    let main = ("main.rs", "mod a; mod b; mod c; use a::A; fn main() { A::x() }");
    assert_circles(
        &[main, ("a.rs", "use crate::b::B;"), ("b.rs", "pub(crate) struct B;"), ("c.rs", "")],
        &[],
    );
    let a = ("a.rs", "use std::fmt; use crate::{b::{self, B, C}, c as d}; fn f() { b::g() }");
    let tested = ("b.rs", "struct B; #[cfg(test)] mod tests { use crate::a::A; }");
    assert_circles(&[main, a, tested, ("c.rs", "")], &[]);
    let c = ("c.rs", "fn f() -> super::a::A { }");
    let found = "  a circle\n    src/a.rs -> src/c.rs: (itself)\n    src/c.rs -> src/a.rs: A";
    assert_circles(&[main, a, tested, c], &[found]);
    let b = ("b.rs", "// crate::a\nfn f() { crate::c::g::<u8>() }");
    let found = "  a circle\n    src/a.rs -> src/b.rs: B, C, g\n    src/b.rs -> src/c.rs: g\n    \
        src/c.rs -> src/a.rs: A";
    let a = ("a.rs", "use crate::{b::{self, B, C}}; fn f() { b::g() }");
    assert_circles(&[main, a, b, c], &[found]);
    // A visibility is no import, and what is on the way to another crate neither.
    let b = ("b.rs", "pub(in crate::a) struct B; use a::X; use ::a::Y;");
    assert_circles(&[main, a, b, ("c.rs", "")], &[]);
}

fn followed() {
    let main = ("main.rs", "mod room; mod other;");
    let room = "mod x; mod y; pub(crate) use x::X; pub(crate) use self::y::{Y as Z, *};";
    let x = "use super::Z; pub(crate) struct X;";
    let y = "pub(crate) struct Y; pub(crate) fn free() {}";
    let given = [main, ("room/mod.rs", room), ("room/x.rs", x), ("room/y.rs", y)];
    let other = ("other.rs", "use crate::room; fn f() { room::X; room::free() }");
    assert_circles(&[&given[..], &[other]].concat(), &[]);
    let x = ("room/x.rs", "use super::Z; use crate::other::f; pub(crate) struct X;");
    let found =
        "  a circle\n    src/other.rs -> src/room/x.rs: X\n    src/room/x.rs -> src/other.rs: f";
    assert_circles(&[main, given[1], x, given[3], other], &[found]);
}

fn parent_and_child() {
    let main = ("main.rs", "mod room;");
    let child = ("room/child.rs", "use super::Parent; pub(crate) struct Child;");
    let passed_on = "mod child; pub(crate) use child::Child; struct Parent;";
    assert_circles(&[main, ("room/mod.rs", passed_on), child], &[]);
    let found = "  a circle\n    src/room/child.rs -> src/room/mod.rs: Parent\n    \
        src/room/mod.rs -> src/room/child.rs: Child";
    let same = |circles: Vec<String>| {
        let mut lines: Vec<_> = circles.iter().flat_map(|it| it.lines()).collect();
        lines.sort_unstable();
        let mut expected: Vec<_> = found.lines().collect();
        expected.sort_unstable();
        assert_eq!(lines, expected);
    };
    for uses in [
        "mod child; pub(crate) use child::Child; struct Parent(Child);",
        "mod child; use child::Child; struct Parent(Child);",
        "mod child; struct Parent(child::Child);",
    ] {
        let given = sources(&[main, ("room/mod.rs", uses), child]);
        same(circles_between(&files(&given)));
        assert!(circles_between(&rooms(&given)).is_empty());
    }
}

fn floors() {
    let main = ("main.rs", "mod a; mod b; mod c; use a::A;");
    let a = ("a.rs", "use crate::b::B; use crate::c::C;");
    let (b, c) = (("b.rs", "use crate::c::C;"), ("c.rs", "struct C;"));
    assert_eq!(rooms(&sources(&[main, a, b, c])).longest_chain(), ["main", "a", "b", "c"]);
    let c = ("c.rs", "use crate::b::B; struct C;");
    let given = sources(&[main, a, b, c]);
    assert_eq!(rooms(&given).longest_chain(), ["main", "a", "b = c"]);
    assert_eq!(circles_between(&rooms(&given)).len(), 1);
}

fn too_much() {
    let lines = "\n".repeat(59);
    let tests = format!("#[cfg(test)] mod tests {{ fn t() {{{lines}\n\n }} }}");
    let fields = "x: Box<dyn Fn(A) -> B>, ".repeat(12);
    let fine =
        format!("fn f(x: [u8; 2]) {{{lines}}}\nfn g(); struct S<T: X> {{ {fields} }} {tests}");
    let fine = fine.replace("S<T: X>", "S<T>");
    let given = sources(&[("read/a.rs", &fine), ("sys.rs", &lines)]);
    assert!(lengths::excesses(&given, &["src/read"]).is_empty());
    let much = format!("\nfn f() {{\n{lines}}} struct S {{ {fields} y: u8 }}");
    let given = sources(&[("read.rs", &much), ("sys.rs", &much), ("readers.rs", &much)]);
    let found = lengths::excesses(&given, &["src/read"]);
    let expected = [
        "  src/read.rs:2: f has 61 lines, at most 60",
        "  src/read.rs:62: S has 13 fields, at most 12",
    ];
    assert_eq!(found, expected);
}
