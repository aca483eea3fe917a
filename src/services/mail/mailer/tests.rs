//! Mail as it is written to files. The SMTP side is tested with a real server in `src/tests`.

use tempfile::TempDir;

use super::*;
use crate::services::config::Config;

fn mail() -> Mail {
    Mail {
        id: "welcome-1".to_owned(),
        to_name: "Ada Lovelace".to_owned(),
        to_address: "ada@example.com".to_owned(),
        subject: "Welcome, Ada".to_owned(),
        text: "Hello".to_owned(),
        html: "<p>Hello</p>".to_owned(),
    }
}

/// The one file that there is.
async fn sent(mail: &Mail) -> Result<String, MailError> {
    let data = TempDir::new().expect("a directory");
    let mailer = Mailer::new(&Config::default().mail, data.path());
    mailer.send(mail).await?;
    mailer.send(mail).await?;
    let files: Vec<_> = std::fs::read_dir(data.path().join("mail"))
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .collect();
    let [file] = &files[..] else {
        panic!("the same mail twice makes one file, not {files:?}");
    };
    Ok(std::fs::read_to_string(file).expect("text"))
}

/// The header lines, unfolded.
fn headers(mail: &str) -> Vec<String> {
    let (head, _) = mail.split_once("\r\n\r\n").expect("a head and a body");
    head.replace("\r\n ", " ")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn a_mail_has_sensible_headers_and_two_parts() {
    let written = sent(&mail()).await.expect("it is sent");
    let headers = headers(&written);
    for expected in [
        "From: Kith <kith@localhost>",
        "To: \"Ada Lovelace\" <ada@example.com>",
        "Subject: Welcome, Ada",
        "Message-ID: <welcome-1@localhost>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(
            headers.iter().any(|header| header == expected),
            "{expected} in {headers:?}"
        );
    }
    assert!(headers.iter().any(|header| header.starts_with("Date: ")));
    assert!(written.contains("text/plain") && written.contains("text/html"));
}

#[tokio::test]
async fn no_name_adds_a_header_or_a_recipient() {
    for name in [
        "Ada\r\nBcc: eve@example.com",
        "Ada <eve@example.com>,",
        "Ada\" <eve@example.com>, \"",
        "\u{202e}Ada\u{0}",
        "Ада Лавлейс",
        &"x".repeat(200),
        "=?utf-8?q?x=0D=0ABcc:_eve@example.com?=",
    ] {
        let mail = Mail {
            to_name: name.to_owned(),
            subject: format!("Welcome, {name}"),
            ..mail()
        };
        let written = sent(&mail).await.expect("it is sent");
        let headers = headers(&written);
        assert!(
            !headers.iter().any(|header| header.starts_with("Bcc")),
            "{headers:?}"
        );
        let to = headers.iter().find(|header| header.starts_with("To: "));
        let parsed: lettre::message::Mailboxes =
            to.expect("a recipient")[4..].parse().expect("recipients");
        let addresses: Vec<String> = parsed.iter().map(|to| to.email.to_string()).collect();
        assert_eq!(addresses, ["ada@example.com"]);
    }
}

#[tokio::test]
async fn an_address_that_mail_has_no_form_for_is_refused_for_good() {
    for address in [
        "",
        "ada",
        "ada@",
        "ada@example.com, eve@example.com",
        "a\r\nb@example.com",
    ] {
        let mail = Mail {
            to_address: address.to_owned(),
            ..mail()
        };
        let error = sent(&mail).await.expect_err(address);
        assert!(matches!(error, MailError::Permanent(_)), "{address}");
    }
}
