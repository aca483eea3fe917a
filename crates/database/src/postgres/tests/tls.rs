//! Servers that prove their names, and ask clients to prove theirs.

use tempfile::TempDir;

use super::*;

/// Lets `kith` in, and `member` only with a certificate of that name.
const CLIENTS: &str = "host all kith 127.0.0.1/32 trust
hostssl all member 127.0.0.1/32 trust clientcert=verify-full
";

/// A server that speaks TLS, and the files of its client.
struct Secured {
    server: PostgresServer,
    files: TempDir,
    authority: Vec<u8>,
}

impl Secured {
    fn start() -> Self {
        let authority_key = key();
        let mut authority = rcgen::CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&authority_key);
        let certificate = certificate.expect("a certificate").pem();
        let issuer = rcgen::Issuer::new(authority, authority_key);

        let mut server = PostgresServer::start();
        let (own, own_key) = (named("127.0.0.1"), key());
        let signed = own.signed_by(&own_key, &issuer).expect("a certificate");
        for (setting, content) in [
            ("ssl_ca_file", &certificate),
            ("ssl_cert_file", &signed.pem()),
            ("ssl_key_file", &own_key.serialize_pem()),
        ] {
            let path = server.write(setting, content);
            server.query(&format!(
                "ALTER SYSTEM SET {setting} = '{}'",
                path.display()
            ));
        }
        server.query("ALTER SYSTEM SET ssl = on");
        server.query("CREATE ROLE member LOGIN SUPERUSER");
        server.write("data/pg_hba.conf", CLIENTS);
        server.stop();
        server.start_again();

        let files = TempDir::new().expect("a directory");
        let (member, member_key) = (named("member"), key());
        let signed = member
            .signed_by(&member_key, &issuer)
            .expect("a certificate");
        for (name, content) in [
            ("ca.pem", &certificate),
            ("member.pem", &signed.pem()),
            ("member.key", &member_key.serialize_pem()),
        ] {
            std::fs::write(files.path().join(name), content).expect("a file");
        }
        Self {
            server,
            files,
            authority: certificate.into_bytes(),
        }
    }

    /// The address of `member`. `{files}` in the parameters is the directory of the files.
    fn address(&self, host: &str, parameters: &str) -> String {
        let port = self.server.port();
        let files = self.files.path().display().to_string();
        let parameters = parameters.replace("{files}", &files);
        format!("postgres://member@{host}:{port}/postgres?sslmode=verify-full{parameters}")
    }
}

fn key() -> rcgen::KeyPair {
    rcgen::KeyPair::generate().expect("a key")
}

/// A certificate for this host or user.
fn named(name: &str) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params
}

const CLIENT: &str = "&sslcert={files}/member.pem&sslkey={files}/member.key";

#[tokio::test]
async fn a_server_with_an_authority_of_its_own_is_trusted_and_trusts_a_certificate() {
    let secured = Secured::start();
    let mut trusted = options(&secured.address("127.0.0.1", CLIENT));
    trusted.server = trusted
        .server
        .map(|address| address.with_authorities(secured.authority.clone()));
    let database = Database::open(trusted).await.expect("it is trusted");
    transfer(&database, "a", "b").await.expect("it is open");
    database.close().await;

    let in_address = format!("{CLIENT}&sslrootcert={{files}}/ca.pem");
    let database = Database::open(options(&secured.address("127.0.0.1", &in_address))).await;
    database.expect("it is trusted").close().await;
}

#[tokio::test]
async fn a_server_that_is_not_trusted_or_does_not_trust_is_refused_with_what_to_change() {
    let secured = Secured::start();
    let trusted = "&sslrootcert={files}/ca.pem";
    let with = |parameters: &str| format!("{trusted}{parameters}");
    for (host, parameters, expected) in [
        ("127.0.0.1", CLIENT.to_owned(), "is not secure"),
        ("localhost", with(CLIENT), "is not secure"),
        ("127.0.0.1", with(""), "refuses the user"),
        ("127.0.0.1", with("&sslcert={files}/member.pem"), "sslkey"),
        (
            "127.0.0.1",
            with("&sslcert={files}/none.pem&sslkey={files}/member.key"),
            "cannot read the file",
        ),
    ] {
        let refused = refusal(&secured.address(host, &parameters)).await;
        assert!(refused.contains(expected), "{host} {parameters}: {refused}");
    }
}
