//! The cards of the corpus.

use std::fs;
use std::path::Path;

/// The files of a folder of the corpus: their names without the ending, and their bytes.
pub fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut cards = Vec::new();
    for file in fs::read_dir(folder).expect("the folder") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|ending| ending == "vcf") {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            cards.push((name, fs::read(path).expect("a file")));
        }
    }
    cards.sort();
    cards
}

/// One card of the corpus that can be parsed.
#[allow(dead_code)]
pub fn card(name: &str) -> kith_card::Card {
    let found = corpus("valid").into_iter().find(|(file, _)| file == name);
    let (_, bytes) = found.unwrap_or_else(|| panic!("{name} is not in the corpus"));
    kith_card::Card::parse(bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}
