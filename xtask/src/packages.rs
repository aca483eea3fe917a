//! Installs packages of Debian and Ubuntu.

use anyhow::Result;
use anyhow::ensure;

use crate::shell::command;
use crate::shell::on_path;
use crate::shell::quiet;
use crate::shell::stage;

/// Installs these packages, or says that they are necessary where there is no apt.
pub fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    ensure!(
        on_path("apt-get"),
        "this needs {names}; install that with your package manager"
    );
    let is_root = quiet(command("id -u"))?.trim() == "0";
    let sudo = if is_root { "" } else { "sudo" };
    // `env`, because sudo does not pass the environment on.
    let apt_get = format!("{sudo} env DEBIAN_FRONTEND=noninteractive apt-get");
    let install = format!("{apt_get} install --yes --no-install-recommends {names}");
    stage(&format!("installing {names}"), Some("a minute"), || {
        quiet(command(format!("{apt_get} update")))?;
        quiet(command(&install)).map(drop)
    })
}
