//! Builds the server and what it serves to browsers, laid out as cargo-leptos lays it out.
//!
//! Names and paths come from `[package.metadata.leptos]` in `Cargo.toml`, which cargo-leptos
//! reads too. The files of the application carry a hash of their content in their names, so that
//! browsers may cache them for ever. `hash.txt` beside the server's executable tells Leptos the hashes. The
//! site is built in a separate directory, which replaces the old site only when everything has succeeded.
//!
//! One thing differs from cargo-leptos: the browser half is built once for each page with an island, so that
//! no page downloads the island of another.

use std::collections::BTreeMap;
use std::fs;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::io::ErrorKind;
use std::panic::resume_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use serde::Deserialize;

use crate::checks::TEST;
use crate::shell::command;
use crate::shell::quiet;
use crate::shell::root;
use crate::shell::run;
use crate::shell::stage;
use crate::shell::with_npm_tools;
use crate::shrink;

/// Where the server half is compiled. The environment does not change it, because the site root is in there.
pub const TARGET: &str = "target";

/// Where the browser half is compiled. As with cargo-leptos it is a separate directory, because the two halves
/// need different features of shared crates.
const FRONT: &str = "target/front";

/// The beginning of the features that build the browser half of one page.
const PAGE: &str = "page-";

/// How `wasm-opt` makes the browser half small. The compressed size counts, because the server sends the file
/// compressed. Plain `-Oz` saves a sixth of the bytes, but its output compresses worse. So repeated code is not
/// merged, and similar functions are placed beside each other. Compressed, that is a tenth less than with
/// `-Oz`. Only the end of the stack lies in the first kilobyte of memory, so addresses may be
/// folded into instructions.
const WASM_OPT: &str = "-Os --low-memory-unused \
    --always-inline-max-function-size=6 --one-caller-inline-max-function-size=20 \
    --skip-pass=merge-similar-functions --skip-pass=local-cse --skip-pass=simplify-locals \
    --merge-locals --reorder-locals --reorder-functions-by-name --strip-debug --strip-producers";

/// What `Cargo.toml` says of the build of the site.
pub struct Package {
    name: String,
    /// The pages with a browser half of their own: `contacts` for the feature `page-contacts`.
    pages: Vec<String>,
    leptos: Leptos,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Leptos {
    output_name: String,
    site_root: PathBuf,
    site_pkg_dir: PathBuf,
    assets_dir: PathBuf,
    tailwind_input_file: PathBuf,
    bin_features: Vec<String>,
    lib_features: Vec<String>,
    lib_profile_release: String,
}

/// Builds both halves for release and returns the path of the server.
pub fn build() -> Result<PathBuf> {
    let package = Package::read()?;
    package.build(|| {
        let remark = "five minutes the first time; wasm-opt runs beside it";
        stage("server half", Some(remark), || {
            package.compile_server_half()
        })
    })
}

/// Builds the browser half for release, beside the server half of the unit and integration tests, which compiles in a part
/// of the time and checks its arithmetic. Returns the path of a copy of that server, because `cargo leptos watch` wants no
/// hashes beside the original.
pub fn build_for_tests() -> Result<PathBuf> {
    let package = Package::read()?;
    package.build(|| {
        stage("server half", Some("as the tests compile it"), || {
            run(command(TEST).arg("--no-run"))
        })?;
        let compiled = format!("{TARGET}/debug/{}", package.name);
        let folder = PathBuf::from(format!("{TARGET}/e2e"));
        let copied = folder.join(&package.name);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&compiled, &copied))
            .with_context(|| format!("cannot copy {compiled}"))?;
        Ok(copied)
    })
}

impl Package {
    pub fn read() -> Result<Self> {
        #[derive(Deserialize)]
        struct Manifest {
            package: Table,
            features: BTreeMap<String, Vec<String>>,
        }
        #[derive(Deserialize)]
        struct Table {
            name: String,
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        struct Metadata {
            leptos: Leptos,
        }
        let text =
            fs::read_to_string(root().join("Cargo.toml")).context("cannot read Cargo.toml")?;
        let manifest: Manifest = toml::from_str(&text).context("in Cargo.toml")?;
        let features = manifest.features.keys();
        let pages = features.filter_map(|feature| feature.strip_prefix(PAGE));
        Ok(Self {
            name: manifest.package.name,
            pages: pages.map(str::to_owned).collect(),
            leptos: manifest.package.metadata.leptos,
        })
    }

    /// Builds the browser half and the site, beside the work that returns the path of the server.
    fn build(&self, compile_server: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
        let Self { pages, leptos, .. } = self;
        let wasm = stage("browser half", Some("two minutes the first time"), || {
            pages
                .iter()
                .map(|page| self.compile_browser_half(page))
                .collect::<Result<Vec<_>>>()
        })?;
        // The compiler leaves a core idle for most of the time that the one large crate of the server takes.
        let (bound, server) = thread::scope(|scope| {
            let bound = scope.spawn(|| {
                let bind = |(page, wasm): (&String, &PathBuf)| leptos.bind(page, wasm);
                pages
                    .iter()
                    .zip(&wasm)
                    .map(bind)
                    .collect::<Result<Vec<_>>>()
            });
            let server = compile_server();
            (
                bound.join().unwrap_or_else(|panic| resume_unwind(panic)),
                server,
            )
        });
        let (bound, server) = (bound?, server?);

        let site = leptos.site_root.with_extension("new");
        let pkg = site.join(&leptos.site_pkg_dir);
        clear(&site)?;
        leptos.copy_assets(&site)?;
        for half in &bound {
            copy(half, &pkg)?;
        }
        stage("style sheet", None, || leptos.style(&pkg))?;
        let hashes = leptos.add_hashes(&pkg, pages)?;
        let sizes = stage("compression", None, || {
            quiet(command("node xtask/src/compress.mjs").arg(&site))
        })?;

        let hash_file = server.with_file_name("hash.txt");
        let old_hashes = fs::read_to_string(&hash_file).unwrap_or_default();
        keep_previous(
            &leptos.site_root.join(&leptos.site_pkg_dir),
            &pkg,
            (&old_hashes, &hashes),
        )?;
        clear(&leptos.site_root)?;
        fs::rename(&site, &leptos.site_root).context("cannot put the new site in its place")?;
        fs::write(hash_file, hashes).context("cannot write hash.txt")?;
        print!("{sizes}");
        Ok(server)
    }

    /// A cargo command on the browser half of all pages.
    pub fn cargo_browser_half(&self, subcommand: &str) -> Command {
        Self::cargo_browser_half_with(subcommand, &self.leptos.lib_features.join(","))
    }

    fn cargo_browser_half_with(subcommand: &str, features: &str) -> Command {
        command(format!(
            "cargo {subcommand} --lib --target wasm32-unknown-unknown --target-dir {FRONT} \
             --no-default-features --features {features}"
        ))
    }

    /// Compiles the browser half of one page. Cargo compiles the dependencies for the first page only, because
    /// they have the same features for each page.
    fn compile_browser_half(&self, page: &str) -> Result<PathBuf> {
        let name = &self.name;
        let profile = &self.leptos.lib_profile_release;
        let mut build = Self::cargo_browser_half_with("build", &format!("{PAGE}{page}"));
        // Without this variable cargo keeps only one WebAssembly of a crate, whatever its features, and would
        // compile both pages again each time. rustc's own build sets it for the same reason.
        build.env("__CARGO_DEFAULT_LIB_METADATA", name);
        run(build.args(["--profile", profile]))?;
        // What cargo keeps of each page, it gives out under one name.
        let compiled = format!("{FRONT}/wasm32-unknown-unknown/{profile}/{name}.wasm");
        let kept = PathBuf::from(format!("{FRONT}/{name}-{page}.wasm"));
        fs::copy(&compiled, &kept).with_context(|| format!("cannot copy {compiled}"))?;
        Ok(kept)
    }

    fn compile_server_half(&self) -> Result<PathBuf> {
        let name = &self.name;
        let features = self.leptos.bin_features.join(",");
        run(command(format!(
            "cargo build --bin {name} --release --target-dir {TARGET} \
             --no-default-features --features {features}"
        )))?;
        Ok(format!("{TARGET}/release/{name}").into())
    }
}

impl Leptos {
    /// Copies the files that the server sends as they are, but for the comments of scripts.
    fn copy_assets(&self, site: &Path) -> Result<()> {
        for reserved in [Path::new("index.html"), &self.site_pkg_dir] {
            let path = self.assets_dir.join(reserved);
            ensure!(
                !path.exists(),
                "{} takes a name that the build needs",
                path.display()
            );
        }
        copy(&self.assets_dir, site)?;
        let files = fs::read_dir(site).context("cannot list the site")?;
        let paths = files
            .map(|file| Ok(file?.path()))
            .collect::<Result<Vec<_>>>()?;
        let scripts = paths
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "js"));
        let mut minify =
            with_npm_tools("esbuild --minify --target=es2022 --allow-overwrite --outdir=.");
        quiet(
            minify
                .args(scripts.filter_map(|path| path.file_name()))
                .current_dir(site),
        )?;
        Ok(())
    }

    /// The name of the browser half of a page, without extension.
    fn browser_half(&self, page: &str) -> String {
        format!("{}-{page}", self.output_name)
    }

    /// Turns the compiler's output into the WebAssembly and JavaScript that browsers load for a page, and
    /// returns the directory that holds them.
    ///
    /// This takes ten seconds, so the result is kept until one of its inputs changes: the code, the options
    /// in this file, or the tools that the lock file names.
    fn bind(&self, page: &str, wasm: &Path) -> Result<PathBuf> {
        let made = Path::new(FRONT).join("pkg").join(page);
        let made_of = made.with_extension("made-of");
        let tools = Path::new("end2end/package-lock.json");
        let ingredients = content_hash(&(
            read(wasm)?,
            read(tools)?,
            include_str!("site.rs"),
            include_str!("shrink.rs"),
        ));
        if read(&made_of).is_ok_and(|made_of| made_of == ingredients.as_bytes()) {
            return Ok(made);
        }

        clear(&made)?;
        let name = self.browser_half(page);
        let stem = made.join(&name);
        let stem = stem.display();
        shrink::bind(wasm, &name, &made)?;
        let bound = format!("{stem}_bg.wasm");
        quiet(with_npm_tools(format!(
            "wasm-opt {bound} {WASM_OPT} -o {stem}.wasm"
        )))?;
        fs::remove_file(bound).context("cannot remove what wasm-opt has read")?;
        quiet(with_npm_tools(format!(
            "esbuild {stem}.js --outfile={stem}.js --allow-overwrite --minify --format=esm --target=es2022"
        )))?;
        fs::write(&made_of, ingredients).context("cannot keep what was made")?;
        Ok(made)
    }

    fn style(&self, pkg: &Path) -> Result<()> {
        let mut tailwind = with_npm_tools("tailwindcss --minify --input");
        tailwind.arg(&self.tailwind_input_file).arg("--output");
        quiet(tailwind.arg(pkg.join(&self.output_name).with_extension("css")))?;
        Ok(())
    }

    /// Puts a hash of each file's content into its name and returns the content of `hash.txt`.
    fn add_hashes(&self, pkg: &Path, pages: &[String]) -> Result<String> {
        let mut hashes = format!("css: {}\n", add_hash(pkg, &self.output_name, "css")?);
        for page in pages {
            for extension in ["js", "wasm"] {
                let hash = add_hash(pkg, &self.browser_half(page), extension)?;
                hashes += &format!("{page}.{extension}: {hash}\n");
            }
        }
        Ok(hashes)
    }
}

/// Copies the files of the build before into the new site. While instances are updated one after another, pages of the
/// older build ask newer instances for them. The old site may hold the files of a build before that: they stay only if
/// this build has changed nothing.
fn keep_previous(old: &Path, new: &Path, (old_hashes, new_hashes): (&str, &str)) -> Result<()> {
    let Ok(entries) = fs::read_dir(old) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", old.display()))?;
        let name = entry.file_name();
        let is_previous = old_hashes.lines().any(|line| {
            let hash = line.split_once(": ").map(|(_, hash)| hash);
            hash.is_some_and(|hash| name.to_string_lossy().contains(hash))
        });
        let target = new.join(&name);
        if (is_previous || old_hashes == new_hashes) && !target.exists() {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", target.display()))?;
        }
    }
    Ok(())
}

/// Puts a hash of a file's content into its name and returns the hash.
fn add_hash(directory: &Path, name: &str, extension: &str) -> Result<String> {
    let plain = directory.join(name).with_extension(extension);
    let hash = content_hash(&read(&plain)?);
    fs::rename(&plain, plain.with_extension(format!("{hash}.{extension}")))
        .with_context(|| format!("cannot rename {}", plain.display()))?;
    Ok(hash)
}

/// Sixteen hexadecimal digits that change with the content.
fn content_hash(content: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Removes a directory if it exists.
fn clear(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Copies the content of a directory and of all directories below it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let describe = || format!("cannot copy {} to {}", from.display(), to.display());
    fs::create_dir_all(to).with_context(describe)?;
    for entry in fs::read_dir(from).with_context(describe)? {
        let entry = entry.with_context(describe)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(describe)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leptos compiles the name into the program. `.cargo/config.toml` sets it for every build.
    #[test]
    fn every_build_is_told_the_output_name() -> Result<()> {
        let leptos = Package::read()?.leptos;
        assert_eq!(std::env::var("LEPTOS_OUTPUT_NAME")?, leptos.output_name);
        Ok(())
    }

    #[test]
    fn a_site_holds_the_build_before_as_well() -> Result<()> {
        let site = tempfile::tempdir()?;
        let mut hashes = String::new();
        let mut built = |build: &str, kept: &[&str]| -> Result<()> {
            let (old, new) = (site.path().join("old"), site.path().join("new"));
            fs::create_dir_all(&new)?;
            fs::write(new.join(format!("kith.{build}.css")), build)?;
            let new_hashes = format!("css: {build}\n");
            keep_previous(&old, &new, (&hashes, &new_hashes))?;
            let mut names: Vec<String> = fs::read_dir(&new)?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<Result<_>>()?;
            names.sort();
            let expected: Vec<String> = kept
                .iter()
                .map(|build| format!("kith.{build}.css"))
                .collect();
            assert_eq!(names, expected, "after {build}");
            clear(&old)?;
            fs::rename(new, old)?;
            hashes = new_hashes;
            Ok(())
        };
        built("a1", &["a1"])?;
        built("b2", &["a1", "b2"])?;
        built("b2", &["a1", "b2"])?;
        built("c3", &["b2", "c3"])
    }

    /// Cargo commands that name no features are about the server half as it is built.
    #[test]
    fn the_server_half_has_the_default_features() -> Result<()> {
        let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
        let Package { leptos, .. } = Package::read()?;
        let default = manifest["features"]["default"].as_array();
        let default = default.into_iter().flatten().filter_map(|one| one.as_str());
        assert_eq!(default.collect::<Vec<_>>(), leptos.bin_features);
        Ok(())
    }

    /// Under `cargo leptos watch`, one file serves all pages.
    #[test]
    fn the_browser_half_of_cargo_leptos_holds_every_page() -> Result<()> {
        let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
        let Package { pages, leptos, .. } = Package::read()?;
        let features = leptos.lib_features.iter();
        let held: Vec<&str> = features
            .filter_map(|feature| manifest["features"][feature].as_array())
            .flatten()
            .filter_map(|feature| feature.as_str()?.strip_prefix(PAGE))
            .collect();
        assert!(!pages.is_empty());
        assert_eq!(held, pages);
        Ok(())
    }
}
