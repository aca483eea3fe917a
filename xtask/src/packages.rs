//! Installs packages of Debian and Ubuntu.

use std::fs;
use std::path::Path;

use anyhow::Result;
use anyhow::ensure;

use crate::shell::command;
use crate::shell::on_path;
use crate::shell::quiet;
use crate::shell::stage;

/// The package of PostgreSQL's server and client.
pub const POSTGRESQL: &str = "postgresql";

/// Where Debian keeps the programs of each release of PostgreSQL, outside of the path.
const POSTGRESQL_RELEASES: &str = "/usr/lib/postgresql";

/// The directory of what Debian's packages of PostgreSQL read before they create a cluster.
const CLUSTER_OPTIONS: &str = "/etc/postgresql-common/createcluster.d";

/// Whether the tests can start a PostgreSQL, and ask it.
pub fn has_postgresql() -> bool {
    let releases = fs::read_dir(POSTGRESQL_RELEASES);
    let mut releases = releases.into_iter().flatten().flatten();
    let has_server =
        on_path("initdb") || releases.any(|release| release.path().join("bin/initdb").is_file());
    has_server && on_path("psql")
}

/// Whether the tests can start a `PgBouncer`. Debian keeps it where only root looks.
pub fn has_pgbouncer() -> bool {
    on_path("pgbouncer") || Path::new("/usr/sbin/pgbouncer").is_file()
}

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
        if packages.contains(&POSTGRESQL) {
            return without_cluster(sudo, || quiet(command(&install)).map(drop));
        }
        quiet(command(&install)).map(drop)
    })
}

/// Keeps Debian's packages from creating a cluster while `work` installs them, and so from starting a server.
/// Each test starts a server of its own. The clusters that exist, and later installations, stay as they are.
fn without_cluster(sudo: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let file = Path::new(CLUSTER_OPTIONS).join("kith-setup.conf");
    let file = file.display();
    let write =
        format!("mkdir -p {CLUSTER_OPTIONS} && echo 'create_main_cluster = false' > {file}");
    quiet(command(format!("{sudo} sh -c")).arg(write))?;
    let installed = work();
    quiet(command(format!("{sudo} rm -f {file}")))?;
    installed
}
