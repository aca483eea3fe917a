//! The documents name files and functions that exist.

use std::fs;
use std::path::PathBuf;

use crate::sources::repository;

fn architecture() -> String {
    fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("the document")
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn stops_of_the_walks_exist() {
    let text = architecture();
    let mut stops = 0;
    for quoted in quoted(&text) {
        let Some((file, function)) = quoted.split_once(".rs:") else {
            continue;
        };
        stops += 1;
        let path = repository().join(format!("{file}.rs"));
        let source = fs::read_to_string(&path).unwrap_or_else(|_| panic!("no file for `{quoted}`"));
        let starts = [format!("fn {function}("), format!("fn {function}<")];
        assert!(
            starts.iter().any(|start| source.contains(start)),
            "`{quoted}` is no function"
        );
    }
    assert!(stops > 30, "the walks were not found");
}

#[test]
fn places_of_the_map_exist_and_no_folder_is_missing() {
    let text = architecture();
    let map = text.split("## ").find(|part| part.starts_with("The map"));
    let map = map.expect("the map");
    let mut folder = PathBuf::new();
    for row in map.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).expect("a cell");
        for place in quoted(cell).filter(|place| !place.contains('*')) {
            let path = match place.starts_with("src/") || repository().join(place).exists() {
                true => PathBuf::from(place),
                // `src/web/serve.rs`, `connections/`: beside the one before.
                false => folder.join(place),
            };
            let absolute = repository().join(&path);
            assert!(absolute.exists(), "{} is on the map only", path.display());
            folder = path.parent().expect("a folder").to_owned();
        }
    }
    for folder in ["src/web", "src/services", "crates", "src", "."] {
        for entry in fs::read_dir(repository().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let is_source = path.is_dir() || path.extension().is_some_and(|kind| kind == "rs");
            let stem = name.trim_end_matches(".rs");
            let ignored = name.starts_with('.')
                || ["target", "data", "src", "crates", "lib.rs"].contains(&&*name);
            let has_folder = path.with_extension("").is_dir();
            if is_source && !ignored && !(has_folder && name.ends_with(".rs")) {
                assert!(
                    map.contains(&format!("{stem}/")) || map.contains(&format!("{stem}.rs")),
                    "{} is missing on the map",
                    path.display()
                );
            }
        }
    }
}
