//! What faults of sending mail say, in the language of the reader. The database and the reports have them in English.

use std::borrow::Cow;

use crate::model::language::t;

/// A fault, as a [`MailError`](super::MailError) says it, in the language of the reader. One that is not known stays as it is.
pub fn for_reader(english: &str) -> Cow<'_, str> {
    let known = |fault: &str| conversation(fault).or_else(|| connection(fault));
    let said = english.split_once(" It said ");
    let said = said.and_then(|(fault, code)| Some((known(fault)?, code.trim_end_matches('.'))));
    match said {
        Some((fault, code)) => t!("{fault} It said {code}.", fault = fault, code = code).into(),
        None => known(english).unwrap_or(english).into(),
    }
}

/// What a mail server has refused, or the mailer itself.
fn conversation(english: &str) -> Option<&'static str> {
    Some(match english {
        "The mail server has ended the conversation." => {
            t!("The mail server has ended the conversation.")
        }
        "The mail server has turned Kith away." => t!("The mail server has turned Kith away."),
        "The mail server does not begin TLS." => t!("The mail server does not begin TLS."),
        "The mail server refused Kith's login." => t!("The mail server refused Kith's login."),
        "The mail server cannot check Kith's login now." => {
            t!("The mail server cannot check Kith's login now.")
        }
        "The mail server wants a login, which the setting mail.smtp_url takes as user:password@." =>
        {
            t!(
                "The mail server wants a login, which the setting mail.smtp_url takes as user:password@."
            )
        }
        "The mail server refused the sender, which is the setting mail.from." => {
            t!("The mail server refused the sender, which is the setting mail.from.")
        }
        "The mail server refused the recipient." => t!("The mail server refused the recipient."),
        "The mail server refused the mail." => t!("The mail server refused the mail."),
        "The mail server cannot take mail for this recipient now." => {
            t!("The mail server cannot take mail for this recipient now.")
        }
        "The mail server cannot take this mail now." => {
            t!("The mail server cannot take this mail now.")
        }
        "The mail server cannot take the mail now." => {
            t!("The mail server cannot take the mail now.")
        }
        "The mail cannot be written to the disk." => t!("The mail cannot be written to the disk."),
        "No mail can be sent to this address." => t!("No mail can be sent to this address."),
        "The domain of this address has no form for mail." => {
            t!("The domain of this address has no form for mail.")
        }
        "The mail cannot be composed." => t!("The mail cannot be composed."),
        _ => return None,
    })
}

/// Why a mail server cannot be spoken with.
fn connection(english: &str) -> Option<&'static str> {
    Some(match english {
        "The name of the mail server cannot be found. Check the setting mail.smtp_url." => {
            t!("The name of the mail server cannot be found. Check the setting mail.smtp_url.")
        }
        "The mail server did not answer in time." => t!("The mail server did not answer in time."),
        "What answers at the setting mail.smtp_url is no mail server." => {
            t!("What answers at the setting mail.smtp_url is no mail server.")
        }
        "The mail server hung up without a greeting." => {
            t!("The mail server hung up without a greeting.")
        }
        "The mail server hung up before it said whether it has the mail." => {
            t!("The mail server hung up before it said whether it has the mail.")
        }
        "The mail server hung up in the middle of the conversation." => {
            t!("The mail server hung up in the middle of the conversation.")
        }
        "The mail server refuses connections." => t!("The mail server refuses connections."),
        "The mail server cannot be reached." => t!("The mail server cannot be reached."),
        "The mail server speaks no TLS on this port. The setting mail.smtp_url takes smtp:// for a server that begins without it." =>
        {
            t!(
                "The mail server speaks no TLS on this port. The setting mail.smtp_url takes smtp:// for a server that begins without it."
            )
        }
        "The mail server's certificate has expired." => {
            t!("The mail server's certificate has expired.")
        }
        "The mail server's certificate is for another name." => {
            t!("The mail server's certificate is for another name.")
        }
        "The mail server's certificate is not trusted." => {
            t!("The mail server's certificate is not trusted.")
        }
        "The mail server and Kith cannot agree on TLS." => {
            t!("The mail server and Kith cannot agree on TLS.")
        }
        _ => return None,
    })
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
