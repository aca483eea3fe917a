//! Rules of `STYLE.md` that the sources keep.

use std::path::Path;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;

use crate::sources::files;

/// The most lines of a function, from its signature to its end.
const MAX_LINES: usize = 70;

/// The most parameters of a function, beside `self`.
const MAX_PARAMETERS: usize = 5;

/// Words that name no actor.
const NO_ACTOR: [&str; 5] = ["whoever", "whomever", "somebody", "nobody", "anybody"];

/// A test reads from top to bottom, and may be long.
fn is_for_tests(file: &Path) -> bool {
    let path = file.display().to_string();
    ["/tests/", "/tests.rs", "/conformance/"]
        .iter()
        .any(|part| path.contains(part))
}

struct Functions<'a> {
    file: &'a Path,
    too_long: Vec<String>,
    seen: usize,
}

impl Functions<'_> {
    fn check(&mut self, attributes: &[syn::Attribute], signature: &syn::Signature, end: usize) {
        self.seen += 1;
        // A component is markup, and its parameters are attributes.
        let is_component = attributes
            .iter()
            .any(|one| one.path().is_ident("component"));
        let is_test = attributes.iter().any(|one| {
            let path = one.path().to_token_stream().to_string();
            path == "test" || path.ends_with(":: test")
        });
        let lines = end + 1 - signature.span().start().line;
        let typed = |input: &&syn::FnArg| matches!(input, syn::FnArg::Typed(_));
        let parameters = signature.inputs.iter().filter(typed).count();
        let is_long = lines > MAX_LINES && !is_component && !is_test && !is_for_tests(self.file);
        if is_long || (parameters > MAX_PARAMETERS && !is_component) {
            self.too_long.push(format!(
                "{}: {} ({lines} lines, {parameters} parameters)",
                self.file.display(),
                signature.ident
            ));
        }
    }
}

impl Visit<'_> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        let end = item.block.brace_token.span.close().end().line;
        self.check(&item.attrs, &item.sig, end);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        let end = item.block.brace_token.span.close().end().line;
        self.check(&item.attrs, &item.sig, end);
        syn::visit::visit_impl_item_fn(self, item);
    }
}

#[test]
fn functions_are_short_and_take_few_parameters() {
    let mut found = Vec::new();
    let mut seen = 0;
    for (path, text) in files("rs") {
        let source = syn::parse_file(&text).expect("Rust");
        let mut functions = Functions {
            file: &path,
            too_long: Vec::new(),
            seen: 0,
        };
        functions.visit_file(&source);
        found.extend(functions.too_long);
        seen += functions.seen;
    }
    assert!(seen > 1000, "the functions were not found");
    assert!(found.is_empty(), "these functions are too long: {found:#?}");
}

#[test]
fn comments_name_their_actors() {
    let mut found = Vec::new();
    for extension in ["rs", "ts", "css"] {
        for (path, text) in files(extension) {
            for (number, line) in text.lines().enumerate() {
                let Some((_, comment)) = line.split_once("//").or_else(|| line.split_once("/*"))
                else {
                    continue;
                };
                let comment = comment.to_lowercase();
                let mut words = comment.split(|letter: char| !letter.is_alphabetic());
                if words.any(|word| NO_ACTOR.contains(&word)) {
                    found.push(format!(
                        "{}:{}: {}",
                        path.display(),
                        number + 1,
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(found.is_empty(), "these comments name no actor: {found:#?}");
}

#[test]
fn every_module_opens_by_saying_what_it_is_for() {
    let sources = files("rs");
    assert!(sources.len() > 40, "the sources were not found");
    let opens = ["//! ", "#![doc = include_str!("];
    let silent: Vec<_> = sources
        .into_iter()
        .filter(|(_, text)| !opens.iter().any(|open| text.starts_with(open)))
        .map(|(path, _)| path)
        .collect();
    assert!(
        silent.is_empty(),
        "these files do not open with `//!`: {silent:?}"
    );
}

/// A finger does not hover: what it touched last would stay as if it did.
#[test]
fn hover_styles_apply_only_where_a_pointer_can_hover() {
    let mut seen = 0;
    for (path, css) in files("css") {
        let lines: Vec<_> = css.lines().collect();
        for (place, line) in lines.iter().enumerate() {
            if line.contains(":hover") {
                seen += 1;
                let around = lines[place.saturating_sub(1)].trim();
                assert_eq!(
                    around,
                    "@media (hover: hover) {",
                    "{}: {line}",
                    path.display()
                );
            }
        }
    }
    assert!(seen > 8, "the styles were not found");
}
