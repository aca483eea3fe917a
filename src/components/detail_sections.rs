//! The fields of a contact in sections, each with a link to its place in the form.

use leptos::prelude::*;

use crate::components::detail_fields::DetailFields;
use crate::components::view::view;
use crate::model::contact::DetailField;
use crate::model::format::utc_timestamp;
use crate::model::format::within_sentence;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::model::location::Location;

/// `form` is the form of the contact; `missing` and `changed_at` are as in
/// [`ContactDetails`](crate::model::contact::ContactDetails).
#[component]
pub fn DetailSections(
    fields: Vec<DetailField>,
    missing: Vec<(&'static str, &'static str)>,
    changed_at: String,
    form: Location,
) -> impl IntoView {
    let form_at = |field: &str| {
        let form = Location {
            field: field.to_owned(),
            ..form.clone()
        };
        form.url()
    };
    let sections = fields
        .chunk_by(|one, next| one.section == next.section)
        .map(|fields| section(fields, form_at(fields[0].name)));
    let sections = sections.collect_view();
    let is_whole = missing.is_empty();
    let missing = missing.into_iter().map(|(name, label)| {
        let add = t!("Add {label}", label = within_sentence(label));
        view! { <li><a href=form_at(name)>{add}</a></li> }
    });
    let missing = missing.collect_view();
    view! {
        <div class="sections">{sections}</div>
        <ul class="offers for-editors" hidden=is_whole>{missing}</ul>
        {changed(changed_at)}
    }
}

fn section(fields: &[DetailField], form: String) -> impl IntoView + use<> {
    let title = fields[0].section;
    let id = format!("section-{}", fields[0].name);
    let title_id = id.clone();
    let about = within_sentence(title);
    // The title says what the only field of a section is.
    let class = if fields.len() == 1 && fields[0].label == title {
        "section is-titled"
    } else {
        "section"
    };
    view! {
        <section class=class aria-labelledby=id>
            <header>
                <h2 id=title_id>{title}</h2>
                <a class="for-editors" href=form>
                    "Edit"<span class="sr-only">" "{about}</span>
                </a>
            </header>
            <DetailFields fields=fields.to_vec()/>
        </section>
    }
}

/// When the contact was changed. `public/times.js` rewrites it by the clock of the reader.
fn changed(at: String) -> impl IntoView {
    (!at.is_empty()).then(|| {
        let words = utc_timestamp(&at).unwrap_or_else(|| at.clone());
        view! {
            <p class="mt-4 text-xs text-muted">
                {t_view!(
                    "Changed {time}",
                    time = view! { <time datetime=at data-age="">{words}</time> },
                )}
            </p>
        }
    })
}
