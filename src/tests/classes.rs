//! The styles have a rule for every class that the sources name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file that can draw, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![repository().join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a file of text");
                sources.push((path, text));
            }
        }
    }
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

/// Tailwind leaves out what it cannot find, and says nothing. A misspelt class shows here.
#[test]
fn every_class_in_the_sources_has_a_rule() {
    let css = built_css();
    let mut missing = BTreeMap::new();
    let mut seen = 0;
    let hues =
        kith::components::avatar::HUES.map(|hue| (PathBuf::from("avatar.rs"), hue.to_owned()));
    let drawn = sources()
        .into_iter()
        .filter(|(path, _)| !path.starts_with(repository().join("src/tests")));
    let used = drawn.flat_map(|(path, text)| {
        classes(&text)
            .into_iter()
            .map(move |class| (path.clone(), class))
            .collect::<Vec<_>>()
    });
    for (path, class) in used.chain(hues) {
        seen += 1;
        if !has_rule(&css, &class) {
            missing.insert(class, path);
        }
    }
    assert!(seen > 100, "only {seen} classes were found in the sources");
    assert!(
        missing.is_empty(),
        "these classes have no rule: {missing:?}"
    );
    assert!(!has_rule(&css, "no-such-class"), "this test could not fail");
}

fn built_css() -> String {
    let tools = repository().join("end2end/node_modules");
    let output = tempfile::NamedTempFile::new().expect("a file");
    let run = Command::new(tools.join(".bin/tailwindcss"))
        .arg("--input")
        .arg(repository().join("style/main.css"))
        .arg("--output")
        .arg(output.path())
        .env("NODE_PATH", &tools)
        .output()
        .expect("Tailwind's command line; `cargo xtask setup` installs it");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    fs::read_to_string(output.path()).expect("the styles")
}

/// The words of every `class="…"`, and of string literals in `class=[…]`.
fn classes(text: &str) -> Vec<String> {
    let mut classes = Vec::new();
    for (position, _) in text.match_indices("class=") {
        let value = &text[position + "class=".len()..];
        let literals = match value.as_bytes().first() {
            Some(b'"') => &value[..value[1..].find('"').map_or(0, |end| end + 2)],
            Some(b'[') => &value[..value.find(']').unwrap_or(0)],
            _ => continue,
        };
        let literals = literals.split('"').skip(1).step_by(2);
        classes.extend(literals.flat_map(str::split_whitespace).map(str::to_owned));
    }
    classes
}

/// Whether a selector for the class stands in the styles, written as CSS escapes it.
fn has_rule(css: &str, class: &str) -> bool {
    let mut selector = ".".to_owned();
    for letter in class.chars() {
        if !letter.is_alphanumeric() && !matches!(letter, '-' | '_') {
            selector.push('\\');
        }
        selector.push(letter);
    }
    css.match_indices(&selector).any(|(position, _)| {
        let next = css[position + selector.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '-' | '_' | '\\'))
    })
}
