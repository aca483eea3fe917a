//! `kith user`.
//!
//! It works on the database itself, on both engines and while servers run: what it changes has its effect on them at
//! once.

use std::fmt::Write;
use std::io;
use std::io::IsTerminal;
use std::num::NonZeroU32;

use crate::services::accounts::AccountError;
use crate::services::accounts::AccountInfo;
use crate::services::accounts::AccountName;
use crate::services::accounts::Accounts;
use crate::services::accounts::AddressError;
use crate::services::accounts::BooksLeft;
use crate::services::accounts::Delivery;
use crate::services::accounts::EmailAddress;
use crate::services::accounts::NewAccount;
use crate::services::accounts::link_url;
use crate::services::client::Role;
use crate::services::config::Config;
use crate::services::config::UserCommand;
use crate::services::database;
use crate::services::jobs;

/// The environment variable with the password of an account.
pub const PASSWORD: &str = "KITH_USER_PASSWORD";

/// One for the change, and one for what the engine itself needs.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(3).expect("it is not 0");

/// What `kith user` is given.
pub struct Command<'a> {
    pub command: &'a UserCommand,
    pub config: &'a Config,
    /// The password of the account, if the environment has it.
    pub password: Option<&'a str>,
}

/// Why `kith user` has changed nothing. It says what to do.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error(transparent)]
    Open(#[from] database::OpenError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("There is no terminal to ask for the password at: set {PASSWORD}.")]
    NoTerminal,
    #[error("cannot ask for the password: set {PASSWORD}")]
    NoPrompt(#[source] io::Error),
    #[error("The two passwords differ. Run the command again.")]
    Differ,
}

impl Command<'_> {
    /// Does what it is asked to. Returns the text for the operator.
    ///
    /// # Errors
    /// [`UserError`].
    pub async fn run(&self) -> Result<String, UserError> {
        let place = self.config.data.database();
        let database = database::open(place, CONNECTIONS).await?;
        let has_server = self.config.mail.smtp_url.is_some();
        let mail = has_server.then(|| jobs::open_queue(self.config, database.clone()));
        let done = self.run_on(&Accounts::new(database.clone(), mail)).await;
        database.close().await;
        done
    }

    async fn run_on(&self, accounts: &Accounts) -> Result<String, UserError> {
        let text = match self.command {
            UserCommand::List => table(&accounts.list().await?),
            UserCommand::Add { name, role } => {
                return self.add(accounts, &parse(name)?, *role).await;
            }
            UserCommand::Passwd { name } => {
                let name = parse(name)?;
                accounts.check(&name).await?;
                accounts.set_password(&name, &self.password(&name)?).await?;
                format!("{name} has a new password and is signed out everywhere.\n")
            }
            UserCommand::Role { name, role } => {
                let name = parse(name)?;
                accounts.set_role(&name, *role).await?;
                format!(
                    "{name} is {} now, and signed out everywhere.\n",
                    article(*role)
                )
            }
            UserCommand::Disable { name } => {
                let name = parse(name)?;
                accounts.disable(&name).await?;
                format!("{name} is signed out everywhere and cannot sign in.\n")
            }
            UserCommand::Enable { name } => {
                let name = parse(name)?;
                accounts.enable(&name).await?;
                format!("{name} can sign in.\n")
            }
            UserCommand::Remove {
                name,
                give_books_to,
                delete_books,
            } => {
                let heir = give_books_to.as_deref();
                return Self::remove(accounts, &parse(name)?, heir, *delete_books).await;
            }
            UserCommand::Invite { role, email } => {
                return self.invite(accounts, *role, email.as_deref()).await;
            }
            UserCommand::ResetLink { name } => {
                let token = accounts.reset_link(&parse(name)?).await?;
                format!(
                    "With this link {name} chooses a new password, once and within an hour:\n{}\n",
                    self.link(&token)
                )
            }
            UserCommand::Email { name, address } => {
                let name = parse(name)?;
                match address {
                    Some(address) => {
                        let address = EmailAddress::parse(address).map_err(AccountError::from)?;
                        accounts.request_address(&name, &address).await?;
                        format!("Kith sends a link to {address}, which confirms it.\n")
                    }
                    None => {
                        accounts.remove_address(&name).await?;
                        format!("{name} has no address.\n")
                    }
                }
            }
        };
        Ok(text)
    }

    async fn invite(
        &self,
        accounts: &Accounts,
        role: Role,
        email: Option<&str>,
    ) -> Result<String, UserError> {
        let address = email.map(EmailAddress::parse).transpose();
        let address = address.map_err(AccountError::from)?;
        Ok(match accounts.invite(role, address.as_ref()).await? {
            Delivery::Mail => "A server of Kith sends the invitation.\n".to_owned(),
            Delivery::Token(token) => format!(
                "This link makes {} of its holder, once and within seven days:\n{}\n",
                article(role),
                self.link(&token)
            ),
        })
    }

    fn link(&self, token: &str) -> String {
        link_url(&self.config.server.origin().to_string(), token)
    }

    async fn add(
        &self,
        accounts: &Accounts,
        name: &AccountName,
        role: Role,
    ) -> Result<String, UserError> {
        let is_first = accounts.list().await?.is_empty();
        if is_first && role != Role::Admin {
            return Err(AccountError::FirstIsAdmin.into());
        }
        let new = NewAccount {
            name,
            password: &self.password(name)?,
            role,
        };
        accounts.add(new).await?;
        let mut text = format!("{name} is {} and can sign in.\n", article(role));
        if is_first {
            text += "It is the first account: from now on Kith asks everyone to sign in.\n";
        }
        Ok(text)
    }

    /// Removes an account. Its books go to `heir`, or are deleted.
    async fn remove(
        accounts: &Accounts,
        name: &AccountName,
        heir: Option<&str>,
        delete_books: bool,
    ) -> Result<String, UserError> {
        let heir = heir.map(parse).transpose()?;
        let books = match &heir {
            Some(heir) => Some(BooksLeft::GiveTo(heir)),
            None => delete_books.then_some(BooksLeft::Delete),
        };
        accounts.remove(name, books).await?;
        Ok(format!("{name} is removed.\n"))
    }

    /// The password that is given, or what is typed twice at a terminal.
    fn password(&self, name: &AccountName) -> Result<String, UserError> {
        if let Some(password) = self.password.filter(|password| !password.is_empty()) {
            return Ok(password.to_owned());
        }
        if !io::stdin().is_terminal() {
            return Err(UserError::NoTerminal);
        }
        let ask =
            |question: String| rpassword::prompt_password(question).map_err(UserError::NoPrompt);
        let password = ask(format!("Password for {name}: "))?;
        let again = ask("The same again: ".to_owned())?;
        if password == again {
            Ok(password)
        } else {
            Err(UserError::Differ)
        }
    }
}

fn parse(name: &str) -> Result<AccountName, AccountError> {
    Ok(AccountName::parse(name)?)
}

fn article(role: Role) -> &'static str {
    match role {
        Role::Member => "a member",
        Role::Admin => "an admin",
    }
}

/// A line for each account.
fn table(accounts: &[AccountInfo]) -> String {
    let names = accounts.iter().map(|account| account.name.chars().count());
    let width = names.max().unwrap_or(0);
    let mut text = String::new();
    for account in accounts {
        let AccountInfo { name, role, .. } = account;
        let state = match (account.disabled_at, account.seen_at) {
            (Some(at), _) => format!("disabled on {}", at.strftime("%Y-%m-%d")),
            (None, Some(at)) => format!("seen on {}", at.strftime("%Y-%m-%d")),
            (None, None) => "not signed in".to_owned(),
        };
        let created = account.created_at.strftime("%Y-%m-%d");
        let _ = writeln!(
            text,
            "{name:width$}  {:6}  since {created}, {state}",
            role.as_str()
        );
    }
    text
}
