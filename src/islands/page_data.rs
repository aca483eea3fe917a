//! The data that a page gives to its island.
//!
//! Leptos writes the properties of an island into an attribute, and reads them with serde, which would be a fifth
//! of the browser half. So islands have no properties: the server writes the data of a page into a script element
//! as JSON, and the island reads them there.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::components::view::view;
#[cfg(feature = "ssr")]
use crate::model::language::Language;
#[cfg(feature = "ssr")]
use crate::model::language::TEXTS_ID;
#[cfg(not(feature = "ssr"))]
use crate::model::wire::Deserialize;
#[cfg(feature = "ssr")]
use crate::model::wire::Serialize;

/// The id of the element with the data. A page has one at most.
const ID: &str = "page-data";

/// The id of the element with the texts of the scripts in `public/`.
#[cfg(feature = "ssr")]
const SCRIPT_TEXTS_ID: &str = "texts";

/// Draws an island with its data, and its texts in the language of the reader.
#[cfg(feature = "ssr")]
#[component]
pub fn PageData<T>(data: T, children: Children) -> impl IntoView
where
    T: Serialize + Clone + Send + Sync + 'static,
{
    let json = script_json(&data);
    provide_context(data);
    view! {
        <Texts id=TEXTS_ID texts=Language::current().island_texts()/>
        <script type="application/json" id=ID inner_html=json></script>
        {children()}
    }
}

/// Draws the texts in the language of the reader, for what runs in the browser. An English page has none.
#[cfg(feature = "ssr")]
#[component]
pub fn Texts(
    #[prop(default = SCRIPT_TEXTS_ID)] id: &'static str,
    texts: &'static [(String, String)],
) -> impl IntoView {
    (!texts.is_empty()).then(|| {
        let json = script_json(&texts);
        view! { <script type="application/json" id=id inner_html=json></script> }
    })
}

/// The data that [`PageData`] has given to this island.
#[cfg(feature = "ssr")]
pub fn page_data<T: Clone + 'static>() -> T {
    expect_context()
}

/// The data that the server has written into the page.
///
/// # Panics
/// If the page has no such data. The page then stops as after any panic, and works as without WebAssembly.
#[cfg(not(feature = "ssr"))]
pub fn page_data<T: Deserialize>() -> T {
    let element = document().get_element_by_id(ID);
    let json = element.and_then(|element| element.text_content());
    kith_wire::from_str(&json.unwrap_or_default()).expect("the server writes the data of the page")
}

/// JSON as the content of a script element. There an HTML parser heeds `</script` and `<!--`, wherever they are,
/// and decodes no entities. In JSON a `<` is only ever a part of a text, where it can be escaped.
#[cfg(feature = "ssr")]
fn script_json<T: Serialize>(data: &T) -> String {
    let json = serde_json::to_string(data).expect("the data of pages are JSON");
    json.replace('<', r"\u003c")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::script_json;

    #[test]
    fn text_does_not_end_the_script() {
        let text = "</script><!-- <script>";
        let json = script_json(&text);
        assert!(!json.contains('<'), "{json}");
        let parsed: String = serde_json::from_str(&json).expect("JSON");
        assert_eq!(parsed, text);
    }
}
