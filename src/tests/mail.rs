//! What may go wrong between Kith and a mail server: each fault by its own name, tried again only where
//! that may help, and held against the server only where it is the server's.

use std::ffi::OsString;
use std::time::Duration;

use kith::services::config::Config;
use kith::services::config::MailConfig;
use kith::services::mail::Mail;
use kith::services::mail::MailError;
use kith::services::mail::Mailer;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::mail_server::HANG_UP;
use crate::mail_server::MailServer;
use crate::mail_server::Manners;
use crate::mail_server::NO_SUCH_USER;
use crate::mail_server::SILENCE;
use crate::mail_server::header;

/// More than a server on this machine needs, however busy it is.
const PLENTY: Duration = Duration::from_secs(60);

fn mail_to(address: &str) -> Mail {
    Mail {
        id: "welcome-1".to_owned(),
        to_name: "Ada".to_owned(),
        to_address: address.to_owned(),
        subject: "Welcome".to_owned(),
        text: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
    }
}

fn config(url: &str, from: &str) -> MailConfig {
    let variables = [("SMTP_URL", url), ("MAIL_FROM", from)];
    let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let config = Config::load(Some("/dev/null".as_ref()), variables);
    config.expect("settings").mail
}

/// A sender to this server, which nothing but the server can fail.
fn mailer(url: &str, from: &str, budget: Duration) -> (Mailer, TempDir) {
    let folder = tempfile::tempdir().expect("a directory");
    let mailer = Mailer::with_timeout(&config(url, from), folder.path(), budget);
    (mailer, folder)
}

const FROM: &str = "Kith <kith@example.org>";

/// Why the mail server counts as down; `None` if it does not.
fn trouble(mailer: &Mailer) -> Option<String> {
    mailer.health().get()?.failure
}

/// Asserts that a mail fails like this, and that the server is to blame exactly if no mail can be sent.
async fn assert_fails(mailer: &Mailer, address: &str, expected: &MailError) {
    let failed = mailer.send(&mail_to(address)).await;
    assert_eq!(failed.as_ref(), Err(expected));
    let blamed = match expected {
        MailError::Temporary(why) => Some(why.clone()),
        MailError::Deferred(_) | MailError::Permanent(_) => None,
    };
    assert_eq!(trouble(mailer), blamed, "{expected:?}");
}

fn temporary(why: &str) -> MailError {
    MailError::Temporary(why.to_owned())
}

fn deferred(why: &str) -> MailError {
    MailError::Deferred(why.to_owned())
}

fn permanent(why: &str) -> MailError {
    MailError::Permanent(why.to_owned())
}

#[tokio::test]
async fn a_reply_means_what_it_means_at_its_step() {
    let at = |command, answer| Manners {
        answers: vec![(command, answer)],
        ..Manners::default()
    };
    let greeting = |greeting| Manners {
        greeting: Some(greeting),
        ..Manners::default()
    };
    for (manners, expected) in [
        (
            greeting("554 no service"),
            temporary("The mail server has turned Kith away. It said 554."),
        ),
        (
            greeting("450 come back"),
            temporary("The mail server has turned Kith away. It said 450."),
        ),
        (
            greeting("421 too many connections"),
            temporary("The mail server has ended the conversation. It said 421."),
        ),
        (
            greeting("HTTP/1.1 400 Bad Request"),
            temporary("What answers at the setting mail.smtp_url is no mail server."),
        ),
        (
            greeting(HANG_UP),
            temporary("The mail server hung up without a greeting."),
        ),
        (
            at("EHLO", "502 what?"),
            temporary("The mail server has turned Kith away. It said 502."),
        ),
        (
            at("MAIL", "421 4.3.2 shutting down"),
            temporary("The mail server has ended the conversation. It said 421."),
        ),
        (
            at("MAIL", "451 4.7.1 not now"),
            temporary("The mail server cannot take the mail now. It said 451."),
        ),
        (
            at("MAIL", "553 5.7.1 not your address"),
            temporary(
                "The mail server refused the sender, which is the setting mail.from. It said 553.",
            ),
        ),
        (
            at("MAIL", "530 5.7.0 who are you?"),
            temporary(
                "The mail server wants a login, which the setting mail.smtp_url takes as \
                 user:password@. It said 530.",
            ),
        ),
        (
            at("MAIL", HANG_UP),
            temporary("The mail server hung up in the middle of the conversation."),
        ),
        (
            at("RCPT", "450 4.2.0 mailbox busy"),
            deferred("The mail server cannot take mail for this recipient now. It said 450."),
        ),
        (
            at("RCPT", "452 4.2.2 mailbox full"),
            deferred("The mail server cannot take mail for this recipient now. It said 452."),
        ),
        (
            at("RCPT", "451 greylisted"),
            deferred("The mail server cannot take mail for this recipient now. It said 451."),
        ),
        (
            at("RCPT", "452 4.3.1 disk full"),
            temporary("The mail server cannot take the mail now. It said 452."),
        ),
        (
            at("RCPT", "421 4.7.0 too many"),
            temporary("The mail server has ended the conversation. It said 421."),
        ),
        (
            at("RCPT", NO_SUCH_USER),
            permanent("The mail server refused the recipient. It said 550."),
        ),
        (
            at("DATA", "451 4.3.0 try again"),
            temporary("The mail server cannot take the mail now. It said 451."),
        ),
        (
            at(".", "451 4.7.1 looks like spam"),
            deferred("The mail server cannot take this mail now. It said 451."),
        ),
        (
            at(".", "554 5.7.1 is spam"),
            permanent("The mail server refused the mail. It said 554."),
        ),
        (
            at(".", HANG_UP),
            temporary("The mail server hung up before it said whether it has the mail."),
        ),
    ] {
        let server = MailServer::with(manners).await;
        let (mailer, _folder) = mailer(&server.url, FROM, PLENTY);
        assert_fails(&mailer, "ada@example.com", &expected).await;
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_login_that_fails_is_told_as_such() {
    let with = |offers: &[&'static str], answer| Manners {
        offers: offers.to_vec(),
        answers: vec![("AUTH", answer)],
        ..Manners::default()
    };
    for (manners, expected) in [
        (
            with(&["AUTH PLAIN LOGIN"], "535 5.7.8 wrong"),
            temporary("The mail server refused Kith's login. It said 535."),
        ),
        (
            with(&["AUTH PLAIN LOGIN"], "454 4.7.0 the directory is down"),
            temporary("The mail server cannot check Kith's login now. It said 454."),
        ),
        (
            with(&["AUTH GSSAPI"], "504 5.5.4 unknown"),
            temporary(
                "The mail server offers no way to log in that Kith knows, which are PLAIN and LOGIN. \
                 Perhaps it does so only with TLS.",
            ),
        ),
    ] {
        let server = MailServer::with(manners).await;
        let url = server.url.replace("://", "://kith:s%40cret@");
        let (mailer, _folder) = mailer(&url, FROM, PLENTY);
        assert_fails(&mailer, "ada@example.com", &expected).await;
    }
}

#[tokio::test]
async fn a_fault_of_tls_says_which_side_expects_it() {
    let plain = MailServer::start().await;
    let tls = MailServer::with(Manners {
        tls: true,
        ..Manners::default()
    })
    .await;
    let broken = MailServer::with(Manners {
        offers: vec!["STARTTLS"],
        answers: vec![("STARTTLS", "454 4.7.0 no certificate")],
        ..Manners::default()
    })
    .await;
    let implicit = |server: &MailServer| server.url.replace("smtp://", "smtps://");
    for (url, expected) in [
        (
            implicit(&plain),
            "The mail server speaks no TLS on this port. The setting mail.smtp_url takes smtp:// for \
             a server that begins without it.",
        ),
        (
            implicit(&tls),
            "The mail server's certificate is not trusted.",
        ),
        (
            format!("{}?tls=required", plain.url),
            "The mail server offers no STARTTLS, and Kith sends no mail without TLS. The setting \
             mail.smtp_url takes smtps:// for a server that speaks TLS from the start, and ?tls=none \
             at its end to do without.",
        ),
        (
            format!("{}?tls=required", broken.url),
            "The mail server does not begin TLS. It said 454.",
        ),
    ] {
        let (mailer, _folder) = mailer(&url, FROM, PLENTY);
        assert_fails(&mailer, "ada@example.com", &temporary(expected)).await;
    }
    assert!(plain.mails().is_empty() && broken.mails().is_empty());

    // Neither side speaks before the other.
    let (mailer, _folder) = mailer(&tls.url, FROM, Duration::from_secs(6));
    let expected = "The mail server expects TLS from the start. The setting mail.smtp_url takes smtps:// for that.";
    assert_fails(&mailer, "ada@example.com", &temporary(expected)).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_that_is_slow() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let silent = MailServer::with(Manners {
        greeting: None,
        ..Manners::default()
    })
    .await;
    for (url, budget, expected) in [
        (
            format!("smtp://{address}"),
            PLENTY,
            "The mail server refuses connections.",
        ),
        (
            format!("smtps://{address}"),
            PLENTY,
            "The mail server refuses connections.",
        ),
        (
            "smtp://mail.invalid".to_owned(),
            PLENTY,
            "The name of the mail server cannot be found. Check the setting mail.smtp_url.",
        ),
        (
            silent.url.clone(),
            Duration::from_millis(300),
            "The mail server did not answer in time.",
        ),
    ] {
        let (mailer, _folder) = mailer(&url, FROM, budget);
        assert_fails(&mailer, "ada@example.com", &temporary(expected)).await;
    }
}

#[tokio::test]
async fn an_international_domain_travels_in_ascii() {
    let old = MailServer::start().await;
    let new = MailServer::with(Manners {
        offers: vec!["8BITMIME", "SMTPUTF8"],
        ..Manners::default()
    })
    .await;
    // The next server on the way may be an old one.
    for server in [old, new] {
        let (mailer, _folder) = mailer(&server.url, "Kith <kith@bücher.example>", PLENTY);
        let sent = mailer.send(&mail_to("ada@例え.テスト")).await;
        assert_eq!(sent, Ok(()));
        let from = server.commands("MAIL FROM:<kith@xn--bcher-kva.example>");
        let to = server.commands("RCPT TO:<ada@xn--r8jz45g.xn--zckzah>");
        assert_eq!((from.len(), to.len()), (1, 1), "{:?}", server.commands(""));
        let mails = server.mails();
        assert!(mails[0].is_ascii(), "{}", mails[0]);
        assert_eq!(
            header(&mails[0], "From"),
            "Kith <kith@xn--bcher-kva.example>"
        );
        assert!(header(&mails[0], "Message-ID").ends_with("@xn--bcher-kva.example>"));
        assert_eq!(trouble(&mailer), None);
    }
}

#[tokio::test]
async fn a_local_part_beyond_ascii_needs_smtputf8() {
    let old = MailServer::start().await;
    let (mailer, _folder) = mailer(&old.url, FROM, PLENTY);
    let expected = permanent(
        "The address has letters beyond ASCII before its @, and the mail server takes no such \
         address: it has no SMTPUTF8.",
    );
    assert_fails(&mailer, "адá@example.com", &expected).await;
    // It is the address's fault alone.
    assert_eq!(mailer.send(&mail_to("ada@example.com")).await, Ok(()));

    let (mailer, _folder) = self::mailer(&old.url, "Kith <кith@example.org>", PLENTY);
    let expected = temporary(
        "The mail server has no SMTPUTF8, so it takes only senders in ASCII. Change the setting \
         mail.from.",
    );
    assert_fails(&mailer, "ada@example.com", &expected).await;

    let new = MailServer::with(Manners {
        offers: vec!["8BITMIME", "SMTPUTF8"],
        ..Manners::default()
    })
    .await;
    let (mailer, _folder) = self::mailer(&new.url, FROM, PLENTY);
    assert_eq!(mailer.send(&mail_to("адá@bücher.example")).await, Ok(()));
    assert_eq!(
        new.commands("RCPT"),
        ["RCPT TO:<адá@bücher.example>".to_owned()]
    );
    assert_eq!(
        new.commands("MAIL"),
        ["MAIL FROM:<kith@example.org> SMTPUTF8 BODY=8BITMIME".to_owned()]
    );
}

#[tokio::test]
async fn a_connection_is_used_again_also_after_a_refusal() {
    let server = MailServer::with(Manners {
        answers: vec![("RCPT TO:<nobody@", NO_SUCH_USER)],
        ..Manners::default()
    })
    .await;
    let (mailer, _folder) = mailer(&server.url, FROM, PLENTY);
    for (address, taken) in [
        ("ada@example.com", true),
        ("nobody@example.com", false),
        ("bob@example.com", true),
    ] {
        assert_eq!(mailer.send(&mail_to(address)).await.is_ok(), taken);
    }
    assert_eq!((server.connections(), server.mails().len()), (1, 2));
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_is_made_again() {
    let server = MailServer::with(Manners {
        answers: vec![("RSET", HANG_UP)],
        ..Manners::default()
    })
    .await;
    let (mailer, _folder) = mailer(&server.url, FROM, PLENTY);
    for _ in 0..2 {
        assert_eq!(mailer.send(&mail_to("ada@example.com")).await, Ok(()));
    }
    assert_eq!((server.connections(), server.mails().len()), (2, 2));
}

#[tokio::test]
async fn a_peer_that_has_vanished_costs_a_mail_a_part_of_its_time() {
    let server = MailServer::with(Manners {
        answers: vec![("RSET", SILENCE)],
        ..Manners::default()
    })
    .await;
    let (mailer, _folder) = mailer(&server.url, FROM, Duration::from_secs(8));
    let mail = mail_to("ada@example.com");
    let at_once = tokio::join!(mailer.send(&mail), mailer.send(&mail));
    assert_eq!(at_once, (Ok(()), Ok(())));
    assert_eq!(server.connections(), 2);

    assert_eq!(mailer.send(&mail).await, Ok(()));
    assert_eq!(trouble(&mailer), None);
    let asked = server.commands("RSET").len();
    assert_eq!(
        (asked, server.connections(), server.mails().len()),
        (1, 3, 3)
    );
}

#[tokio::test]
async fn a_server_on_this_machine_is_known_in_any_case() {
    let server = MailServer::start().await;
    let url = server.url.replace("127.0.0.1", "LocalHost");
    let (mailer, _folder) = mailer(&url, FROM, PLENTY);
    assert_eq!(mailer.send(&mail_to("ada@example.com")).await, Ok(()));
}
