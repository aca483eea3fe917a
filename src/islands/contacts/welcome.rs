//! The choice of a welcome email for a new contact: the box, and a preview.

use leptos::prelude::*;

use super::state::State;
use crate::components::erased_signal::ErasedSignal;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::view::WelcomeOffer;

/// The box and the preview. `name` is the current value of the field.
#[component]
pub fn WelcomeChoice(state: State, ticked: bool, name: ErasedSignal<String>) -> impl IntoView {
    let WelcomeOffer {
        from,
        subject,
        text,
        is_sent,
        ..
    } = state.welcome.get_untracked();
    view! {
        <div class="welcome">
            <label class="tick">
                <input type="checkbox" id="welcome" name="welcome" value="true" checked=ticked/>
                "Send a welcome email"
            </label>
            <details class="preview">
                <summary>"Preview"</summary>
                <div class="preview-mail">
                    {(!is_sent).then_some(view! {
                        <p class="text-muted">
                            "Kith has no mail server yet, so this reaches nobody: it is kept as a \
                             file beside Kith’s data."
                        </p>
                    })}
                    <dl class="current">
                        <dt>"From"</dt>
                        <dd>{from}</dd>
                        <dt>"Subject"</dt>
                        <dd>{reactive_text(move || fill_template(&subject, &name.read()))}</dd>
                    </dl>
                    <p class="whitespace-pre-wrap">{reactive_text(move || fill_template(&text, &name.read()))}</p>
                </div>
            </details>
        </div>
    }
}

/// Joins the parts of a template by a name, as the server does.
fn fill_template(parts: &[String], name: &str) -> String {
    let name = name.trim();
    parts.join(if name.is_empty() { t!("(name)") } else { name })
}

#[cfg(test)]
mod tests {
    use super::fill_template;

    #[test]
    fn a_template_without_a_name_shows_where_it_goes() {
        let parts = ["Hello ", ", ", ""].map(str::to_owned);
        assert_eq!(fill_template(&parts, " Ada "), "Hello Ada, Ada");
        assert_eq!(fill_template(&parts, "  "), "Hello (name), (name)");
    }
}
