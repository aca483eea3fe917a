//! The command line.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

use super::Config;
use super::SECTIONS;
use crate::services::book::BookId;
use crate::services::client::Role;

/// Kith is a self-hosted contact manager: one server, its pages, and one file for the data.
#[derive(Debug, Parser)]
#[command(name = "kith", version, after_long_help = help())]
pub struct Cli {
    /// Read this configuration file instead of Leptos.toml; it must exist.
    #[arg(long, value_name = "PATH", global = true)]
    pub config: Option<PathBuf>,

    /// Print the configuration in force, passwords masked, and exit.
    #[arg(long)]
    pub print_config: bool,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program does instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Move all data to another database: from SQLite to PostgreSQL, or back.
    ///
    /// Stop Kith first. The source is the database of the configuration. The target is empty: a file that does not
    /// exist, or a database that was made with CREATE DATABASE. It gets everything or nothing, and the source keeps
    /// what it has. Kith does not start with the source any more, so set `DATABASE_URL` to the target afterwards.
    Move(MoveArguments),

    /// Manage accounts: who may sign in.
    ///
    /// Kith has no accounts until the first one is made, which is an admin. From then on it asks everyone to sign in.
    /// All of this works while Kith runs, and has its effect at once.
    #[command(subcommand)]
    User(UserCommand),

    /// Write a backup of the database to a file, also while Kith runs.
    ///
    /// The backup holds everything that was saved before the command began. It is checked, and the file appears only once
    /// it is whole and on the disk. For a PostgreSQL server, Kith says which command makes the backup.
    Backup(BackupArguments),

    /// Put a backup in the place of the database. Stop Kith first.
    ///
    /// The backup is checked before anything changes, and what was there is kept beside it. Sessions and tokens of the
    /// backup end, and the queue waits until an admin resumes it on the dashboard, so that no old mail is sent again. For
    /// a PostgreSQL server, Kith says which commands restore the backup.
    Restore(BackupArguments),

    /// Import a file of vCards into an address book, also while Kith runs.
    ///
    /// What the address book has already is not added again, so a command that was broken off is simply repeated. The page
    /// /import lists what could not be read, and undoes the whole import.
    Import(ImportArguments),

    /// Add people who do not exist, of 27 languages, to try Kith with many contacts.
    ///
    /// The same seed gives the same people on every machine. Their addresses are of domains that are reserved, and they get
    /// no welcome emails.
    Demo(DemoArguments),

    /// Hold what Kith derives from the cards of contacts, which are its truth, against these cards, also while Kith runs.
    ///
    /// Prints the id of each contact that differs with what differs, and nothing that it says. Exits with 1 if any does.
    Check(CheckArguments),
}

/// The arguments of `kith demo`.
#[derive(Args, Debug)]
pub struct DemoArguments {
    /// How many people.
    #[arg(long, value_name = "N")]
    pub count: NonZeroU32,

    /// Another number gives other people.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// The id of the address book; without it, the first one.
    #[arg(long, value_name = "ID")]
    pub book: Option<BookId>,

    /// Add to an address book that has contacts already.
    #[arg(long)]
    pub force: bool,
}

/// The arguments of `kith import`.
#[derive(Args, Debug)]
pub struct ImportArguments {
    /// The file; - reads standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The id of the address book; without it, the first one.
    #[arg(long, value_name = "ID")]
    pub book: Option<BookId>,

    /// Send each new contact a welcome email.
    #[arg(long)]
    pub welcome: bool,
}

/// The arguments of `kith check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// Derive anew what differs, and exit with 0.
    #[arg(long)]
    pub repair: bool,
}

/// The arguments of `kith backup` and `kith restore`.
#[derive(Args, Debug)]
pub struct BackupArguments {
    /// The file of the backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// What `kith user` does. Names are the same in upper and lower case.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List all accounts.
    List,
    /// Add an account. The password comes from `KITH_USER_PASSWORD`, or Kith asks for it.
    Add {
        name: String,
        /// What it may do: member or admin.
        #[arg(long, default_value_t = Role::Member)]
        role: Role,
    },
    /// Give an account another password, and end its sessions. It comes from `KITH_USER_PASSWORD`, or Kith asks for it.
    Passwd { name: String },
    /// Make an account a member or an admin, and end its sessions.
    Role { name: String, role: Role },
    /// End the sessions of an account, and let it begin none. Its tokens are refused.
    Disable { name: String },
    /// Let an account sign in again.
    Enable { name: String },
    /// Remove an account with its sessions and tokens. If it alone owns address books with contacts, say what becomes of
    /// them.
    Remove {
        name: String,
        /// Who owns its address books from then on.
        #[arg(long, value_name = "NAME", conflicts_with = "delete_books")]
        give_books_to: Option<String>,
        /// Delete its address books with all their contacts, for everyone who sees them.
        #[arg(long)]
        delete_books: bool,
    },
    /// Invite a person, who chooses a name and a password with a link. It works once, within seven days.
    Invite {
        /// What the account may do: member or admin.
        #[arg(long, default_value_t = Role::Member)]
        role: Role,
        /// Where a running Kith with a mail server sends the link. Otherwise it is printed.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Print a link with which the owner of an account chooses a new password, once and within an hour.
    ResetLink { name: String },
    /// Have a running Kith send a link to an address, by which the account then gets mail. Without an address, the
    /// account has none.
    Email {
        name: String,
        address: Option<String>,
    },
}

/// The arguments of `kith move`.
#[derive(Args, Debug)]
pub struct MoveArguments {
    /// The target: sqlite:// and a path, or postgres://user@host:port/name. The password comes from
    /// `KITH_MOVE_PASSWORD`, or Kith asks for it.
    #[arg(long, value_name = "URL", required_unless_present = "abandon")]
    pub to: Option<String>,

    /// Call off a move that was broken off: Kith starts with the source again, if the target has nothing.
    #[arg(long, conflicts_with = "to")]
    pub abandon: bool,
}

/// The part of `--help` that teaches: how configuration works, every key, and examples.
fn help() -> String {
    let mut text = String::from(
        "Configuration:
  Kith needs none. A value comes from its default, over that from Leptos.toml in the working
  directory, over that from the environment. Unknown names are refused. In the file, server.addr
  is `addr` under `[server]`; in the environment it has the name that stands beside it, and the
  first name wins if both are set.
",
    );
    let defaults = Config::default();
    for section in SECTIONS {
        text += &format!("\n  {}\n", section.doc.trim());
        for key in section.keys {
            let setting = format!("{} = {}", key.path, key.literal(&defaults));
            let alias = key.alias.map(|alias| format!(" or {alias}"));
            text += &format!(
                "    {setting:<34}  {}{}\n        {}\n",
                key.env(),
                alias.unwrap_or_default(),
                key.doc.trim()
            );
        }
    }
    text += "
Examples:
  KITH_SERVER_ADDR=127.0.0.1:8080 KITH_DATA_DIR=/var/lib/kith kith
      Listen on another port, and keep the data in another folder.
  kith --config /etc/kith.toml --print-config
      See what a file and the environment amount to, or what is wrong with them.
  kith move --to postgres://kith@127.0.0.1/kith
      Move all data to a PostgreSQL server.
  kith user add ada --role admin
      Make an account: from then on Kith asks everyone to sign in.
  kith backup /mnt/backup/kith.db
      Write a backup while Kith runs; `kith restore` puts it back.
  kith import contacts.vcf
      Import vCards into the first address book.";
    text
}
