//! What faults of sending mail say, in the language of the reader. The database and the reports have them in English.

use std::borrow::Cow;

use crate::model::language;
use crate::model::language::t;
use crate::model::language::t_noop;

/// The faults that Kith knows, without what a mail server has said.
const FAULTS: &[&str] = &[
    t_noop!("The mail server has ended the conversation."),
    t_noop!("The mail server has turned Kith away."),
    t_noop!("The mail server does not begin TLS."),
    t_noop!("The mail server refused Kith's login."),
    t_noop!("The mail server cannot check Kith's login now."),
    t_noop!(
        "The mail server wants a login, which the setting mail.smtp_url takes as user:password@."
    ),
    t_noop!("The mail server refused the sender, which is the setting mail.from."),
    t_noop!("The mail server refused the recipient."),
    t_noop!("The mail server refused the mail."),
    t_noop!("The mail server cannot take mail for this recipient now."),
    t_noop!("The mail server cannot take this mail now."),
    t_noop!("The mail server cannot take the mail now."),
    t_noop!("The mail cannot be written to the disk."),
    t_noop!("No mail can be sent to this address."),
    t_noop!("The domain of this address has no form for mail."),
    t_noop!("The mail cannot be composed."),
    t_noop!("The name of the mail server cannot be found. Check the setting mail.smtp_url."),
    t_noop!("The mail server did not answer in time."),
    t_noop!("What answers at the setting mail.smtp_url is no mail server."),
    t_noop!("The mail server hung up without a greeting."),
    t_noop!("The mail server hung up before it said whether it has the mail."),
    t_noop!("The mail server hung up in the middle of the conversation."),
    t_noop!("The mail server refuses connections."),
    t_noop!("The mail server cannot be reached."),
    t_noop!(
        "The mail server speaks no TLS on this port. The setting mail.smtp_url takes smtp:// for a server that begins without it."
    ),
    t_noop!("The mail server's certificate has expired."),
    t_noop!("The mail server's certificate is for another name."),
    t_noop!("The mail server's certificate is not trusted."),
    t_noop!("The mail server and Kith cannot agree on TLS."),
    t_noop!(
        "The mail server offers no STARTTLS, and Kith sends no mail without TLS. The setting mail.smtp_url takes smtps:// for a server that speaks TLS from the start, and ?tls=none at its end to do without."
    ),
    t_noop!(
        "The mail server offers no way to log in that Kith knows, which are PLAIN and LOGIN. Perhaps it does so only with TLS."
    ),
    t_noop!(
        "The mail server expects TLS from the start. The setting mail.smtp_url takes smtps:// for that."
    ),
    t_noop!(
        "The mail server has no SMTPUTF8, so it takes only senders in ASCII. Change the setting mail.from."
    ),
    t_noop!(
        "The address has letters beyond ASCII before its @, and the mail server takes no such address: it has no SMTPUTF8."
    ),
];

/// A fault, as a [`MailError`](super::MailError) says it, in the language of the reader. One that is not known stays as it is.
pub fn for_reader(english: &str) -> Cow<'_, str> {
    let said = english.split_once(" It said ");
    let said = said.and_then(|(fault, code)| {
        let fault = language::translated(FAULTS, fault)?;
        let code = code.trim_end_matches('.');
        Some(t!("{fault} It said {code}.", fault = fault, code = code))
    });
    let translated = said.or_else(|| language::translated(FAULTS, english));
    translated.map_or(english.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use syn::visit::Visit;

    use super::*;
    use crate::model::language::Language;

    /// The sentences of a source.
    struct Sentences(Vec<String>);

    impl Visit<'_> for Sentences {
        fn visit_lit_str(&mut self, text: &syn::LitStr) {
            let text = text.value();
            if text.starts_with(char::is_uppercase) && text.ends_with('.') && text.contains(' ') {
                self.0.push(text);
            }
        }
    }

    #[test]
    fn each_fault_is_said_in_the_language_of_the_reader() {
        let mut found = Sentences(Vec::new());
        for source in [include_str!("smtp.rs"), include_str!("mailer.rs")] {
            found.visit_file(&syn::parse_file(source).expect("Rust"));
        }
        assert!(found.0.len() > 20, "{:?}", found.0);
        for sentence in found.0 {
            let german = Language::German.within(|| for_reader(&sentence));
            assert_ne!(german, sentence);
        }
    }

    #[test]
    fn the_code_of_a_mail_server_stays() {
        let refused = "The mail server refused the recipient. It said 550.";
        assert_eq!(for_reader(refused), refused);
        let german = Language::German.within(|| for_reader(refused));
        assert!(
            german.contains("550") && !german.contains("said"),
            "{german}"
        );
        let unknown = Language::German.within(|| for_reader("All is well. It said 250."));
        assert_eq!(unknown, "All is well. It said 250.");
    }
}
