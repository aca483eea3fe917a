//! Labelled fields with their errors.

use leptos::prelude::*;

use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::erased_signal::ErasedMemo;
use crate::components::erased_signal::ErasedSignal;
use crate::model::contact::Field;
use crate::model::error::AppError;
use crate::model::html::escape_html;

type FormError = ErasedSignal<Option<AppError>>;

/// One line of text. `value` is the initial value; the browser keeps the current one.
#[component]
pub fn TextField(
    field: Field,
    label: &'static str,
    value: String,
    error: FormError,
    saving: ErasedSignal<bool>,
    #[prop(default = "text")] kind: &'static str,
    /// Whether touch keyboards capitalise words, as in names.
    #[prop(optional)]
    capitals: bool,
) -> impl IntoView {
    let message = message(field, error);
    view! {
        <div class="field">
            <Label field label/>
            <input
                id=field.name()
                name=field.name()
                type=kind
                value=value
                // A browser would offer the data of the reader, and not those of the contact.
                autocomplete="off"
                autocapitalize=capitals.then_some("words")
                enterkeyhint="done"
                class="input"
                readonly=dynamic::flag(move || saving.get())
                autofocus=has_autofocus(field, error)
                aria-invalid=attr(move || message.get().is_some().then_some("true"))
                aria-describedby=attr(move || message.get().is_some().then(|| error_id(field)))
            />
            <Message field message/>
        </div>
    }
}

/// Text of many lines.
#[component]
pub fn TextArea(
    field: Field,
    label: &'static str,
    value: String,
    error: FormError,
    saving: ErasedSignal<bool>,
) -> impl IntoView {
    let message = message(field, error);
    view! {
        <div class="field">
            <Label field label/>
            <textarea
                id=field.name()
                name=field.name()
                // It grows with its text in browsers that support that; see `.input` in controls.css.
                rows=value.lines().count().clamp(2, 12).to_string()
                autocomplete="off"
                class="input"
                readonly=dynamic::flag(move || saving.get())
                autofocus=has_autofocus(field, error)
                aria-invalid=attr(move || message.get().is_some().then_some("true"))
                aria-describedby=attr(move || message.get().is_some().then(|| error_id(field)))
                inner_html=text_area_content(&value)
            ></textarea>
            <Message field message/>
        </div>
    }
}

/// leptos 0.8 does not escape the children of a text area, so this function does. An HTML parser drops
/// the first line break of a text area. The one that is added here protects one that the reader typed.
fn text_area_content(value: &str) -> String {
    let escaped = escape_html(value);
    if cfg!(feature = "ssr") {
        ["\n", &escaped].concat()
    } else {
        escaped
    }
}

#[component]
fn Label(field: Field, label: &'static str) -> impl IntoView {
    view! {
        <label for=field.name()>
            {label}
        </label>
    }
}

#[component]
fn Message(field: Field, message: ErasedMemo<Option<String>>) -> impl IntoView {
    dynamic::view(move || {
        message.get().map(|text| {
            view! {
                <p id=error_id(field) class="text-sm text-danger">
                    {text}
                </p>
            }
        })
    })
}

fn error_id(field: Field) -> String {
    [field.name(), "-error"].concat()
}

fn message(field: Field, error: FormError) -> ErasedMemo<Option<String>> {
    ErasedMemo::new(move || {
        let error = error.read();
        let found = (*error)
            .as_ref()?
            .fields()
            .iter()
            .find(|error| error.field == field)?;
        Some(found.message.clone())
    })
}

/// Whether the browser focuses this field when it loads the page: the first field with an error or, without
/// errors, the name.
fn has_autofocus(field: Field, error: FormError) -> bool {
    let error = error.read_untracked();
    match &*error {
        None => field == Field::Name,
        Some(error) => error
            .fields()
            .first()
            .is_some_and(|first| first.field == field),
    }
}

#[cfg(test)]
mod tests {
    use super::text_area_content;

    #[test]
    fn the_content_of_a_text_area_is_escaped() {
        let content = text_area_content("</textarea><script>alert(1)</script>&lt;");
        assert!(!content.contains('<'), "{content}");
        assert!(content.ends_with("&amp;lt;"), "{content}");
    }
}
