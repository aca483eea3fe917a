//! The query of an address. The browser has a parser and a writer of its own, which cost its half nothing.

#[cfg(feature = "ssr")]
pub use server::Query;

#[cfg(not(feature = "ssr"))]
pub use browser::Query;

#[cfg(feature = "ssr")]
mod server {
    /// Parameters with their values, decoded.
    #[derive(Default)]
    pub struct Query(Vec<(String, String)>);

    impl Query {
        /// Reads a query string without its question mark. Every text is one.
        pub fn parse(text: &str) -> Self {
            Self(
                form_urlencoded::parse(text.as_bytes())
                    .into_owned()
                    .collect(),
            )
        }

        /// The value of the first parameter with this name, as by `URLSearchParams.get` of browsers.
        pub fn get(&self, name: &str) -> Option<String> {
            let found = self.0.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        }

        pub fn append(&mut self, name: &str, value: &str) {
            self.0.push((name.to_owned(), value.to_owned()));
        }

        /// The query string without a question mark.
        pub fn text(&self) -> String {
            let mut text = form_urlencoded::Serializer::new(String::new());
            text.extend_pairs(&self.0).finish()
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use web_sys::UrlSearchParams;

    /// Parameters with their values; none where the browser makes no such object.
    #[derive(Default)]
    pub struct Query(Option<UrlSearchParams>);

    impl Query {
        pub fn parse(text: &str) -> Self {
            Self(UrlSearchParams::new_with_str(text).ok())
        }

        pub fn get(&self, name: &str) -> Option<String> {
            self.0.as_ref()?.get(name)
        }

        pub fn append(&mut self, name: &str, value: &str) {
            if self.0.is_none() {
                *self = Self::parse("");
            }
            if let Some(parameters) = &self.0 {
                parameters.append(name, value);
            }
        }

        pub fn text(&self) -> String {
            let text = self.0.as_ref().map(|parameters| parameters.to_string());
            text.map(String::from).unwrap_or_default()
        }
    }
}
