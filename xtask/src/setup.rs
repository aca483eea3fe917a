//! Finds what the other commands need and installs what is missing.
//!
//! Each part looks first and installs second, so that setting up twice changes nothing and takes
//! well under a second. What cannot be installed from here fails with the sentence that helps.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::shell::{NODE_MODULES, command, exec, on_path, quiet, root, run, stage, with_npm_tools};

/// The oldest Node.js that all npm tools run on.
const NODE_MAJOR: u32 = 20;

/// The oldest Python that Schemathesis runs on is 3.11.
const PYTHON_IS_NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// The release of cargo-leptos that this project is developed with.
const CARGO_LEPTOS: &str = "0.3.10";

/// Where Schemathesis and what it needs are installed, apart from the system's own Python.
pub const VENV: &str = "target/schemathesis";

/// What is installed there, in which versions.
const REQUIREMENTS: &str = "xtask/contract/requirements.txt";

/// What puts the npm tools where cargo-leptos looks for them.
const EXPORT: &str =
    r#"export PATH="$PWD/end2end/node_modules/.bin:$PATH" NODE_PATH="$PWD/end2end/node_modules""#;

/// What a build needs: the compiler's WebAssembly target and the npm tools.
pub fn build_tools() -> Result<()> {
    wasm_target()?;
    node_version()?;
    npm_packages()
}

/// What the checks need on top: clippy, rustfmt, a Redis to test against, a browser, and what
/// makes up requests.
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
    if !has_python() {
        packages.push("python3-venv");
    }
    if !has_browser()? {
        // Only Debian has a plain package of Chromium; Ubuntu's is a snap, which cannot be driven.
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        if release.lines().any(|line| line == "ID=debian") {
            packages.push("chromium");
        } else {
            stage("installing Playwright's Chromium", Some("a minute"), || {
                run(with_npm_tools("playwright install --with-deps chromium"))
            })?;
        }
    }
    if !packages.is_empty() {
        apt(&packages.join(" "))?;
    }
    schemathesis()
}

/// What the benchmarks need on top: a load generator.
pub fn bench_tools() -> Result<()> {
    test_tools()?;
    if on_path("wrk") {
        return Ok(());
    }
    apt("wrk")
}

/// What `cargo leptos watch` needs on top: two programs that are slow to compile.
pub fn dev_tools() -> Result<()> {
    let installed = quiet(command("cargo leptos --version")).unwrap_or_default();
    if !installed.contains(CARGO_LEPTOS) {
        // Without its own downloads: it takes the npm tools, whose versions the lock file fixes.
        let install =
            format!("cargo install cargo-leptos@{CARGO_LEPTOS} --locked --features no_downloads");
        let time = Some("about 25 minutes on two cores");
        stage("installing cargo-leptos", time, || run(command(&install)))?;
    }
    let version = locked_version("wasm-bindgen")?;
    let installed = quiet(command("wasm-bindgen --version")).unwrap_or_default();
    if !installed.contains(&version) {
        // Without --locked: its lock file names a release that is gone.
        let install = format!("cargo install wasm-bindgen-cli@{version}");
        let time = Some("about 4 minutes on two cores");
        stage("installing wasm-bindgen", time, || run(command(&install)))?;
    }
    println!("Ready for `cargo xtask watch`. To type `cargo leptos watch`, first say\n{EXPORT}");
    Ok(())
}

/// Develops with live reload: `cargo leptos watch`, which takes its tools from the path.
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
        format!("Kith's build needs Node.js {NODE_MAJOR} or later and npm: https://nodejs.org");
    ensure!(on_path("node") && on_path("npm"), "{advice}");
    let version = quiet(command("node --version"))?;
    let version = version.trim();
    let major = version.trim_start_matches('v').split('.').next();
    let major = major.and_then(|major| major.parse().ok()).unwrap_or(0);
    ensure!(major >= NODE_MAJOR, "{advice}; this is {version}");
    Ok(())
}

/// Installs the npm tools, unless those of this very lock file are there.
fn npm_packages() -> Result<()> {
    let stamp = Path::new(NODE_MODULES).join(".kith-lock");
    let lock =
        fs::read("end2end/package-lock.json").context("cannot read end2end/package-lock.json")?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    stage("installing the npm tools", None, || {
        // No package needs its install script: their programs come as packages of their own.
        let mut npm = command("npm ci --ignore-scripts --no-audit --no-fund");
        quiet(npm.current_dir("end2end"))?;
        fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// Whether there is a Chromium, looked for where `end2end/playwright.config.ts` does.
fn has_browser() -> Result<bool> {
    let named = env::var_os("CHROMIUM_PATH").is_some_and(|path| Path::new(&path).exists());
    if named || Path::new("/usr/bin/chromium").exists() {
        return Ok(true);
    }
    let script = "console.log(require('@playwright/test').chromium.executablePath())";
    let own = quiet(with_npm_tools("node --eval").arg(script))?;
    Ok(Path::new(own.trim()).exists())
}

/// Whether there is a Python that can make virtual environments. Debian has that in a package of
/// its own.
fn has_python() -> bool {
    quiet(command("python3 -c").arg("import ensurepip, venv")).is_ok()
}

/// Installs Schemathesis, unless it is there with these very requirements.
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

fn apt(packages: &str) -> Result<()> {
    ensure!(
        on_path("apt-get"),
        "this needs {packages}; install that with your package manager"
    );
    let is_root = quiet(command("id -u"))?.trim() == "0";
    let sudo = if is_root { "" } else { "sudo" };
    // `env`, because sudo keeps the environment to itself.
    let apt_get = format!("{sudo} env DEBIAN_FRONTEND=noninteractive apt-get");
    let install = format!("{apt_get} install --yes --no-install-recommends {packages}");
    stage(&format!("installing {packages}"), Some("a minute"), || {
        quiet(command(format!("{apt_get} update")))?;
        quiet(command(&install)).map(drop)
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

    /// What was not in the environment that the versions were taken from would come in any version.
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

    /// Code compiled with one version of wasm-bindgen cannot be finished with another.
    #[test]
    fn both_parts_of_wasm_bindgen_have_one_version() -> Result<()> {
        assert_eq!(
            locked_version("wasm-bindgen")?,
            locked_version("wasm-bindgen-cli-support")?
        );
        Ok(())
    }
}
