//! The inputs of a form, as its fields describe them. Only the server draws them.

use leptos::prelude::*;

use crate::components::dynamic;
use crate::components::dynamic::Erased;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::form::FormField;
use crate::model::form::FormInput;
use crate::model::form::FormSection;
use crate::model::form::InputKind;
use crate::model::format::within_sentence;
use crate::model::html::escape_html;
use crate::model::language::t;

/// What all inputs of a form need to know.
pub struct Inputs {
    /// The names of inputs with an error, and what to do.
    errors: Vec<(String, String)>,
    /// The input that the browser focuses when it loads the page.
    first: String,
}

impl Inputs {
    /// `begin` is the input that a form without an error begins at.
    pub fn new(error: Option<&AppError>, begin: Option<&str>) -> Self {
        let errors = error.map_or(&[][..], AppError::fields);
        let errors: Vec<_> = errors
            .iter()
            .map(|error| (error.field.clone(), error.message.clone()))
            .collect();
        let first = match (errors.first(), error) {
            (Some((name, _)), _) => name.clone(),
            (None, Some(_)) => String::new(),
            (None, None) => begin.unwrap_or("name").to_owned(),
        };
        Self { errors, first }
    }

    pub fn section(&self, section: FormSection) -> impl IntoView + use<> {
        let FormSection {
            title,
            is_open,
            fields,
        } = section;
        let fields = fields.into_iter().map(|field| self.field(field));
        let fields = fields.collect_view();
        if title.is_empty() {
            dynamic::erase(fields)
        } else {
            dynamic::erase(view! {
                <details class="form-section" open=is_open>
                    <summary>{title}</summary>
                    {fields}
                </details>
            })
        }
    }

    fn field(&self, field: FormField) -> Erased {
        let FormField {
            name,
            label,
            entries,
            another,
            suggested,
        } = field;
        let list = [&name, "-labels"].concat();
        let next = another.first().map(|input| input.name.clone());
        let has_labels = !suggested.is_empty();
        let entry = |inputs: Vec<FormInput>| {
            let inputs = inputs.into_iter().map(|input| self.input(input, &list));
            view! { <div class="entry">{inputs.collect_view()}</div> }
        };
        let entries = entries.into_iter().map(entry).collect_view();
        if !has_labels {
            return dynamic::erase(entries);
        }
        let another = (!another.is_empty()).then(|| {
            let next = next.map(|name| match name.rsplit_once('.') {
                Some((entry, part)) if part.parse::<u32>().is_err() => entry.to_owned(),
                _ => name,
            });
            view! {
                <details class="another" data-next=next>
                    <summary>{t!("Add {label}", label = within_sentence(&label))}</summary>
                    {entry(another)}
                </details>
            }
        });
        let options = suggested
            .into_iter()
            .map(|words| view! { <option value=words></option> });
        dynamic::erase(view! {
            <fieldset class="entries">
                <legend class="sr-only">{label}</legend>
                {entries}
                {another}
                <datalist id=list>{options.collect_view()}</datalist>
            </fieldset>
        })
    }

    fn input(&self, input: FormInput, labels: &str) -> Erased {
        match input.kind {
            InputKind::Preferred(checked) => preferred(input, checked),
            InputKind::Flag(checked) => flag(input, checked),
            _ => self.text(input, labels),
        }
    }

    fn text(&self, input: FormInput, labels: &str) -> Erased {
        let name = input.name.clone();
        let label = input.label.clone();
        let class = match input.kind {
            InputKind::Label => "field is-label",
            _ => "field",
        };
        let message = self.errors.iter().find(|(other, _)| *other == name);
        let id = id(&name);
        let error_id = [&id, "-error"].concat();
        let invalid = message.map(|_| error_id.clone());
        let message = message.map(|(_, text)| {
            view! { <p id=error_id class="text-sm text-danger">{text.clone()}</p> }
        });
        let has_focus = name == self.first;
        let control = match input.kind {
            InputKind::Text => text_area(input, has_focus, invalid),
            _ => line(input, has_focus, invalid, labels),
        };
        dynamic::erase(view! {
            <div class=class>
                <label for=id>{label}</label>
                {control}
                {message}
            </div>
        })
    }
}

fn preferred(input: FormInput, checked: bool) -> Erased {
    let FormInput {
        name, label, value, ..
    } = input;
    dynamic::erase(view! {
        <label class="tick">
            <input type="radio" name=name value=value checked=checked/>
            {label}
        </label>
    })
}

fn flag(input: FormInput, checked: bool) -> Erased {
    let FormInput {
        name, label, value, ..
    } = input;
    dynamic::erase(view! {
        // A box that is not ticked is not sent.
        <input type="hidden" name=name.clone() value=""/>
        <label class="tick">
            <input type="checkbox" id=id(&name) name=name value=value checked=checked/>
            {label}
        </label>
    })
}

/// Text of many lines. `invalid` is the id of its error.
fn text_area(input: FormInput, has_focus: bool, invalid: Option<String>) -> Erased {
    let FormInput { name, value, .. } = input;
    dynamic::erase(view! {
        <textarea
            id=id(&name)
            name=name
            // It grows with its text in browsers that support that; see `.input` in controls.css.
            rows=value.lines().count().clamp(2, 12).to_string()
            autocomplete="off"
            class="input"
            autofocus=has_focus
            aria-invalid=invalid.is_some().then_some("true")
            aria-describedby=invalid
            inner_html=text_area_content(&value)
        ></textarea>
    })
}

fn line(input: FormInput, has_focus: bool, invalid: Option<String>, labels: &str) -> Erased {
    let FormInput {
        name, value, kind, ..
    } = input;
    let type_ = match kind {
        InputKind::Email => "email",
        InputKind::Phone => "tel",
        InputKind::Website => "url",
        _ => "text",
    };
    let placeholder = match kind {
        InputKind::Date => Some(t!("12 March 1990, or 12 March")),
        InputKind::List => Some(t!("Separated by commas")),
        _ => None,
    };
    dynamic::erase(view! {
        <input
            id=id(&name)
            name=name
            type=type_
            value=value
            placeholder=placeholder
            // A browser would offer the data of the reader, and not those of the contact.
            autocomplete="off"
            autocapitalize=(kind == InputKind::Words).then_some("words")
            enterkeyhint="done"
            class="input"
            list=(kind == InputKind::Label).then(|| labels.to_owned())
            autofocus=has_focus
            aria-invalid=invalid.is_some().then_some("true")
            aria-describedby=invalid
        />
    })
}

/// The id of an input of this name: `emails-0` for `emails.0`.
fn id(name: &str) -> String {
    name.replace('.', "-")
}

/// leptos 0.8 does not escape the children of a text area, so this function does. An HTML parser drops
/// the first line break of a text area. The one that is added here protects one that the reader typed.
fn text_area_content(value: &str) -> String {
    ["\n", &escape_html(value)].concat()
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
