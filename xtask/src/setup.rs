//! Finds what the other commands need and installs what is missing.
//!
//! Each step installs only what is missing, so a second setup changes nothing and takes well under a second.
//! Where a step cannot install a tool, its error says how to install it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use anyhow::Result;
use anyhow::ensure;
use serde::Deserialize;

use crate::packages;
use crate::packages::POSTGRESQL;
use crate::shell::NODE_MODULES;
use crate::shell::command;
use crate::shell::exec;
use crate::shell::on_path;
use crate::shell::quiet;
use crate::shell::root;
use crate::shell::run;
use crate::shell::stage;
use crate::shell::with_npm_tools;

/// The oldest Node.js that all npm tools run on.
const MIN_NODE_MAJOR: u32 = 20;

/// A Python program that fails on a Python before 3.11, the oldest that Schemathesis runs on.
const PYTHON_IS_NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// The release of cargo-leptos that this project is developed with.
const CARGO_LEPTOS_VERSION: &str = "0.3.10";

/// The virtual environment of Schemathesis.
pub const VENV: &str = "target/schemathesis";

/// The packages of that environment, with their versions.
const REQUIREMENTS: &str = "xtask/contract/requirements.txt";

/// The shell command that puts the npm tools on the path, where cargo-leptos looks for them.
const EXPORT: &str =
    r#"export PATH="$PWD/end2end/node_modules/.bin:$PATH" NODE_PATH="$PWD/end2end/node_modules""#;

/// Installs what a build needs: the compiler's WebAssembly target and the npm tools.
pub fn build_tools() -> Result<()> {
    wasm_target()?;
    node_version()?;
    npm_packages()
}

/// Installs what the checks need in addition: Clippy, rustfmt, Redis, PostgreSQL, `PgBouncer`, a browser,
/// and Schemathesis.
pub fn test_tools() -> Result<()> {
    build_tools()?;
    for (component, program) in [("clippy", "cargo-clippy"), ("rustfmt", "rustfmt")] {
        if quiet(command(program).arg("--version")).is_err() {
            rustup(&format!("component add {component}"))?;
        }
    }
    let mut packages = Vec::new();
    if !on_path("redis-server") {
        packages.push("redis-server");
    }
    if !packages::has_postgresql() {
        packages.push(POSTGRESQL);
    }
    if !packages::has_pgbouncer() {
        packages.push("pgbouncer");
    }
    if !has_python() {
        packages.push("python3-venv");
    }
    if !has_browser()? {
        // Only Debian has a plain package of Chromium. Ubuntu's is a snap, which tests cannot control.
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        if release.lines().any(|line| line == "ID=debian") {
            packages.push("chromium-headless-shell");
        } else {
            stage("installing Playwright's Chromium", Some("a minute"), || {
                run(with_npm_tools("playwright install --with-deps chromium"))
            })?;
        }
    }
    if !packages.is_empty() {
        packages::install(&packages)?;
    }
    schemathesis()
}

/// Installs what the benchmarks need in addition: a load generator.
pub fn bench_tools() -> Result<()> {
    test_tools()?;
    if on_path("wrk") {
        return Ok(());
    }
    packages::install(&["wrk"])
}

/// Installs what `cargo leptos watch` needs in addition: two programs that are slow to compile.
pub fn dev_tools() -> Result<()> {
    let installed = quiet(command("cargo leptos --version")).unwrap_or_default();
    if !installed.contains(CARGO_LEPTOS_VERSION) {
        // Without its own downloads, it uses the npm tools, whose versions the lock file fixes.
        let install = format!(
            "cargo install cargo-leptos@{CARGO_LEPTOS_VERSION} --locked --features no_downloads"
        );
        let time = Some("about 25 minutes on two cores");
        stage("installing cargo-leptos", time, || run(command(&install)))?;
    }
    let version = locked_version("wasm-bindgen")?;
    let installed = quiet(command("wasm-bindgen --version")).unwrap_or_default();
    if !installed.contains(&version) {
        // Without --locked, because its lock file names a release that was withdrawn.
        let install = format!("cargo install wasm-bindgen-cli@{version}");
        let time = Some("about 4 minutes on two cores");
        stage("installing wasm-bindgen", time, || run(command(&install)))?;
    }
    println!("Ready for `cargo xtask watch`. To type `cargo leptos watch`, first say\n{EXPORT}");
    Ok(())
}

/// Runs `cargo leptos watch`, which rebuilds and reloads on every change. It takes its tools from the path.
pub fn watch(args: &[&str]) -> Result<()> {
    build_tools()?;
    ensure!(
        on_path("cargo-leptos") && on_path("wasm-bindgen"),
        "`cargo leptos` is not there; `cargo xtask setup --dev` installs it, in about half an hour"
    );
    exec(with_npm_tools("cargo leptos watch").args(args))
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let libraries = quiet(command(format!(
        "rustc --print target-libdir --target {TARGET}"
    )))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    rustup(&format!("target add {TARGET}"))
}

/// Adds a part of the Rust toolchain.
fn rustup(what: &str) -> Result<()> {
    ensure!(
        on_path("rustup"),
        "this Rust lacks a part that `rustup {what}` would add, but there is no rustup; \
         install Rust from https://rustup.rs, or that part with your package manager"
    );
    stage(&format!("rustup {what}"), None, || {
        run(command(format!("rustup {what}")))
    })
}

fn node_version() -> Result<()> {
    let advice =
        format!("Kith's build needs Node.js {MIN_NODE_MAJOR} or later and npm: https://nodejs.org");
    ensure!(on_path("node") && on_path("npm"), "{advice}");
    let version = quiet(command("node --version"))?;
    let version = version.trim();
    let major = version.trim_start_matches('v').split('.').next();
    let major = major.and_then(|major| major.parse().ok()).unwrap_or(0);
    ensure!(major >= MIN_NODE_MAJOR, "{advice}; this is {version}");
    Ok(())
}

/// Installs the npm tools, unless those of the current lock file are installed.
fn npm_packages() -> Result<()> {
    let stamp = Path::new(NODE_MODULES).join(".kith-lock");
    let lock =
        fs::read("end2end/package-lock.json").context("cannot read end2end/package-lock.json")?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    stage("installing the npm tools", None, || {
        // No package needs its install script, because their programs are packages too.
        let mut npm = command("npm ci --ignore-scripts --no-audit --no-fund");
        quiet(npm.current_dir("end2end"))?;
        fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// Whether there is a Chromium, in the places where `end2end/playwright.config.ts` looks.
fn has_browser() -> Result<bool> {
    let named = env::var_os("CHROMIUM_PATH").is_some_and(|path| Path::new(&path).exists());
    if named || Path::new("/usr/bin/chromium-headless-shell").exists() {
        return Ok(true);
    }
    let script = "console.log(require('@playwright/test').chromium.executablePath())";
    let own = quiet(with_npm_tools("node --eval").arg(script))?;
    Ok(Path::new(own.trim()).exists())
}

/// Whether there is a Python that can make virtual environments. On Debian, a separate package adds that.
fn has_python() -> bool {
    quiet(command("python3 -c").arg("import ensurepip, venv")).is_ok()
}

/// Installs Schemathesis, unless it is installed with the current requirements.
fn schemathesis() -> Result<()> {
    let requirements =
        fs::read_to_string(REQUIREMENTS).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let version = quiet(command("python3 --version"))?;
    let wanted = format!("{version}{requirements}");
    let venv = Path::new(VENV);
    let stamp = venv.join(".kith-lock");
    let python = root().join(VENV).join("bin/python");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted)
        && quiet(Command::new(&python).arg("--version")).is_ok()
    {
        return Ok(());
    }
    ensure!(
        quiet(command("python3 -c").arg(PYTHON_IS_NEW_ENOUGH)).is_ok(),
        "the tests of the API need Python 3.11 or later as python3: https://www.python.org; this \
         is {}",
        version.trim()
    );
    stage("installing Schemathesis", Some("a minute"), || {
        quiet(command("python3 -m venv --clear").arg(venv))?;
        let install = "-m pip install --quiet --disable-pip-version-check --no-input --requirement";
        quiet(
            Command::new(&python)
                .args(install.split(' '))
                .arg(REQUIREMENTS),
        )?;
        fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// The version of a package that Cargo.lock fixes.
fn locked_version(name: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let lock: Lock = toml::from_str(&lock).context("Cargo.lock is not what cargo writes")?;
    let package = lock
        .package
        .into_iter()
        .find(|package| package.name == name);
    Ok(package
        .with_context(|| format!("Cargo.lock has no {name}"))?
        .version)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package without a fixed version would be installed in any version.
    #[test]
    fn every_requirement_names_one_version() -> Result<()> {
        let requirements = fs::read_to_string(root().join(REQUIREMENTS))?;
        let lines = requirements.lines().filter(|line| !line.starts_with('#'));
        let (pinned, loose): (Vec<_>, Vec<_>) = lines.partition(|line| line.contains("=="));
        assert!(
            pinned
                .iter()
                .any(|line| line.starts_with("schemathesis==4."))
        );
        assert!(loose.is_empty(), "{loose:?}");
        Ok(())
    }

    /// The library that compiles the code and the one that processes it must have the same version.
    #[test]
    fn both_parts_of_wasm_bindgen_have_one_version() -> Result<()> {
        assert_eq!(
            locked_version("wasm-bindgen")?,
            locked_version("wasm-bindgen-cli-support")?
        );
        Ok(())
    }
}
