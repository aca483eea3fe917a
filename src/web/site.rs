//! [`Site`]: the built half of Kith that browsers load, as the server knows it.

use std::path::Path;
use std::path::PathBuf;

use leptos::config::LeptosOptions;

use crate::services::config::Config;

const OUTPUT_NAME: &str = "kith";

/// Where the scripts and styles of pages are, under the names that the build gave them.
///
/// A release build writes the hashes of its files into `hash.txt` beside the server's binary, and
/// leptos reads them there; without it, as under `cargo leptos watch`, files have plain names.
#[derive(Clone)]
pub struct Site {
    /// The options with which Leptos writes links to scripts and styles.
    pub leptos: LeptosOptions,
    /// Paths below the site's root: the style sheet, the script, the WebAssembly.
    files: [String; 3],
}

impl Site {
    pub fn new(config: &Config) -> Self {
        let hashes = std::env::current_exe()
            .ok()
            .and_then(|binary| std::fs::read_to_string(binary.with_file_name("hash.txt")).ok());
        let leptos = LeptosOptions::builder()
            .output_name(OUTPUT_NAME)
            .site_root(config.server.site_root.to_string_lossy())
            .site_addr(config.server.addr)
            .hash_files(hashes.is_some())
            .build();
        let hashes = hashes.unwrap_or_default();
        let files = ["css", "js", "wasm"].map(|extension| {
            let pkg = &leptos.site_pkg_dir;
            match hash(&hashes, extension) {
                Some(hash) => format!("/{pkg}/{OUTPUT_NAME}.{hash}.{extension}"),
                None => format!("/{pkg}/{OUTPUT_NAME}.{extension}"),
            }
        });
        Self { leptos, files }
    }

    /// The folder of the site's files.
    pub fn root(&self) -> &Path {
        Path::new(&*self.leptos.site_root)
    }

    /// The address of the style sheet.
    pub fn style_sheet(&self) -> &str {
        &self.files[0]
    }

    /// The address of the script that loads the browser half.
    pub fn script(&self) -> &str {
        &self.files[1]
    }

    /// The address of the browser half.
    pub fn web_assembly(&self) -> &str {
        &self.files[2]
    }

    /// The first file that pages need and that is not there, because Kith was not built or looks
    /// in another place.
    pub fn missing(&self) -> Option<PathBuf> {
        self.files
            .iter()
            .map(|file| self.root().join(file.trim_start_matches('/')))
            .find(|file| !file.is_file())
    }
}

/// The hash of the file with this extension in `hash.txt`.
fn hash<'a>(hashes: &'a str, extension: &str) -> Option<&'a str> {
    hashes.lines().find_map(|line| {
        let (name, hash) = line.split_once(": ")?;
        (name == extension).then(|| hash.trim())
    })
}
