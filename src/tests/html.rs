//! [`Page`]: HTML as a test reads it, parsed as a browser parses it.

use reqwest::Response;
use scraper::ElementRef;
use scraper::Html;
use scraper::Node;
use scraper::Selector;

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

fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
