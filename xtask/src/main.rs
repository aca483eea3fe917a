//! `cargo xtask`: everything between a fresh clone and a running, tested Kith.
//!
//! A new contributor has Rust and Node and types one command. So no command here needs a tool that takes
//! long to install: the steps are those of cargo-leptos, done with cargo, with wasm-bindgen as a library and
//! with npm packages.
//!
//! - [`setup`] finds or installs what the other commands need,
//! - [`site`] builds the server and what it serves to browsers,
//! - [`shrink`] binds the browser half and makes it smaller,
//! - [`checks`] lints and tests,
//! - [`contract`] checks the API against its description,
//! - [`messages`] keeps the catalogues of texts in step with the sources,
//! - [`packages`] installs packages of Debian and Ubuntu,
//! - [`shell`] runs other programs and says how long they take.

mod checks;
mod contract;
mod messages;
mod packages;
mod setup;
mod shell;
mod shrink;
mod site;

use std::env;
use std::process::Command;
use std::process::ExitCode;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;

const HELP: &str = "\
Usage: cargo xtask <command>

  run [args]     build Kith and start it; the arguments go to Kith
  test           everything CI checks: formatting, lints, unit, integration and browser tests, and
                 requests made up from the description of the API
  build          build the site and the server, for release
  e2e [args]     build, then the browser tests alone; the arguments go to `playwright test`. With
                 --release before them, the server half of a release is tested
  contract       build, then the requests made up from the description of the API alone
  soak [seed]    build, then 10,000 such requests with a new seed, or with this one, and a server
                 that is killed 500 times; takes about half an hour
  bench          what the hot paths cost, each beside a baseline of the same run
  lint           clippy for both halves, and tsc for the browser tests
  messages       bring the catalogues of translations up to date with the texts in the sources
  setup [--dev]  install what is missing; with --dev also what `cargo leptos watch` needs
  watch [args]   `cargo leptos watch`, with the npm tools where it looks for them

On two cores the first build takes about eight minutes, later ones take as long as what changed.
`test` takes about an hour the first time, `setup --dev` half an hour. Doing any of it
again when nothing has changed takes seconds.
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    // The paths in this crate are relative to the repository.
    env::set_current_dir(shell::root())
        .with_context(|| format!("cannot enter the repository at {}", shell::root().display()))?;

    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["run", args @ ..] => {
            setup::build_tools()?;
            shell::exec(Command::new(site::build()?).args(args))
        }
        ["test"] => checks::test(),
        ["build"] => {
            setup::build_tools()?;
            site::build().map(drop)
        }
        ["e2e", "--release", args @ ..] => {
            setup::test_tools()?;
            checks::browser(&site::build()?, args)
        }
        ["e2e", args @ ..] => {
            setup::test_tools()?;
            checks::browser(&site::build_for_tests()?, args)
        }
        ["contract"] => {
            setup::test_tools()?;
            contract::check(&site::build_for_tests()?)
        }
        ["soak", seed @ ..] if seed.len() <= 1 => {
            let seed = seed.first().map(|seed| seed.parse()).transpose();
            let seed = seed.context("the seed is a number")?;
            setup::test_tools()?;
            checks::soak(&site::build()?, seed)
        }
        ["bench"] => {
            setup::bench_tools()?;
            checks::bench()
        }
        ["lint"] => {
            setup::test_tools()?;
            checks::lint()
        }
        ["messages"] => messages::update(),
        ["setup"] => setup::test_tools(),
        ["setup", "--dev"] => {
            setup::test_tools()?;
            setup::dev_tools()
        }
        ["watch", args @ ..] => setup::watch(args),
        [] | ["help" | "-h" | "--help"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("there is no `cargo xtask {}`\n\n{HELP}", args.join(" ")),
    }
}
