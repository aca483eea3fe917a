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
use kith::services::config::Cli;
use kith::services::config::Command;
use kith::services::config::Config;
use kith::services::config::MoveArguments;
use kith::services::format;
use kith::services::telemetry;
use kith::services::transfer;
use kith::services::transfer::command;
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
    // It is no setting.
    let environment = std::env::vars_os().filter(|(name, _)| name != command::PASSWORD);
    let mut config = match Config::load(arguments.config.as_deref(), environment) {
        Ok(config) => config,
        Err(error) => return refuse(&error, EX_CONFIG),
    };
    if arguments.print_config {
        for warning in &config.warnings {
            say(format_args!("{warning}"));
        }
        return print(&config.to_toml());
    }
    if let Some(Command::Move(arguments)) = &arguments.command {
        return move_data(arguments, &config).await;
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

/// Moves the data to another database.
async fn move_data(arguments: &MoveArguments, config: &Config) -> ExitCode {
    for warning in &config.warnings {
        say(format_args!("{warning}"));
    }
    kith_runtime::install_crypto_provider();
    let password = match std::env::var(command::PASSWORD) {
        Ok(password) => Some(password),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            say(format_args!("{} takes UTF-8", command::PASSWORD));
            return ExitCode::from(EX_CONFIG);
        }
    };
    let moving = command::Command {
        arguments,
        config,
        password: password.as_deref(),
    };
    let output = io::stderr();
    let is_terminal = output.is_terminal();
    let mut progress = transfer::Progress::new(output, is_terminal);
    match moving.run(&mut progress, shutdown::signal()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error, 1),
    }
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
