//! The imports of each module form three groups.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use syn::Item;
use syn::ItemUse;
use syn::UseTree;
use syn::Visibility;
use syn::spanned::Spanned;

use crate::sources::files;

/// What a `use` brings in, in the order of the groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    StandardLibrary,
    OtherCrates,
    ThisCrate,
    ReExports,
}

impl Group {
    /// The group of an import, in a module that declares the modules `inner`.
    fn of(import: &ItemUse, inner: &BTreeSet<String>) -> Self {
        if !matches!(import.vis, Visibility::Inherited) {
            return Self::ReExports;
        }
        let first = match &import.tree {
            UseTree::Path(path) => &path.ident,
            UseTree::Name(name) => &name.ident,
            UseTree::Rename(rename) => &rename.ident,
            UseTree::Glob(_) | UseTree::Group(_) => return Self::OtherCrates,
        };
        match first.to_string().as_str() {
            "std" | "core" | "alloc" => Self::StandardLibrary,
            "crate" | "self" | "super" => Self::ThisCrate,
            name if inner.contains(name) => Self::ThisCrate,
            _ => Self::OtherCrates,
        }
    }
}

/// An import, with its place among the items of the module. Its attributes, such as `#[cfg(…)]`, belong to it.
struct Import {
    place: usize,
    group: Group,
    first_line: usize,
    last_line: usize,
}

impl Import {
    /// What is wrong with this import, which is the next below `before`.
    fn fault_below(&self, before: &Self, text: &str) -> Option<&'static str> {
        let lines = text.lines().take(self.first_line - 1);
        let is_apart = lines
            .skip(before.last_line)
            .any(|line| line.trim().is_empty());
        let is_next = self.place == before.place + 1;
        match self.group.cmp(&before.group) {
            Ordering::Less => Some("belongs to a group above"),
            Ordering::Greater if is_next && !is_apart => {
                Some("begins a group without a blank line")
            }
            // Re-exports form as many lists as the module needs.
            _ if self.group == Group::ReExports => None,
            Ordering::Equal if is_next && is_apart => Some("is cut off its group"),
            _ if !is_next => Some("is cut off the other imports"),
            _ => None,
        }
    }
}

/// The number of imports in a file, and what is wrong with them by line.
#[derive(Default)]
struct Imports {
    seen: usize,
    faults: Vec<(usize, &'static str)>,
}

impl Imports {
    fn of(text: &str) -> Self {
        let mut imports = Self::default();
        imports.read(&syn::parse_file(text).expect("Rust").items, text);
        imports
    }

    /// Reads a module and the modules within.
    fn read(&mut self, items: &[Item], text: &str) {
        let modules = items.iter().filter_map(|item| match item {
            Item::Mod(module) => Some(module),
            _ => None,
        });
        let inner: BTreeSet<_> = modules.clone().map(|one| one.ident.to_string()).collect();
        let mut before: Option<Import> = None;
        for (place, item) in items.iter().enumerate() {
            let Item::Use(item) = item else { continue };
            let import = Import {
                place,
                group: Group::of(item, &inner),
                first_line: item.span().start().line,
                last_line: item.span().end().line,
            };
            let fault = before.and_then(|before| import.fault_below(&before, text));
            self.faults
                .extend(fault.map(|fault| (import.first_line, fault)));
            self.seen += 1;
            before = Some(import);
        }
        for (_, items) in modules.filter_map(|module| module.content.as_ref()) {
            self.read(items, text);
        }
    }
}

#[test]
fn imports_form_three_groups() {
    let mut found = Vec::new();
    let mut seen = 0;
    for (path, text) in files("rs") {
        let imports = Imports::of(&text);
        seen += imports.seen;
        for (line, fault) in imports.faults {
            found.push(format!("{}:{line}: {fault}", path.display()));
        }
    }
    assert!(seen > 1000, "the imports were not found");
    assert!(found.is_empty(), "these imports stand wrong: {found:#?}");
}

#[test]
fn attributes_and_modules_within_hide_no_import() {
    let faults = |text: &str| {
        let faults = Imports::of(text).faults.into_iter();
        faults.map(|(line, _)| line).collect::<Vec<_>>()
    };
    let right = "mod a;\n\nuse std::fmt;\n\n#[cfg(unix)]\nuse b::B;\nuse c::C;\n\nuse a::A;\n\npub use a::D;\n";
    assert_eq!(faults(right), []);
    assert_eq!(faults("use b::B;\n#[cfg(unix)]\nuse std::fmt;\n"), [2]);
    assert_eq!(faults("use b::B;\n#[cfg(unix)]\nuse crate::C;\n"), [2]);
    assert_eq!(faults("use b::B;\n\n#[cfg(unix)]\nuse c::C;\n"), [3]);
    assert_eq!(faults("use b::B;\n\nconst D: u8 = 0;\n\nuse c::C;\n"), [5]);
    assert_eq!(faults("pub use crate::B;\n\nuse std::fmt;\n"), [3]);
    assert_eq!(
        faults("mod tests {\n    use super::*;\n    use b::B;\n}\n"),
        [3]
    );
}
