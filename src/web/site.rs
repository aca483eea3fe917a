//! [`Site`]: the built half of Kith that browsers load, as the server knows it.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// The address of the style sheet.
    pub style_sheet: String,
    /// The text of the style sheet of a release. Pages hold it, so that a browser paints them without waiting for a
    /// second answer. `None` where pages link to the file: under `cargo leptos watch`, which replaces it.
    pub inline_style: Option<Arc<str>>,
    /// The browser half of `/contacts` and the addresses below it.
    pub contacts: BrowserHalf,
    /// The browser half of `/dashboard`.
    pub dashboard: BrowserHalf,
}

/// The addresses of what a page with an island loads.
#[derive(Clone)]
pub struct BrowserHalf {
    pub script: String,
    pub web_assembly: String,
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
        let files = Files {
            folder: format!("/{}", leptos.site_pkg_dir),
            hashes: hashes.unwrap_or_default(),
        };
        let style_sheet = files.address("css");
        let inline_style = match leptos.hash_files {
            true => read_style(&config.server.site_root, &style_sheet),
            false => None,
        };
        Self {
            leptos,
            style_sheet,
            inline_style,
            contacts: files.browser_half("contacts"),
            dashboard: files.browser_half("dashboard"),
        }
    }

    /// The folder of the site's files.
    pub fn root(&self) -> &Path {
        Path::new(&*self.leptos.site_root)
    }

    /// The first file that pages need and that is not there, because Kith was not built or looks
    /// in another place.
    pub fn missing(&self) -> Option<PathBuf> {
        let halves = [&self.contacts, &self.dashboard];
        halves
            .into_iter()
            .flat_map(|half| [&half.script, &half.web_assembly])
            .chain([&self.style_sheet])
            .map(|file| file_at(self.root(), file))
            .find(|file| !file.is_file())
    }
}

/// The text of a style sheet that can stand in a page. `None` if the file is not there, or would end its element.
fn read_style(root: &Path, address: &str) -> Option<Arc<str>> {
    let text = std::fs::read_to_string(file_at(root, address)).ok()?;
    (!text.contains("</")).then(|| text.into())
}

/// The file at this address of the site.
fn file_at(root: &Path, address: &str) -> PathBuf {
    root.join(address.trim_start_matches('/'))
}

/// The built files.
struct Files {
    /// The address of their folder.
    folder: String,
    /// The content of `hash.txt`.
    hashes: String,
}

impl Files {
    /// The browser half of a page: `kith-contacts` in a release, which has one for each page, and otherwise
    /// `kith`, which cargo-leptos builds for all pages.
    fn browser_half(&self, page: &str) -> BrowserHalf {
        let address = |extension| {
            let name = format!("{OUTPUT_NAME}-{page}");
            match self.hash(&format!("{page}.{extension}")) {
                Some(hash) => format!("{}/{name}.{hash}.{extension}", self.folder),
                None => self.address(extension),
            }
        };
        BrowserHalf {
            script: address("js"),
            web_assembly: address("wasm"),
        }
    }

    /// The address of a file that all pages share.
    fn address(&self, extension: &str) -> String {
        match self.hash(extension) {
            Some(hash) => format!("{}/{OUTPUT_NAME}.{hash}.{extension}", self.folder),
            None => format!("{}/{OUTPUT_NAME}.{extension}", self.folder),
        }
    }

    /// The hash in the line of this name.
    fn hash(&self, name: &str) -> Option<&str> {
        self.hashes.lines().find_map(|line| {
            let (line_name, hash) = line.split_once(": ")?;
            (line_name == name).then(|| hash.trim())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(hashes: &str) -> Files {
        Files {
            folder: "/pkg".to_owned(),
            hashes: hashes.to_owned(),
        }
    }

    #[test]
    fn a_style_stands_in_a_page_unless_it_would_end_its_element() {
        let root = tempfile::tempdir().expect("a directory");
        let style = |text: &str| {
            std::fs::write(root.path().join("kith.css"), text).expect("a file");
            read_style(root.path(), "/kith.css")
                .as_deref()
                .map(str::to_owned)
        };
        assert_eq!(style("a > b {}").as_deref(), Some("a > b {}"));
        assert_eq!(style("a::before { content: '</style>' }"), None);
        assert!(read_style(root.path(), "/other.css").is_none());
    }

    #[test]
    fn a_release_has_a_browser_half_for_each_page() {
        let hashes =
            "contacts.js: 1\ncontacts.wasm: 2\ndashboard.js: 3\ndashboard.wasm: 4\ncss: 5\n";
        let files = files(hashes);
        assert_eq!(files.address("css"), "/pkg/kith.5.css");
        let dashboard = files.browser_half("dashboard");
        assert_eq!(dashboard.script, "/pkg/kith-dashboard.3.js");
        assert_eq!(dashboard.web_assembly, "/pkg/kith-dashboard.4.wasm");
    }

    #[test]
    fn a_build_of_cargo_leptos_has_one_browser_half_for_all_pages() {
        for (hashes, script) in [
            ("", "/pkg/kith.js"),
            ("js: 1\nwasm: 2\ncss: 3", "/pkg/kith.1.js"),
        ] {
            assert_eq!(files(hashes).browser_half("contacts").script, script);
            assert_eq!(files(hashes).browser_half("dashboard").script, script);
        }
    }
}
