//! The texts in the markup of Leptos: what stands between tags, and attributes that people read or hear.

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::Literal;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

/// The attributes whose values are texts.
const ATTRIBUTES: [&str; 9] = [
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "aria-valuetext",
    "label",
    "placeholder",
    "prompt",
    "title",
];

/// The same markup, in which each text is a call of the function at `lookup`: `"Save"` becomes `{lookup("Save")}`.
pub fn translate(lookup: &TokenStream, markup: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = markup.into_iter().collect();
    let translated = tokens.iter().enumerate().map(|(index, token)| match token {
        TokenTree::Literal(literal) if text_at(&tokens[..index], literal).is_some() => {
            call(lookup, literal)
        }
        _ => token.clone(),
    });
    translated.collect()
}

/// The texts of markup.
pub fn texts(markup: TokenStream) -> impl Iterator<Item = String> {
    let tokens: Vec<TokenTree> = markup.into_iter().collect();
    let texts = tokens
        .iter()
        .enumerate()
        .filter_map(|(index, token)| match token {
            TokenTree::Literal(literal) => text_at(&tokens[..index], literal),
            _ => None,
        });
    texts.collect::<Vec<_>>().into_iter()
}

/// The literal as text, if people read it here.
fn text_at(before: &[TokenTree], literal: &Literal) -> Option<String> {
    let text = text_of(literal)?;
    let is_read = match before {
        [name @ .., TokenTree::Punct(equals)] if equals.as_char() == '=' => {
            ATTRIBUTES.contains(&&*attribute_name(name))
        }
        _ => true,
    };
    (is_read && text.chars().any(char::is_alphabetic)).then_some(text)
}

/// The name of an attribute at the end of the tokens, for example `aria-label`.
fn attribute_name(tokens: &[TokenTree]) -> String {
    let mut parts = Vec::new();
    let mut wants_ident = true;
    for token in tokens.iter().rev() {
        match token {
            TokenTree::Ident(ident) if wants_ident => parts.push(ident.to_string()),
            TokenTree::Punct(mark) if !wants_ident && matches!(mark.as_char(), '-' | ':') => {
                parts.push(mark.as_char().to_string());
            }
            _ => break,
        }
        wants_ident = !wants_ident;
    }
    parts.reverse();
    parts.concat()
}

fn call(lookup: &TokenStream, literal: &Literal) -> TokenTree {
    let mut argument = Group::new(
        Delimiter::Parenthesis,
        TokenTree::from(literal.clone()).into(),
    );
    argument.set_span(literal.span());
    let mut call = lookup.clone();
    call.extend([TokenTree::Group(argument)]);
    let mut block = Group::new(Delimiter::Brace, call);
    block.set_span(literal.span());
    block.into()
}

/// What a literal says, if it is a text without prefix.
pub(crate) fn text_of(literal: &Literal) -> Option<String> {
    let written = literal.to_string();
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    unescape(inner)
}

/// A text without the escapes of Rust. A backslash at the end of a line leaves out the space that begins the next one.
fn unescape(written: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next()? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            '\n' => while letters.next_if(|next| next.is_whitespace()).is_some() {},
            'u' => {
                let hex: String = letters
                    .by_ref()
                    .skip(1)
                    .take_while(|next| *next != '}')
                    .collect();
                text.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
            }
            same @ ('"' | '\'' | '\\') => text.push(same),
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(markup: &str) -> String {
        let lookup = "look::up".parse().expect("a path");
        let translated = translate(&lookup, markup.parse().expect("tokens"));
        translated.to_string().split_whitespace().collect()
    }

    #[test]
    fn texts_are_looked_up_and_all_else_stays() {
        let markup =
            r#"<a href="/x" aria-label="Place" title=other>"Save" ": " {inner("text")}</a>"#;
        let expected = r#"<ahref="/x"aria-label={look::up("Place")}title=other>{look::up("Save")}":"{inner("text")}</a>"#;
        assert_eq!(translated(markup), expected);
    }

    #[test]
    fn escapes_are_read_as_rust_reads_them() {
        let markup = "<p>\"a\\u{202f}b \\\"c\\\" \\\n      d\"</p>";
        let found: Vec<String> = texts(markup.parse().expect("tokens")).collect();
        assert_eq!(found, ["a\u{202f}b \"c\" d"]);
    }
}
