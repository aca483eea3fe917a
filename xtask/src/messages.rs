//! Keeps the catalogues in `locales/` in step with the texts in the sources.
//!
//! The format is that of GNU gettext, so translators use the tools that they have. The English text is the key; a text whose
//! English changes has to be translated again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io::BufWriter;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use anyhow::anyhow;
use kith_messages::Message as Text;
use kith_messages::messages;
use polib::catalog::Catalog;
use polib::message::Message;
use polib::message::MessageView;
use proc_macro2::TokenStream;

use crate::shell::root;

/// The texts of the sources, in the order of the keys, each with the files that have it.
type Texts = BTreeMap<Text, BTreeSet<String>>;

/// Adds the new texts of the sources to each catalogue, without a translation, and removes those that no source has.
pub fn update() -> Result<()> {
    let texts = texts()?;
    for path in catalogues()? {
        let updated = merged(&texts, &read(&path)?)?;
        let open = open_texts(&updated);
        fs::write(&path, written(&updated)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!(
            "{}: {} texts, {} not translated",
            path.display(),
            updated.count(),
            open.len()
        );
    }
    Ok(())
}

fn catalogues() -> Result<Vec<PathBuf>> {
    let folder = root().join("locales");
    let files = fs::read_dir(&folder).context("cannot list the catalogues")?;
    let paths = files
        .map(|file| Ok(file?.path()))
        .collect::<Result<Vec<_>>>()?;
    let is_catalogue = |path: &PathBuf| path.extension().is_some_and(|end| end == "po");
    Ok(paths.into_iter().filter(is_catalogue).collect())
}

fn read(path: &Path) -> Result<Catalog> {
    polib::po_file::parse(path).map_err(|error| anyhow!("in {}: {error}", path.display()))
}

fn written(catalogue: &Catalog) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    polib::po_file::write(catalogue, &mut BufWriter::new(&mut text))?;
    Ok(text)
}

/// All texts of the application and of its scripts.
fn texts() -> Result<Texts> {
    let mut texts = Texts::new();
    for folder in ["src", "public"] {
        collect(&root().join(folder), &mut texts)?;
    }
    Ok(texts)
}

fn collect(folder: &Path, texts: &mut Texts) -> Result<()> {
    for entry in fs::read_dir(folder).context("cannot list the sources")? {
        let path = entry?.path();
        // Tests say nothing to readers.
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, texts)?;
            continue;
        }
        let of_code: fn(&str) -> Result<Vec<Text>> = match path.extension() {
            Some(end) if end == "rs" => of_rust,
            Some(end) if end == "js" => |code| Ok(of_script(code)),
            _ => continue,
        };
        let name = path.strip_prefix(root())?.display().to_string();
        let code = fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
        for text in of_code(&code).with_context(|| format!("in {name}"))? {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    Ok(())
}

fn of_rust(code: &str) -> Result<Vec<Text>> {
    let code: TokenStream = code.parse().map_err(|error| anyhow!("{error}"))?;
    Ok(messages(code))
}

/// The texts of `t('…')` in a script.
fn of_script(code: &str) -> Vec<Text> {
    let mut calls = code.split("t('");
    let mut before = calls.next().unwrap_or_default();
    let mut texts = Vec::new();
    for call in calls {
        let is_longer_name = before.ends_with(|end: char| end.is_alphanumeric() || end == '_');
        before = call;
        if let Some((text, _)) = call.split_once('\'')
            && !is_longer_name
        {
            texts.push(Text {
                context: String::new(),
                id: text.to_owned(),
                plural: None,
            });
        }
    }
    texts
}

/// The texts, with the translations that the catalogue has.
fn merged(texts: &Texts, old: &Catalog) -> Result<Catalog> {
    let mut new = Catalog::new(old.metadata.clone());
    let forms = old.metadata.plural_rules.nplurals;
    for (text, files) in texts {
        let context = Some(&*text.context).filter(|context| !context.is_empty());
        let known = old.find_message(context, &text.id, text.plural.as_deref());
        let mut message = match &text.plural {
            Some(many) => {
                let mut message = Message::build_plural();
                let known = known.and_then(|known| known.msgstr_plural().ok().cloned());
                message
                    .with_msgid_plural(many.clone())
                    .with_msgstr_plural(known.unwrap_or_else(|| vec![String::new(); forms]));
                message
            }
            None => {
                let mut message = Message::build_singular();
                let known = known.and_then(|known| known.msgstr().ok());
                message.with_msgstr(known.unwrap_or_default().to_owned());
                message
            }
        };
        if let Some(context) = context {
            message.with_msgctxt(context.to_owned());
        }
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        message
            .with_msgid(text.id.clone())
            .with_source(files.join("\n"));
        new.append_or_update(message.done());
    }
    Ok(new)
}

/// The English of what has no translation.
fn open_texts(catalogue: &Catalog) -> Vec<&str> {
    let open = catalogue
        .messages()
        .filter(|message| !message.is_translated());
    open.map(MessageView::msgid).collect()
}

#[cfg(test)]
mod tests {
    use kith_messages::template::placeholders;
    use polib::message::MessageMutView;

    use super::*;

    #[test]
    fn every_text_of_the_sources_is_in_every_catalogue_and_nothing_else() {
        let texts = texts().expect("sources");
        for path in catalogues().expect("catalogues") {
            let catalogue = read(&path).expect("a catalogue");
            let updated = merged(&texts, &catalogue).expect("texts");
            let current = fs::read(&path).expect("a file");
            assert!(
                written(&updated).expect("text") == current,
                "`cargo xtask messages` brings {} up to date",
                path.display()
            );
            assert_eq!(
                open_texts(&updated),
                [""; 0],
                "not translated in {}",
                path.display()
            );
        }
    }

    #[test]
    fn a_translation_has_the_placeholders_of_its_text() {
        for path in catalogues().expect("catalogues") {
            for message in read(&path).expect("a catalogue").messages() {
                let english = [Ok(message.msgid()), message.msgid_plural()];
                let english = english.into_iter().flatten().map(placeholders);
                let english: Vec<Vec<&str>> = english.collect();
                let forms = match message.is_plural() {
                    true => message.msgstr_plural().expect("forms").clone(),
                    false => vec![message.msgstr().expect("a text").to_owned()],
                };
                for form in &forms {
                    // The form for one thing may say "one" instead of the number.
                    assert!(english.contains(&placeholders(form)), "{form}");
                    // Some texts stand in HTML as they are.
                    let has_markup = |text: &str| text.contains(['<', '&']);
                    assert!(!has_markup(form) || has_markup(message.msgid()), "{form}");
                    let edges = |text: &str| (text.starts_with(' '), text.ends_with(' '));
                    assert_eq!(edges(form), edges(message.msgid()), "{form}");
                }
            }
        }
    }

    #[test]
    fn the_texts_of_a_script_are_those_of_its_calls() {
        let code = "say(t('Copied: {text}', { text })); last('no'); at('no'); x = t('More')";
        let found: Vec<String> = of_script(code).into_iter().map(|text| text.id).collect();
        assert_eq!(found, ["Copied: {text}", "More"]);
    }

    #[test]
    fn what_is_translated_stays_and_what_is_gone_goes() {
        let texts = |ids: &[&str]| -> Texts {
            let text = |id: &&str| Text {
                context: String::new(),
                id: (*id).to_owned(),
                plural: None,
            };
            ids.iter()
                .map(|id| (text(id), BTreeSet::from(["src/a.rs".to_owned()])))
                .collect()
        };
        let mut first =
            merged(&texts(&["Edit", "Save"]), &Catalog::new(Default::default())).expect("texts");
        for mut message in first.messages_mut() {
            message.set_msgstr("Sichern".to_owned()).expect("one form");
        }
        let second = merged(&texts(&["New", "Save"]), &first).expect("texts");
        assert_eq!(open_texts(&second), ["New"]);
        assert!(second.find_message(None, "Edit", None).is_none());
        let saved = second.find_message(None, "Save", None).expect("kept");
        assert_eq!(saved.msgstr(), Ok("Sichern"));
    }
}
