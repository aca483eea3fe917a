//! The texts in Rust sources.

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

use crate::markup;

/// A text that a source wants in the language of the reader.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// Mostly empty.
    pub context: String,
    pub id: String,
    /// The English plural of a text about a number of things.
    pub plural: Option<String>,
}

impl Message {
    fn plain(id: String) -> Self {
        Self {
            context: String::new(),
            id,
            plural: None,
        }
    }
}

/// The texts in the code of a file: those of the macros `t!`, `t_view!`, `t_around!`, `t_plural!`, `t_context!` and
/// `t_noop!`, and the markup of `view!`.
pub fn messages(code: TokenStream) -> Vec<Message> {
    let mut found = Vec::new();
    collect(code, &mut found);
    found
}

fn collect(code: TokenStream, found: &mut Vec<Message>) {
    let tokens: Vec<TokenTree> = code.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else {
            continue;
        };
        if let Some(name) = called_macro(&tokens[..index]) {
            of_macro(&name, group, found);
        }
        collect(group.stream(), found);
    }
}

/// The name of the macro that the tokens end with: an identifier and `!`.
fn called_macro(before: &[TokenTree]) -> Option<String> {
    match before {
        [.., TokenTree::Ident(name), TokenTree::Punct(bang)] if bang.as_char() == '!' => {
            Some(name.to_string())
        }
        _ => None,
    }
}

fn of_macro(name: &str, arguments: &Group, found: &mut Vec<Message>) {
    // The patterns of a macro's own definition hold no text.
    let texts = || leading_texts(arguments.stream());
    match (name, &*texts()) {
        ("view", _) if arguments.delimiter() == Delimiter::Brace => {
            found.extend(markup::texts(arguments.stream()).map(Message::plain));
        }
        ("t" | "t_view" | "t_around", [id, ..]) | ("t_noop", [id]) => {
            found.push(Message::plain(id.clone()));
        }
        ("t_context" | "t_noop", [context, id, ..]) => found.push(Message {
            context: context.clone(),
            ..Message::plain(id.clone())
        }),
        ("t_plural", [one, many, ..]) => found.push(Message {
            plural: Some(many.clone()),
            ..Message::plain(one.clone())
        }),
        _ => {}
    }
}

/// The texts among the arguments of a macro that are texts and nothing else, as far as those of values.
fn leading_texts(arguments: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    let only_text = |argument: &[TokenTree]| match argument {
        [TokenTree::Literal(literal)] => markup::text_of(literal),
        _ => None,
    };
    tokens.split(is_comma).filter_map(only_text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<Message> {
        messages(code.parse().expect("Rust"))
    }

    #[test]
    fn the_texts_of_all_macros_are_found() {
        let code = r#"
            fn draw() {
                let done = t!("{done} of {total}", done = 1, total = "text");
                let many = t_plural!(list.len(), "{count} file", "{count} files");
                view! {
                    <p aria-label="Place" class="no-text">"Hello " {t_view!("or {link}", link = x)} " · "</p>
                    <p>{view! { <b>"inner"</b> }}</p>
                }
            }
            const MAY: fn() -> &'static str = || t_context!("month", "May");
            const DOWN: &str = t_noop!("Down");
        "#;
        let ids: Vec<String> = found(code).into_iter().map(|message| message.id).collect();
        let expected = [
            "{done} of {total}",
            "{count} file",
            "Place",
            "Hello ",
            "or {link}",
            "inner",
            "May",
            "Down",
        ];
        assert_eq!(ids, expected);
        let many = &found(code)[1];
        assert_eq!(many.plural.as_deref(), Some("{count} files"));
        assert_eq!(found(code)[6].context, "month");
    }
}
