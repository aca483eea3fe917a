//! Runs other programs, and tells the user how long each step takes.

use std::borrow::BorrowMut;
use std::env;
use std::io::Error;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use anyhow::anyhow;
use anyhow::ensure;

/// Where npm puts the packages that `end2end/package.json` names.
pub const NODE_MODULES: &str = "end2end/node_modules";

/// The repository: the directory that holds this crate.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A command from a line of words. There is no quoting, so the caller adds paths with blanks as separate
/// arguments.
pub fn command(line: impl AsRef<str>) -> Command {
    let mut words = line.as_ref().split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// A command that finds the npm tools on its path, and their packages wherever it runs.
pub fn with_npm_tools(line: impl AsRef<str>) -> Command {
    let modules = root().join(NODE_MODULES);
    let mut path = modules.join(".bin").into_os_string();
    if let Some(rest) = env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    let mut command = command(line);
    command.env("PATH", path).env("NODE_PATH", modules);
    command
}

/// Whether the shell would find a program of this name.
pub fn on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(name).is_file())
}

/// Runs a command whose output is for the user.
pub fn run(mut command: impl BorrowMut<Command>) -> Result<()> {
    let command = command.borrow_mut();
    let status = command
        .status()
        .map_err(|error| cannot_start(command, &error))?;
    ensure!(status.success(), "`{}` failed ({status})", line(command));
    Ok(())
}

/// Runs a command whose output matters only when it fails, and returns what it printed.
pub fn quiet(mut command: impl BorrowMut<Command>) -> Result<String> {
    let command = command.borrow_mut();
    let output = command
        .output()
        .map_err(|error| cannot_start(command, &error))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "`{}` failed ({})\n{printed}{}",
        line(command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(printed.into_owned())
}

/// Replaces this process by the command, so that the command receives signals and gives the exit status.
/// Returns only if the command cannot start.
pub fn exec(command: &mut Command) -> Result<()> {
    let error = command.exec();
    Err(cannot_start(command, &error))
}

fn cannot_start(command: &Command, error: &Error) -> anyhow::Error {
    let hint = match error.kind() {
        ErrorKind::NotFound => "; `cargo xtask setup` installs what it can",
        _ => "",
    };
    anyhow!("cannot start `{}`: {error}{hint}", line(command))
}

fn line(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs one stage of a longer task and prints how long it took. A stage that can be slow is announced with a
/// remark before it starts.
pub fn stage<T>(name: &str, remark: Option<&str>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if let Some(remark) = remark {
        eprintln!("==> {name} ({remark})");
    }
    let start = Instant::now();
    let result = work()?;
    eprintln!("==> {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}
