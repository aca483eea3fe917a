//! The document around every page, and which page an address leads to.

use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_meta::provide_meta_context;
use leptos_router::SsrMode;
use leptos_router::components::Route;
use leptos_router::components::Router;
use leptos_router::components::Routes;
use leptos_router::path;

use crate::components::view::view;
use crate::islands::page_data::Texts;
use crate::model::language::Language;
use crate::model::language::t;
use crate::web::pages::accounts::AccountPage;
use crate::web::pages::accounts::ActivityPage;
use crate::web::pages::accounts::BooksPage;
use crate::web::pages::accounts::LeavePage;
use crate::web::pages::accounts::LinkPage;
use crate::web::pages::accounts::ManagementPage;
use crate::web::pages::accounts::ResetPage;
use crate::web::pages::accounts::SetUpPage;
use crate::web::pages::accounts::SignInPage;
use crate::web::pages::birthdays::BirthdaysPage;
use crate::web::pages::contacts::ContactsPage;
use crate::web::pages::dashboard::DashboardPage;
use crate::web::pages::dashboard::audit::AuditPage;
use crate::web::pages::history::HistoryPage;
use crate::web::pages::imports::ImportsPage;
use crate::web::pages::labels::LabelsPage;
use crate::web::pages::language::LanguagePage;
use crate::web::pages::move_contact::MovePage;
use crate::web::pages::not_found::NotFoundPage;
use crate::web::pages::one_contact::PrintContactPage;
use crate::web::pages::one_contact::QrPage;
use crate::web::pages::photo::PhotoPage;
use crate::web::pages::print::PrintPage;
use crate::web::pages::site_header::SiteHeader;
use crate::web::pages::style::Style;
use crate::web::pages::trash::TrashPage;
use crate::web::pages::trash::questions::TrashPartPage;
use crate::web::site::Site;

/// The HTML document.
pub fn shell(site: Site) -> impl IntoView {
    let language = Language::current();
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() dir=language.direction()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content=t!("Your contacts, on your own machine.")/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <MetaTags/>
                <script type="module" src="/keys.js"></script>
                <Style site=site.clone()/>
                <AutoReload options=site.leptos/>
            </head>
            <body>
                <App/>
                <Texts texts=language.script_texts()/>
            </body>
        </html>
    }
}

/// Every page under its address. Pages are sent whole (`SsrMode::Async`), so that their status
/// and title are right and nothing needs JavaScript to fall into place.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <SiteHeader/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/contacts") view=ContactsPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/new") view=ContactsPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/print") view=PrintPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id") view=ContactsPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/edit") view=ContactsPage ssr=SsrMode::Async/>
                <Route path=path!("/trash") view=TrashPage ssr=SsrMode::Async/>
                <Route path=path!("/trash/empty") view=TrashPartPage ssr=SsrMode::Async/>
                <Route path=path!("/trash/:id") view=TrashPartPage ssr=SsrMode::Async/>
                <Route path=path!("/trash/:id/delete") view=TrashPartPage ssr=SsrMode::Async/>
                <Route path=path!("/import") view=ImportsPage ssr=SsrMode::Async/>
                <Route path=path!("/imports/:id") view=ImportsPage ssr=SsrMode::Async/>
                <Route path=path!("/imports/:id/undo") view=ImportsPage ssr=SsrMode::Async/>
                <Route path=path!("/labels") view=LabelsPage ssr=SsrMode::Async/>
                <Route path=path!("/labels/:id") view=LabelsPage ssr=SsrMode::Async/>
                <Route path=path!("/labels/:id/:action") view=LabelsPage ssr=SsrMode::Async/>
                <Route path=path!("/labels/changes/:id/undo") view=LabelsPage ssr=SsrMode::Async/>
                <Route path=path!("/language") view=LanguagePage ssr=SsrMode::Async/>
                <Route path=path!("/birthdays") view=BirthdaysPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard") view=DashboardPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/audit") view=AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in/provider") view=LeavePage ssr=SsrMode::Async/>
                <Route path=path!("/set-up") view=SetUpPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/account/activity") view=ActivityPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/move") view=MovePage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/history") view=HistoryPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/history/:version") view=HistoryPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/print") view=PrintContactPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/qr") view=QrPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/photo") view=PhotoPage ssr=SsrMode::Async/>
                <Route path=path!("/contacts/:id/photo/remove") view=PhotoPage ssr=SsrMode::Async/>
                <Route path=path!("/books") view=BooksPage ssr=SsrMode::Async/>
                <Route path=path!("/accounts") view=ManagementPage ssr=SsrMode::Async/>
                <Route path=path!("/link") view=LinkPage ssr=SsrMode::Async/>
                <Route path=path!("/reset") view=ResetPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
