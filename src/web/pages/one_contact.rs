//! Pages about one contact that change nothing: `/contacts/{id}/qr`, a QR code of its card, and `/contacts/{id}/print`, the
//! contact as it goes on paper. They need no script.

use axum::http::request::Parts;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use qrcode::EcLevel;
use qrcode::QrCode;
use qrcode::render::svg;

use super::PageTitle;
use super::set_status;
use crate::components::avatar::LargeAvatar;
use crate::components::detail_fields::DetailFields;
use crate::components::view::view;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::short_card::ShortCard;
use crate::web::caller_contacts;

/// What a page about a contact needs of it.
struct Found {
    contact: Contact,
    card: ContactCard,
    book: BookId,
}

impl Found {
    fn address(&self) -> String {
        format!("/contacts/{}?{BOOK}={}", self.contact.id, self.book)
    }
}

/// Finds the contact that the address of the page names, and leads to the address with its book: the head of the page
/// marks that one.
async fn find(contacts: &Contacts, id: &str, request: &Parts) -> Result<Found, AppError> {
    let id: ContactId = id.parse().map_err(|_| AppError::NotFound)?;
    let book = contacts.book_of(id, BookRole::Viewer).await?.id;
    if contacts.book().is_ok_and(|asked| asked.id != book) {
        leptos_axum::redirect(&format!("{}?{BOOK}={book}", request.uri.path()));
    }
    let (contact, card) = contacts.card(id).await?;
    Ok(Found {
        contact,
        card,
        book,
    })
}

/// A page about the contact that its address names. An error takes its place.
fn page_of<V: IntoView + 'static>(draw: fn(Found) -> V) -> impl IntoView {
    let id = use_params_map().read_untracked().get("id");
    let id = id.unwrap_or_default();
    view! {
        <main id="main" tabindex="-1" class="page">
            <Suspense>
                {move || {
                    let contacts = caller_contacts::of_page();
                    let request = use_context::<Parts>();
                    let id = id.clone();
                    Suspend::new(async move {
                        let found = find(&contacts?, &id, &request?).await;
                        if let Err(error) = &found {
                            set_status(error);
                        }
                        Some(found.map_or_else(
                            |error| view! { <Failed error/> },
                            |found| draw(found).into_any(),
                        ))
                    })
                }}
            </Suspense>
        </main>
    }
}

#[component]
fn Failed(error: AppError) -> impl IntoView {
    view! {
        <h1 class="text-xl font-semibold tracking-tight">"Contact"</h1>
        <p class="problem mt-4" role="alert">{error.to_string()}</p>
        <a class="back" href="/contacts">"Contacts"</a>
    }
}

#[component]
pub fn QrPage() -> impl IntoView {
    view! {
        <PageTitle text=format!("{} · Kith", t!("QR code"))/>
        {page_of(qr)}
    }
}

fn qr(found: Found) -> impl IntoView {
    let href = found.address();
    let name = found.contact.name;
    let code = ShortCard::of(&name, &found.card.fields()).ok();
    let code = code.and_then(|card| Some((drawn(&card.bytes)?, card.left_out)));
    let code = code.map(|(svg, left_out)| {
        let says = match left_out.as_str() {
            "" => t!("It says the name, the phones, the emails and the company.").to_owned(),
            left_out => t!(
                "It says the name, the phones, the emails and the company, as far as a camera can read that. It leaves out {left_out}.",
                left_out = left_out,
            ),
        };
        let label = t!("QR code of {name}", name = name);
        view! {
            <p class="mt-2 text-muted">
                "Point the camera of a telephone at it to add the contact there. "{says}
            </p>
            <div class="qr" role="img" aria-label=label inner_html=svg></div>
        }
    });
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("QR code of {name}", name = view! { <bdi>{name}</bdi> })}
        </h1>
        {code}
        <a class="back" href=href>"Back to the contact"</a>
    }
}

/// A QR code as SVG, dark on light in every theme, because many cameras read no other. A short card always fits.
fn drawn(text: &[u8]) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let svg = code
        .render::<svg::Color>()
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    // HTML has no declaration of XML.
    let start = svg.find("<svg")?;
    Some(svg[start..].to_owned())
}

#[component]
pub fn PrintContactPage() -> impl IntoView {
    view! {
        <PageTitle text=format!("{} · Kith", t!("Print"))/>
        {page_of(printed)}
    }
}

fn printed(found: Found) -> impl IntoView {
    let href = found.address();
    let contact = found.contact;
    let ContactDetails {
        row,
        subtitle,
        fields,
        ..
    } = ContactDetails::of(&contact, Activities::default());
    view! {
        <script src="/print.js" defer></script>
        <div class="print-head print-hidden">
            <p class="grow text-muted">"The contact as it goes on paper."</p>
            <button class="button" type="button" id="print" hidden>"Print"</button>
            <a class="button" href=href>"Back to the contact"</a>
        </div>
        <noscript>
            <p class="print-hidden">"Print this page with your browser’s own menu."</p>
        </noscript>
        <article class="card mt-4">
            <header class="person">
                <LargeAvatar id=row.id name=row.name.clone() photo=row.photo/>
                <div class="person-name">
                    <h1 class="text-xl font-semibold tracking-tight">
                        <bdi>{row.name}</bdi>
                    </h1>
                    <p class="text-muted wrap-anywhere" hidden=subtitle.is_empty()>
                        <bdi>{subtitle.clone()}</bdi>
                    </p>
                </div>
            </header>
            <DetailFields fields/>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::contacts::short_card::MAX_BYTES;

    #[test]
    fn the_longest_short_card_has_a_code() {
        let code = drawn(&[b'x'; MAX_BYTES]).expect("it fits");
        assert!(
            code.starts_with("<svg") && code.ends_with("</svg>"),
            "{code}"
        );
    }
}
