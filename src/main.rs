//! The `kith` program: command line, configuration, then the server until it is told to stop.
#![warn(clippy::print_stdout, clippy::print_stderr)] // They panic where the output cannot be written.

use std::env::VarError;
use std::error::Error;
use std::fmt;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use kith::services::backup;
use kith::services::check;
use kith::services::config::BackupArguments;
use kith::services::config::CheckArguments;
use kith::services::config::Cli;
use kith::services::config::Command;
use kith::services::config::Config;
use kith::services::config::MoveArguments;
use kith::services::config::UserCommand;
use kith::services::format;
use kith::services::imports;
use kith::services::telemetry;
use kith::services::transfer;
use kith::services::transfer::command;
use kith::services::user_command;
use kith::web::serve;
use kith::web::shutdown;
use kith::web::state::AppState;
use tokio::net::TcpListener;

/// Requests allocate often and briefly on all threads, which the system's allocator makes them wait
/// for each other for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The conventional exit status for a configuration that cannot be used.
const EX_CONFIG: u8 = 78;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Cli::parse();
    // They are no settings.
    let passwords = [command::PASSWORD, user_command::PASSWORD];
    let environment =
        std::env::vars_os().filter(|(name, _)| passwords.iter().all(|one| name != one));
    let mut config = match Config::load(arguments.config.as_deref(), environment) {
        Ok(config) => config,
        Err(error) => return refuse(&error, EX_CONFIG),
    };
    if arguments.print_config {
        say_warnings(&config);
        return print(&config.to_toml());
    }
    if let Some(command) = &arguments.command {
        return run(command, &config).await;
    }
    telemetry::start(&config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }

    let address = config.server.addr;
    let listener = match listen(address).await {
        Ok((listener, bound)) => {
            config.server.addr = bound;
            listener
        }
        Err(error) => {
            say(format_args!(
                "cannot listen on {address}: {error}. Stop what uses it, or choose another \
                 address with KITH_SERVER_ADDR=127.0.0.1:3001"
            ));
            return ExitCode::FAILURE;
        }
    };
    let origin = config.server.origin();
    let state = match AppState::open(config).await {
        Ok(state) => state,
        Err(error) => return refuse(&error, 1),
    };
    tracing::info!("Kith is at {origin}");
    serve::run(listener, state, shutdown::signal()).await;
    telemetry::finish();
    ExitCode::SUCCESS
}

/// Runs a command in place of the server.
async fn run(command: &Command, config: &Config) -> ExitCode {
    say_warnings(config);
    kith_runtime::install_crypto_provider();
    match command {
        Command::Move(arguments) => move_data(arguments, config).await,
        Command::User(command) => manage_accounts(command, config).await,
        Command::Backup(BackupArguments { file }) => {
            ended(backup::command::backup(config, file, &mut progress()).await)
        }
        Command::Restore(BackupArguments { file }) => {
            ended(backup::command::restore(config, file, &mut progress()).await)
        }
        Command::Import(arguments) => {
            let command = imports::command::Command { arguments, config };
            ended(command.run(&mut progress()).await)
        }
        Command::Demo(arguments) => {
            let command = imports::demo::Command { arguments, config };
            ended(command.run(&mut progress()).await)
        }
        Command::Check(CheckArguments { repair }) => check(*repair, config).await,
    }
}

fn say_warnings(config: &Config) {
    for warning in &config.warnings {
        say(format_args!("{warning}"));
    }
}

/// Moves the data to another database.
async fn move_data(arguments: &MoveArguments, config: &Config) -> ExitCode {
    let Ok(password) = password_of(command::PASSWORD) else {
        return ExitCode::from(EX_CONFIG);
    };
    let moving = command::Command {
        arguments,
        config,
        password: password.as_deref(),
    };
    ended(moving.run(&mut progress(), shutdown::signal()).await)
}

/// Lists or changes accounts.
async fn manage_accounts(command: &UserCommand, config: &Config) -> ExitCode {
    let Ok(password) = password_of(user_command::PASSWORD) else {
        return ExitCode::from(EX_CONFIG);
    };
    let command = user_command::Command {
        command,
        config,
        password: password.as_deref(),
    };
    match command.run().await {
        Ok(text) => print(&text),
        Err(error) => refuse(&error, 1),
    }
}

/// Holds what is derived from cards against them. It is an error if something differs in the end.
async fn check(repair: bool, config: &Config) -> ExitCode {
    match check::run(repair, config).await {
        Ok(report) => match print(&report.text) {
            ExitCode::SUCCESS if !report.is_sound => ExitCode::FAILURE,
            printed => printed,
        },
        Err(error) => refuse(&error, 1),
    }
}

/// Reads the password from a variable of the environment; `None` where it is not set. Prints an error where it is not UTF-8.
fn password_of(variable: &str) -> Result<Option<String>, VarError> {
    match std::env::var(variable) {
        Ok(password) => Ok(Some(password)),
        Err(VarError::NotPresent) => Ok(None),
        Err(not_unicode) => {
            say(format_args!("{variable} takes UTF-8"));
            Err(not_unicode)
        }
    }
}

/// The exit status of a command, whose error is printed.
fn ended(result: Result<(), impl Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error, 1),
    }
}

/// How far a command is, on standard error.
fn progress() -> transfer::Progress {
    let output = io::stderr();
    let is_terminal = output.is_terminal();
    transfer::Progress::new(output, is_terminal)
}

/// Listens, and says where: port 0 asks the system for any that is free.
async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Says why Kith does not start, down to the first cause.
fn refuse(error: &dyn Error, status: u8) -> ExitCode {
    say(format_args!("{}", format::causes(error)));
    telemetry::finish();
    ExitCode::from(status)
}

/// Tells the person who starts Kith. Standard error may be closed or full; then the exit status is
/// all that tells.
fn say(what: fmt::Arguments) {
    let _ = writeln!(io::stderr(), "kith: {what}");
}

/// Prints what was asked for.
fn print(text: &str) -> ExitCode {
    let mut output = io::stdout().lock();
    let printed = output.write_all(text.as_bytes());
    match printed.and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has read enough, as in `kith --print-config | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}
