//! [`Checked`]: the view of an island, hydrated only where the page still equals what the server has drawn.
//!
//! Browser extensions and proxies change a page before its WebAssembly has loaded: password managers add
//! elements to fields, translators wrap text in `<font>`, link makers turn a phone number into a link, and
//! proxies strip comments. Hydration takes the n-th node for the one that the server has drawn as the n-th,
//! so it would panic, or bind a handler to the wrong element.
//!
//! The server therefore writes the [outline] of an island after it. `src/web/pages/wake.js` compares it
//! with the page just before hydration. Where the two differ, it empties the island, and an empty island
//! is built from its data.

use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::CastFrom;
use leptos::tachys::renderer::types::Element;
use leptos::tachys::ssr::StreamBuilder;
use leptos::tachys::view::Mountable;
use leptos::tachys::view::Position;
use leptos::tachys::view::PositionState;
use leptos::tachys::view::Render;
use leptos::tachys::view::RenderHtml;
use leptos::tachys::view::add_attr::AddAnyAttr;

/// The root view of an island. It must not contain anything asynchronous.
pub struct Checked<V>(pub V);

impl<V: Render> Render for Checked<V> {
    type State = V::State;

    fn build(self) -> V::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut V::State) {
        self.0.rebuild(state);
    }
}

impl<V: RenderHtml> AddAnyAttr for Checked<V> {
    type Output<A: Attribute> = Checked<V::Output<A>>;

    fn add_any_attr<A: Attribute>(self, attribute: A) -> Self::Output<A>
    where
        Self::Output<A>: RenderHtml,
    {
        Checked(self.0.add_any_attr(attribute))
    }
}

impl<V: RenderHtml> RenderHtml for Checked<V> {
    type AsyncOutput = Checked<V::AsyncOutput>;
    type Owned = Checked<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        Checked(self.0.resolve().await)
    }

    fn to_html_with_buf(
        self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        attributes: Vec<AnyAttribute>,
    ) {
        #[cfg(feature = "ssr")]
        let start = html.len();
        self.0
            .to_html_with_buf(html, position, escape, mark_branches, attributes);
        #[cfg(feature = "ssr")]
        {
            let outline = outline::hash(&outline::outline(&html[start..]));
            *html += &format!(r#"<template data-outline="{outline}"></template>"#);
        }
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        builder: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        attributes: Vec<AnyAttribute>,
    ) {
        builder.with_buf(|html| {
            self.to_html_with_buf(html, position, escape, mark_branches, attributes);
        });
    }

    fn hydrate<const FROM_SERVER: bool>(
        self,
        cursor: &Cursor,
        position: &PositionState,
    ) -> V::State {
        let island = Element::cast_from(cursor.current());
        let Some(island) = island.filter(|island| island.first_child().is_none()) else {
            return self.0.hydrate::<FROM_SERVER>(cursor, position);
        };
        let mut state = self.0.build();
        state.mount(&island, None);
        state
    }

    fn into_owned(self) -> Self::Owned {
        Checked(self.0.into_owned())
    }
}

/// What hydration counts: elements, comments and texts, in their order. `wake.js` computes the same of a
/// page.
#[cfg(feature = "ssr")]
mod outline {
    /// Elements that have no end tag.
    const VOID: [&str; 13] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr",
    ];

    /// Elements whose content is no markup, or nothing that is hydrated.
    const CLOSED: [&str; 5] = ["noscript", "script", "style", "template", "textarea"];

    /// The outline of HTML as leptos writes it: `<p><b>x</b> y</p><!>` is `<p<b#>#>!`.
    pub fn outline(html: &str) -> String {
        let mut outline = String::with_capacity(html.len() / 8);
        let mut rest = html;
        while let Some(first) = rest.chars().next() {
            if first != '<' {
                outline.push('#');
                rest = &rest[rest.find('<').unwrap_or(rest.len())..];
            } else if rest.starts_with("<!") {
                outline.push('!');
                // The shortest comment is `<!>`; one that begins with dashes ends with them.
                let end = if rest.starts_with("<!--") { "-->" } else { ">" };
                rest = after(rest, end);
            } else if rest.starts_with("</") {
                outline.push('>');
                rest = after(rest, ">");
            } else {
                let name = &rest[1..];
                let name = &name[..name
                    .find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
                    .unwrap_or(name.len())];
                let name = name.to_ascii_lowercase();
                outline.push('<');
                outline += &name;
                rest = after_tag(rest);
                if VOID.contains(&&*name) {
                    outline.push('>');
                } else if CLOSED.contains(&&*name) {
                    outline.push('>');
                    rest = after(rest, &format!("</{name}>"));
                }
            }
        }
        outline
    }

    /// The part after the first `mark`.
    fn after<'a>(html: &'a str, mark: &str) -> &'a str {
        html.find(mark)
            .map_or("", |found| &html[found + mark.len()..])
    }

    /// The part after a start tag. A `>` in the value of an attribute does not end the tag.
    fn after_tag(tag: &str) -> &str {
        let mut quoted = false;
        let end = tag.find(|c: char| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        end.map_or("", |end| &tag[end + 1..])
    }

    /// FNV-1a of 32 bits, in hexadecimal. An outline is ASCII.
    pub fn hash(outline: &str) -> String {
        let hash = outline.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("{hash:x}")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_outline_holds_what_hydration_counts() {
            for (html, expected) in [
                ("", ""),
                ("<p><b>x</b> y</p><!>", "<p<b#>#>!"),
                ("<!--bo-->a &amp; b<!>c", "!#!#"),
                (r#"<a title="a > b" href='x'>1</a>"#, "<a#>"),
                (r#"<input value="<p>"><br/>"#, "<input><br>"),
                (
                    "<textarea rows=\"2\">\n<b></textarea><i></i>",
                    "<textarea><i>",
                ),
                (
                    "<svg viewBox=\"0 0\"><path d=\"M0\"></path></svg>",
                    "<svg<path>>",
                ),
                ("<template data-outline=\"1\"></template>", "<template>"),
            ] {
                assert_eq!(outline(html), expected, "{html}");
            }
        }

        #[test]
        fn an_inserted_element_changes_the_outline() {
            let drawn = outline("<div><label>Phone</label><input><!></div>");
            for disturbed in [
                "<div><label>Phone</label><input><div></div><!></div>",
                "<div><label><font>Phone</font></label><input><!></div>",
                "<div><label>Phone</label><input></div>",
                "<div><label>Phone</label> <input><!></div>",
            ] {
                assert_ne!(outline(disturbed), drawn, "{disturbed}");
            }
        }

        #[test]
        fn the_hash_equals_that_of_the_browser() {
            // Math.imul(…) in wake.js computes the same.
            assert_eq!(hash(""), "811c9dc5");
            assert_eq!(hash("a"), "e40c292c");
            assert_eq!(hash("foobar"), "bf9cf968");
        }

        #[test]
        fn malformed_html_does_not_panic() {
            for html in ["<", "<p", "<!--", "</", "<textarea>", "<a href=\"", "é<é>"] {
                outline(html);
            }
        }
    }
}
