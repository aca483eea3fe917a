//! Starts a PostgreSQL server with an empty database, prints the database's address, and ends the server once standard
//! input ends.

use std::io;
use std::io::Write;

use kith_test_support::postgres_server::PostgresServer;

fn main() -> io::Result<()> {
    let server = PostgresServer::with(&["-c", "fsync=off"]);
    let mut output = io::stdout();
    writeln!(output, "{}", server.database().url())?;
    output.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
