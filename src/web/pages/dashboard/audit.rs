//! `/dashboard/audit`: who did what, when and from where.

use std::sync::Arc;

use jiff::Timestamp;
use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_context;
use crate::services::audit_log::Record;
use crate::web::pages::PageTitle;

/// What the page shows.
pub struct AuditView {
    /// The entries, and the cursor of the next page.
    pub found: Result<(Vec<Record>, Option<String>), AppError>,
    pub is_first: bool,
    pub now: Timestamp,
}

/// The whole page. What it shows is in its context.
#[component]
pub fn AuditPage() -> impl IntoView {
    let view = use_context::<Arc<AuditView>>()?;
    let content = match &view.found {
        Ok((records, next)) => view! {
            <Entries records=records.clone() now=view.now/>
            <p class="mt-4">
                {(!view.is_first).then(|| view! {
                    <a class="button" href="/dashboard/audit">"Latest entries"</a>" "
                })}
                {next.as_ref().map(|cursor| view! {
                    <a class="button" rel="next" href=format!("/dashboard/audit?cursor={cursor}")>
                        "Older entries"
                    </a>
                })}
            </p>
        },
        Err(error) => view! {
            <p class="problem mt-4" role="alert">{error.to_string()}</p>
        },
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Audit log"))/>
        <main id="main" tabindex="-1" class="dashboard">
            <h1 class="text-xl font-semibold tracking-tight">"Audit log"</h1>
            <section class="part" aria-label="Entries">{content}</section>
            <a class="back" href="/dashboard">"Dashboard"</a>
        </main>
    })
}

#[component]
fn Entries(records: Vec<Record>, now: Timestamp) -> impl IntoView {
    if records.is_empty() {
        return view! { <p class="note">"There are no entries."</p> };
    }
    let rows = records
        .into_iter()
        .map(|record| {
            let kind = kind_words(&record.kind);
            view! {
                <tr>
                    <th scope="row"><format::Time at=record.at now/></th>
                    <td><bdi>{record.actor}</bdi></td>
                    <td>{record.action.unwrap_or(kind)}</td>
                    <td><code>{record.subject}</code></td>
                    <td>{record.network}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = vec![
        t!("When (UTC)"),
        t!("Who"),
        t!("What"),
        t!("Id"),
        t!("From where"),
    ];
    view! { <Table label="Entries" heads words=true>{rows}</Table> }
}

/// What is done, by the [name](crate::services::audit_log::Kind::name) of its kind. Another version may have written
/// one that this does not know.
pub fn kind_words(name: &str) -> String {
    let words = match name {
        "sign_in" => t_context!("audit log", "Sign in"),
        "sign_in_failed" => t!("Sign in failed"),
        "sign_out" => t_context!("audit log", "Sign out"),
        "password_changed" => t!("Password changed"),
        "user_added" => t!("User added"),
        "user_changed" => t!("User changed"),
        "user_removed" => t!("User removed"),
        "reset_link_added" => t!("Reset link added"),
        "email_changed" => t!("Email changed"),
        "invitation_added" => t!("Invitation added"),
        "invitation_revoked" => t!("Invitation revoked"),
        "token_added" => t!("Token added"),
        "token_revoked" => t!("Token revoked"),
        "calendar_feed_added" => t!("Calendar feed added"),
        "calendar_feed_revoked" => t!("Calendar feed revoked"),
        "identity_linked" => t!("Identity linked"),
        "identity_unlinked" => t!("Identity unlinked"),
        "passkey_added" => t!("Passkey added"),
        "passkey_removed" => t!("Passkey removed"),
        "book_added" => t!("Book added"),
        "book_shared" => t!("Book shared"),
        "book_unshared" => t!("Book unshared"),
        "book_removed" => t!("Book removed"),
        "contact_deleted" => t!("Contact deleted"),
        "contact_deleted_for_ever" => t!("Contact deleted for ever"),
        "trash_emptied" => t!("Trash emptied"),
        "contacts_exported" => t!("Contacts exported"),
        "contacts_imported" => t!("Contacts imported"),
        "import_undone" => t!("Import undone"),
        "label_changed" => t!("Label changed"),
        "label_removed" => t!("Label removed"),
        "label_given_back" => t!("Label given back"),
        "limits_changed" => t!("Limits changed"),
        "queue_resumed" => t!("Queue resumed"),
        "messages_cancelled" => t!("Messages cancelled"),
        "cache_invalidated" => t!("Cache invalidated"),
        "dead_letters_sent" => t!("Dead letters sent"),
        "dead_letters_deleted" => t!("Dead letters deleted"),
        other => return format::sentence(&other.replace('_', " ")),
    };
    words.to_owned()
}
