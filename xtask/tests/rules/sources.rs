//! The repository, and the files of the workspace.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below the folders of the workspace that end in `extension`, with their text.
pub fn files(extension: &str) -> Vec<(PathBuf, String)> {
    let mut folders: Vec<_> = [
        "src",
        "crates",
        "xtask",
        "benches",
        "style",
        "end2end/tests",
    ]
    .map(|folder| repository().join(folder))
    .into();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = fs::read_to_string(&path).expect("a file of text");
                found.push((path, text));
            }
        }
    }
    found
}
