//! The modules of the application stand on floors, and no two of them import each other.
//!
//! These tests read the imports from the sources. A path is resolved to the module that defines what it
//! names, so a re-export hides nothing. A module and the modules within it count as one, and what is
//! compiled for tests only is left out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use syn::Attribute;
use syn::Item;
use syn::ItemUse;
use syn::UseTree;
use syn::visit::Visit;

use crate::sources::repository;

/// The floors, from the lowest. A module imports from its own floor and from those below.
const FLOORS: [&[&str]; 5] = [
    &["model"],
    &["services"],
    &["api", "components"],
    &["islands"],
    &["web"],
];

/// What the use cases do without.
const NOT_IN_SERVICES: [&str; 11] = [
    "axum",
    "http",
    "hyper",
    "hyper_util",
    "leptos",
    "leptos_axum",
    "leptos_meta",
    "leptos_router",
    "tower",
    "tower_http",
    "web_sys",
];

/// The names of the modules from the root of the crate to the module.
type ModulePath = Vec<String>;

#[derive(Default)]
struct Module {
    /// Names that `use` brings in, with the absolute paths that they stand for.
    imports: BTreeMap<String, Vec<String>>,
    /// The absolute paths of `use …::*`.
    globs: Vec<Vec<String>>,
    /// Every path that the module names.
    paths: BTreeSet<Vec<String>>,
    /// What the module defines.
    items: BTreeSet<String>,
}

struct Crate(BTreeMap<ModulePath, Module>);

impl Crate {
    /// Reads the sources of a crate, beginning with its root.
    fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let folder = root.parent().expect("a folder").to_owned();
        read_module(root, folder, Vec::new(), &mut modules);
        let names: BTreeSet<_> = modules.keys().cloned().collect();
        for (from, module) in &mut modules {
            for path in module.imports.values_mut().chain(&mut module.globs) {
                let within = [from.as_slice(), &path[..path.len().min(1)]].concat();
                // `use child::Name` begins with a module within.
                if !from.is_empty() && names.contains(&within) {
                    path.splice(0..0, from.iter().cloned());
                }
            }
        }
        Self(modules)
    }

    /// The module that defines what `path` names, which begins at the root of the crate.
    fn defining_module(&self, path: &[String]) -> Option<ModulePath> {
        self.resolve(path, &mut BTreeSet::new())
    }

    fn resolve(&self, path: &[String], seen: &mut BTreeSet<Vec<String>>) -> Option<ModulePath> {
        if !seen.insert(path.to_vec()) {
            return None;
        }
        let mut module = ModulePath::new();
        for (place, name) in path.iter().enumerate() {
            let mut child = module.clone();
            child.push(name.clone());
            if self.0.contains_key(&child) {
                module = child;
                continue;
            }
            let here = &self.0[&module];
            if here.items.contains(name) {
                return Some(module);
            }
            let rest = &path[place + 1..];
            if let Some(target) = here.imports.get(name) {
                return self.resolve(&[target, rest].concat(), seen);
            }
            let from_globs = here
                .globs
                .iter()
                .find_map(|glob| self.resolve(&[glob, &path[place..]].concat(), seen));
            return Some(from_globs.unwrap_or(module));
        }
        Some(module)
    }

    /// Which module imports which, without those of one line of ancestors.
    fn arrows(&self) -> BTreeMap<ModulePath, BTreeSet<ModulePath>> {
        let mut arrows = BTreeMap::new();
        for (from, module) in &self.0 {
            let imported = module.imports.values().chain(&module.globs);
            let named = module
                .paths
                .iter()
                .filter_map(|path| self.absolute(from, module, path));
            let targets: BTreeSet<_> = imported
                .cloned()
                .chain(named)
                .filter(|path| path.first().is_some_and(|first| self.is_own(first)))
                .filter_map(|path| self.defining_module(&path))
                .filter(|to| !to.starts_with(from) && !from.starts_with(to))
                .collect();
            arrows.insert(from.clone(), targets);
        }
        arrows
    }

    fn is_own(&self, name: &str) -> bool {
        self.0.contains_key(&vec![name.to_owned()])
    }

    /// `path` as it is read within a module, from the root of the crate.
    fn absolute(&self, from: &[String], module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        if let Some(imported) = module.imports.get(first) {
            return Some([imported, rest].concat());
        }
        let mut child = from.to_vec();
        child.push(first.clone());
        if self.0.contains_key(&child) {
            return Some([from, path].concat());
        }
        anchored(from, path)
    }
}

/// A path that begins with `crate`, `self` or `super`, from the root of the crate.
fn anchored(from: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, mut rest) = path.split_first()?;
    let mut base = match first.as_str() {
        "crate" => Vec::new(),
        "self" => from.to_vec(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        _ => return None,
    };
    while let Some(("super", deeper)) = rest.split_first().map(|(name, rest)| (&**name, rest)) {
        base.pop()?;
        rest = deeper;
    }
    base.extend_from_slice(rest);
    Some(base)
}

fn read_module(
    file: &Path,
    children: PathBuf,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) {
    let text = fs::read_to_string(file).expect("a file of text");
    let source = syn::parse_file(&text).expect("Rust");
    let mut reader = Reader {
        from: path.clone(),
        module: Module::default(),
    };
    let mut inner = Vec::new();
    for item in &source.items {
        if let Item::Mod(module) = item
            && module.content.is_none()
        {
            if !is_for_tests(&module.attrs) {
                inner.push(module.ident.to_string());
            }
            continue;
        }
        if let Some(name) = name_of(item) {
            reader.module.items.insert(name);
        }
        reader.visit_item(item);
    }
    modules.insert(path.clone(), reader.module);
    for name in inner {
        let flat = children.join(format!("{name}.rs"));
        let nested = children.join(&name).join("mod.rs");
        let file = if flat.exists() { flat } else { nested };
        let mut path = path.clone();
        path.push(name.clone());
        read_module(&file, children.join(&name), path, modules);
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}

/// Collects the paths that a module names.
struct Reader {
    from: ModulePath,
    module: Module,
}

impl Reader {
    fn take(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                self.take(&path.tree, &before);
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().expect("a name before `self`").clone();
                self.import(last, before);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.import(name.clone(), &[before, &[name]].concat());
            }
            UseTree::Rename(rename) => {
                let path = [before, &[rename.ident.to_string()]].concat();
                self.import(rename.rename.to_string(), &path);
            }
            UseTree::Glob(_) => {
                let path = self.anchored_or_as_is(before);
                self.module.globs.push(path);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.take(tree, before);
                }
            }
        }
    }

    fn import(&mut self, name: String, path: &[String]) {
        let path = self.anchored_or_as_is(path);
        self.module.imports.insert(name, path);
    }

    /// Another crate's path stays as it is, and so does one that begins with a module within.
    fn anchored_or_as_is(&self, path: &[String]) -> Vec<String> {
        anchored(&self.from, path).unwrap_or_else(|| path.to_vec())
    }

    /// The paths in the arguments of a macro, which are not parsed.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.name(&path);
                        path.clear();
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
                TokenTree::Group(group) => {
                    self.name(&path);
                    path.clear();
                    self.scan(group.stream());
                }
                _ => {
                    self.name(&path);
                    path.clear();
                    colons = 0;
                }
            }
        }
        self.name(&path);
    }

    fn name(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.module.paths.insert(path.to_vec());
        }
    }
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.take(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.name(&names);
        syn::visit::visit_path(self, path);
    }

    fn visit_meta_list(&mut self, list: &syn::MetaList) {
        self.scan(list.tokens.clone());
    }

    fn visit_macro(&mut self, item: &syn::Macro) {
        self.visit_path(&item.path);
        self.scan(item.tokens.clone());
    }
}

fn application() -> Crate {
    Crate::read(&repository().join("src/lib.rs"))
}

fn shown(path: &[String]) -> String {
    match path.is_empty() {
        true => "the root".to_owned(),
        false => path.join("::"),
    }
}

/// Groups of modules that reach each other.
fn cycles(arrows: &BTreeMap<ModulePath, BTreeSet<ModulePath>>) -> Vec<Vec<String>> {
    let reach = |from: &ModulePath| {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            for to in arrows.get(next).into_iter().flatten() {
                if reached.insert(to.clone()) {
                    open.push(to);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<_, _> = arrows.keys().map(|from| (from, reach(from))).collect();
    let mut groups = BTreeSet::new();
    for (from, to) in &reached {
        if to.contains(*from) {
            let group: BTreeSet<_> = to
                .iter()
                .filter(|other| reached[other].contains(*from))
                .map(|path| {
                    let within = arrows[path]
                        .iter()
                        .filter(|other| to.contains(*other) && reached[other].contains(*from));
                    let within: Vec<_> = within.map(|path| shown(path)).collect();
                    format!("{} → {}", shown(path), within.join(", "))
                })
                .collect();
            groups.insert(group.into_iter().collect::<Vec<_>>());
        }
    }
    groups.into_iter().collect()
}

fn floor(path: &[String]) -> usize {
    let Some(first) = path.first() else {
        return FLOORS.len();
    };
    FLOORS
        .iter()
        .position(|floor| floor.contains(&first.as_str()))
        .unwrap_or_else(|| panic!("`{first}` stands on no floor; see FLOORS"))
}

#[test]
fn modules_import_from_their_floor_and_from_those_below() {
    let arrows = application().arrows();
    assert!(arrows.len() > 100, "the modules were not found");
    let upwards: Vec<_> = arrows
        .iter()
        .flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)))
        .filter(|(from, to)| floor(to) > floor(from))
        .map(|(from, to)| format!("{} → {}", shown(from), shown(to)))
        .collect();
    assert!(
        upwards.is_empty(),
        "these imports point upwards: {upwards:#?}"
    );
}

#[test]
fn modules_do_not_import_each_other() {
    let mut roots = vec![repository().join("src/lib.rs")];
    for entry in fs::read_dir(repository().join("crates")).expect("a folder") {
        roots.push(entry.expect("an entry").path().join("src/lib.rs"));
    }
    assert!(roots.len() > 5, "the crates were not found");
    let mut found = Vec::new();
    for root in roots {
        for cycle in cycles(&Crate::read(&root).arrows()) {
            found.push(format!("{}: {cycle:#?}", root.display()));
        }
    }
    assert!(
        found.is_empty(),
        "these modules import each other: {}",
        found.join("\n")
    );
}

#[test]
fn services_know_neither_http_nor_leptos() {
    let application = application();
    let services = application
        .0
        .iter()
        .filter(|(path, _)| path.first().is_some_and(|first| first == "services"));
    let mut seen = 0;
    let mut found = Vec::new();
    for (path, module) in services {
        seen += 1;
        let paths = module
            .imports
            .values()
            .chain(&module.globs)
            .chain(&module.paths);
        for used in paths {
            if used
                .first()
                .is_some_and(|first| NOT_IN_SERVICES.contains(&&**first))
            {
                found.push(format!("{} → {}", shown(path), used.join("::")));
            }
        }
    }
    assert!(seen > 30, "the services were not found");
    assert!(
        found.is_empty(),
        "these imports belong to a floor above: {found:#?}"
    );
}

/// A crate of two floors, as text.
fn crate_of(files: &[(&str, &str)]) -> Crate {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    Crate::read(&folder.path().join("lib.rs"))
}

#[test]
fn re_exports_and_macros_hide_no_import() {
    let found = crate_of(&[
        ("lib.rs", "mod model; mod web;"),
        ("model.rs", "fn f() { println!(\"{}\", crate::web::NAME); }"),
        ("web.rs", "mod names; pub use names::*;"),
        ("web/names.rs", "pub use self::deep::NAME; mod deep;"),
        (
            "web/names/deep.rs",
            "pub const NAME: u8 = 0; use crate::model;",
        ),
    ]);
    let arrows = found.arrows();
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<ModulePath>();
    let deep = path("web::names::deep");
    assert!(arrows[&path("model")].contains(&deep), "{arrows:?}");
    assert!(arrows[&deep].contains(&path("model")), "{arrows:?}");
    assert_eq!(cycles(&arrows).len(), 1, "{arrows:?}");
}
