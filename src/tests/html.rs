//! [`Page`]: HTML as a test reads it, parsed as a browser parses it.

use reqwest::Response;
use scraper::ElementRef;
use scraper::Html;
use scraper::Node;
use scraper::Selector;
use scraper::node::Element;

/// A page, or a part of one.
pub struct Page {
    source: String,
    html: Html,
}

impl Page {
    pub fn parse(source: String) -> Self {
        let html = Html::parse_document(&source);
        Self { source, html }
    }

    /// The page in an answer, whatever its status.
    pub async fn read(answer: Response) -> Self {
        Self::parse(answer.text().await.expect("a page"))
    }

    /// The HTML as the server has sent it, for tests of its bytes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text of the whole page.
    pub fn text(&self) -> String {
        text_of(self.html.root_element())
    }

    /// The text of the element with this id. Panics where there is none.
    pub fn text_of_id(&self, id: &str) -> String {
        text_of(self.with_id(id))
    }

    /// The value of an attribute of the element with this id; `None` where the element has no such attribute.
    pub fn attribute_of_id(&self, id: &str, name: &str) -> Option<&str> {
        self.with_id(id).attr(name)
    }

    /// The texts of all elements that a CSS selector finds.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.all(css).into_iter().map(text_of).collect()
    }

    /// All texts that people read or hear, one for each node and attribute. Code and samples are none.
    pub fn read_texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        push_read_texts(&mut texts, self.html.root_element());
        texts
    }

    /// The data that a page gives to its island, as the script element with them stands in the page.
    pub fn data(&self) -> String {
        self.with_id("page-data").text().collect()
    }

    /// The inline scripts, as they stand in the page.
    pub fn scripts(&self) -> Vec<String> {
        // A browser runs no script of this type: it is data.
        let scripts = self
            .all(r#"script:not([src], [type="application/json"])"#)
            .into_iter();
        scripts.map(|script| script.text().collect()).collect()
    }

    /// The values of an attribute of all elements that a CSS selector finds and that have the attribute.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<&str> {
        let found = self.all(css).into_iter();
        found.filter_map(|element| element.attr(name)).collect()
    }

    /// How many elements a CSS selector finds.
    pub fn count(&self, css: &str) -> usize {
        self.all(css).len()
    }

    pub fn has(&self, css: &str) -> bool {
        self.count(css) > 0
    }

    /// The value of a field, by its name. Panics where there is not exactly one.
    pub fn value(&self, name: &str) -> &str {
        let css = format!("input[name=\"{name}\"]");
        self.one(&css).attr("value").unwrap_or("")
    }

    /// The element that a CSS selector finds as markup: a line for each tag and each text, with indentation,
    /// normalised whitespace and attributes in the order of their names. Panics where there is not exactly
    /// one element.
    pub fn markup(&self, css: &str) -> String {
        let mut markup = String::new();
        write_element(&mut markup, self.one(css), 0);
        markup
    }

    fn with_id(&self, id: &str) -> ElementRef<'_> {
        // Not `#id`: ids hold dots and slashes.
        self.one(&format!("[id=\"{id}\"]"))
    }

    fn one(&self, css: &str) -> ElementRef<'_> {
        let found = self.all(css);
        assert_eq!(found.len(), 1, "of {css} in {}", self.text());
        found[0]
    }

    fn all(&self, css: &str) -> Vec<ElementRef<'_>> {
        let selector = Selector::parse(css).expect("a CSS selector");
        self.html.select(&selector).collect()
    }
}

/// The text of an element with single spaces. Words of two elements are two words; scripts and styles are no
/// text.
fn text_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    push_text(&mut text, element);
    normalised(&text)
}

fn push_text(text: &mut String, element: ElementRef<'_>) {
    if matches!(element.value().name(), "script" | "style") {
        return;
    }
    for child in element.children() {
        match child.value() {
            Node::Text(part) => text.push_str(part),
            _ => {
                if let Some(element) = ElementRef::wrap(child) {
                    text.push(' ');
                    push_text(text, element);
                    text.push(' ');
                }
            }
        }
    }
}

/// The attributes that people read or hear.
const READ: [&str; 7] = [
    "alt",
    "aria-description",
    "aria-label",
    "aria-roledescription",
    "aria-valuetext",
    "placeholder",
    "title",
];

fn push_read_texts(texts: &mut Vec<String>, element: ElementRef<'_>) {
    if matches!(
        element.value().name(),
        "script" | "style" | "code" | "kbd" | "pre"
    ) {
        return;
    }
    texts.extend(
        READ.iter()
            .filter_map(|name| element.attr(name))
            .map(str::to_owned),
    );
    let is_for_no_script = element.value().name() == "noscript";
    for child in element.children() {
        match child.value() {
            // With scripts, its markup is one text.
            Node::Text(markup) if is_for_no_script => {
                let inner = Html::parse_fragment(markup);
                push_read_texts(texts, inner.root_element());
            }
            Node::Text(part) => texts.push(normalised(part)),
            _ => {
                if let Some(element) = ElementRef::wrap(child) {
                    push_read_texts(texts, element);
                }
            }
        }
    }
}

fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The elements that have no end tag, as far as Kith has them.
const VOID_ELEMENTS: [&str; 4] = ["br", "input", "link", "meta"];

fn write_element(markup: &mut String, element: ElementRef<'_>, depth: usize) {
    let tag = element.value();
    let start = format!("<{}{}>", tag.name(), attributes(tag));
    if VOID_ELEMENTS.contains(&tag.name()) {
        return write_line(markup, depth, &start);
    }
    let mut content = String::new();
    // Comments separate texts that the server has drawn one by one. A reader sees one text.
    let mut text = String::new();
    for child in element.children() {
        match child.value() {
            Node::Text(part) => text.push_str(part),
            _ => {
                if let Some(child) = ElementRef::wrap(child) {
                    write_line(&mut content, depth + 1, &escaped(&normalised(&text)));
                    text.clear();
                    write_element(&mut content, child, depth + 1);
                }
            }
        }
    }
    write_line(&mut content, depth + 1, &escaped(&normalised(&text)));
    let end = format!("</{}>", tag.name());
    if content.is_empty() {
        return write_line(markup, depth, &(start + &end));
    }
    write_line(markup, depth, &start);
    markup.push_str(&content);
    write_line(markup, depth, &end);
}

fn attributes(tag: &Element) -> String {
    let mut attributes: Vec<_> = tag.attrs().collect();
    attributes.sort_unstable();
    let texts = attributes
        .into_iter()
        .map(|(name, value)| format!(" {name}=\"{}\"", escaped(value)));
    texts.collect()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "&quot;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn write_line(markup: &mut String, depth: usize, line: &str) {
    if !line.is_empty() {
        markup.push_str(&"  ".repeat(depth));
        markup.push_str(line);
        markup.push('\n');
    }
}
