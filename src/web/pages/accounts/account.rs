//! `/account`: one's own account: the password, the passkeys, the identities at a provider, the sessions, and the tokens for programs.

use leptos::prelude::*;

use super::Moment;
use super::PasswordField;
use super::ProblemLine;
use super::address::Address;
use super::address::AddressView;
use super::last_used;
use super::passkeys::Passkeys;
use super::password_rule;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::ApiTokenInfo;
use crate::services::accounts::IdentityInfo;
use crate::services::accounts::PasskeyInfo;
use crate::services::accounts::SessionInfo;
use crate::services::book::Book;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone)]
pub struct AccountView {
    pub name: String,
    pub role: Role,
    /// What people call the provider whose identities the account can link, if there is one.
    pub provider: Option<String>,
    /// Where the account can have passkeys, if anywhere.
    pub passkey_host: Option<String>,
    pub admits: WhatAdmits,
    pub address: AddressView,
    pub books: Vec<Book>,
    /// What came of the last form.
    pub notice: Option<Notice>,
    /// The name that was typed for a token that could not be made.
    pub token_name: String,
}

/// All that lets the owner of the account in, and programs.
#[derive(Clone)]
pub struct WhatAdmits {
    pub has_password: bool,
    pub sessions: Vec<SessionInfo>,
    pub identities: Vec<IdentityInfo>,
    pub passkeys: Vec<PasskeyInfo>,
    pub tokens: Vec<ApiTokenInfo>,
}

/// What came of a form.
#[derive(Clone)]
pub enum Notice {
    PasswordChanged,
    SessionEnded,
    TokenRevoked,
    /// The token, which is shown once.
    TokenMade(String),
    PasswordRefused(String),
    TokenRefused(String),
    IdentityLinked,
    IdentityUnlinked,
    PasskeyAdded,
    PasskeyRemoved,
    /// Why a way to sign in was not added or removed.
    WayRefused(String),
    AddressSent,
    AddressRemoved,
    AddressRefused {
        why: String,
        typed: String,
    },
}

impl Notice {
    /// The text about something that was done.
    fn done(&self) -> Option<&'static str> {
        match self {
            Self::PasswordChanged => Some(t!(
                "The password is changed, and all other sessions have ended. Tokens for programs stay valid: revoke those that you do not know."
            )),
            Self::SessionEnded => Some(t!("The session has ended.")),
            Self::TokenRevoked => Some(t!(
                "The token is revoked. Programs that use it are refused."
            )),
            Self::IdentityLinked => Some(t!("The identity is linked: you can sign in with it.")),
            Self::IdentityUnlinked => Some(t!("The identity is unlinked, and admits no one here.")),
            Self::PasskeyAdded => Some(t!("The passkey is added: you can sign in with it.")),
            Self::PasskeyRemoved => Some(t!("The passkey is removed, and admits no one here.")),
            Self::AddressSent => Some(t!(
                "A link is on its way to the address. Follow it to confirm the address."
            )),
            Self::AddressRemoved => Some(t!("The address is removed.")),
            Self::TokenMade(_)
            | Self::PasswordRefused(_)
            | Self::TokenRefused(_)
            | Self::WayRefused(_)
            | Self::AddressRefused { .. } => None,
        }
    }
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let view = use_context::<AccountView>()?;
    let (mut password_problem, mut token_problem, mut way_problem) = (None, None, None);
    let mut address_problem = None;
    match view.notice.clone() {
        Some(Notice::PasswordRefused(why)) => password_problem = Some(why),
        Some(Notice::TokenRefused(why)) => token_problem = Some(why),
        Some(Notice::WayRefused(why)) => way_problem = Some(why),
        Some(Notice::AddressRefused { why, typed }) => address_problem = Some((why, typed)),
        _ => {}
    }
    let admits = view.admits;
    let done = view.notice.as_ref().and_then(Notice::done);
    let new_token = match &view.notice {
        Some(Notice::TokenMade(token)) => Some(token.clone()),
        _ => None,
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Account"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Account"</h1>
            {done.map(|text| view! { <p id="notice" role="status" class="mt-2">{text}</p> })}
            <Introduction name=view.name.clone() role=view.role/>
            <p class="mt-2">
                <a class="link" href="/books">"Address books"</a>" · "
                <a class="link" href="/account/activity">"Activity of this account"</a>
            </p>
            <form method="post" action="/sign-out" class="mt-2">
                <button class="button">"Sign out"</button>
            </form>
            <ProblemLine text=way_problem/>
            {admits.has_password.then(|| view! {
                <Password problem=password_problem name=view.name.clone()/>
            })}
            <Address view=view.address refused=address_problem/>
            <Passkeys passkeys=admits.passkeys host=view.passkey_host/>
            <Identities identities=admits.identities provider=view.provider/>
            <Sessions sessions=admits.sessions/>
            <Tokens
                tokens=admits.tokens
                role=view.role
                problem=token_problem
                new_token
                name=view.token_name
            />
        </main>
    })
}

/// Who is signed in, and what only admins do.
#[component]
fn Introduction(name: String, role: Role) -> impl IntoView {
    let name = view! { <bdi id="account-name">{name}</bdi> };
    let text = match role {
        Role::Admin => t_view!("You are signed in as {name}, an admin.", name = name),
        Role::Member => t_view!("You are signed in as {name}, a member.", name = name),
    };
    let of_admins = (role == Role::Admin).then(|| {
        t_view!(
            "As an admin you see how Kith works: {system}. You invite people and manage all {accounts}.",
            system = view! { <a class="link" href="/dashboard">"System"</a> },
            accounts = view! { <a class="link" href="/accounts">"accounts"</a> },
        )
    });
    view! {
        <p class="mt-2">{text}</p>
        {of_admins.map(|text| view! { <p class="mt-2">{text}</p> })}
    }
}

#[component]
fn Password(problem: Option<String>, name: String) -> impl IntoView {
    view! {
        <section class="mt-8" aria-labelledby="password-title">
            <h2 id="password-title" class="font-semibold">"Change the password"</h2>
            <form method="post" action="/account/password" class="mt-2 flex max-w-sm flex-col gap-4">
                <ProblemLine text=problem/>
                // Password managers keep the new password under this name.
                <input type="text" name="username" value=name autocomplete="username" hidden/>
                <PasswordField id="current" label="Present password" autocomplete="current-password"/>
                <PasswordField
                    id="new"
                    label="New password"
                    autocomplete="new-password"
                    hint=password_rule()
                />
                <div><button class="button">"Change the password"</button></div>
            </form>
        </section>
    }
}

/// The identities at the provider, unless there are none and there can be none.
#[component]
fn Identities(identities: Vec<IdentityInfo>, provider: Option<String>) -> impl IntoView {
    if identities.is_empty() && provider.is_none() {
        return None;
    }
    let row = |identity: IdentityInfo| {
        let action = format!("/account/identities/{}/unlink", identity.id);
        let label = identity.label.clone();
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <span class="min-w-0 grow">
                    <bdi class="break-all">{identity.label}</bdi>
                    <span class="block text-xs text-muted">
                        {t_view!(
                            "At {provider}, linked {time}",
                            provider = view! { <bdi class="break-all">{identity.issuer}</bdi> },
                            time = view! { <Moment at=identity.created_at/> },
                        )}
                    </span>
                </span>
                <form method="post" action=action>
                    <button class="button">"Unlink"<span class="sr-only">{t!(" the identity {name}", name = label)}</span></button>
                </form>
            </li>
        }
    };
    Some(view! {
        <section class="mt-8" aria-labelledby="identities-title">
            <h2 id="identities-title" class="font-semibold">"Sign-in with a provider"</h2>
            <ul class="mt-2" id="identities">{identities.into_iter().map(row).collect_view()}</ul>
            {provider.map(|label| view! {
                <form method="post" action="/account/identities" class="mt-2">
                    <button class="button">
                        {t_view!("Link an identity at {provider}", provider = view! { <bdi>{label}</bdi> })}
                    </button>
                </form>
            })}
        </section>
    })
}

#[component]
fn Sessions(sessions: Vec<SessionInfo>) -> impl IntoView {
    let has_others = sessions.iter().any(|session| !session.is_current);
    let row = |session: SessionInfo| {
        let action = format!("/account/sessions/{}/end", session.id);
        let label = session.label.clone();
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <span class="min-w-0 grow">
                    <bdi>{session.label}</bdi>
                    {session.is_current.then(|| t!(" (this browser)"))}
                    <span class="block text-xs text-muted">
                        {t_view!(
                            "Signed in {time}, last used {last_time}",
                            time = view! { <Moment at=session.created_at/> },
                            last_time = view! { <Moment at=session.seen_at/> },
                        )}
                    </span>
                </span>
                {(!session.is_current).then(|| view! {
                    <form method="post" action=action>
                        <button class="button">
                            "End"<span class="sr-only">{t!(" the session of {name}", name = label)}</span>
                        </button>
                    </form>
                })}
            </li>
        }
    };
    view! {
        <section class="mt-8" aria-labelledby="sessions-title">
            <h2 id="sessions-title" class="font-semibold">"Sessions"</h2>
            <ul class="mt-2" id="sessions">{sessions.into_iter().map(row).collect_view()}</ul>
            {has_others.then(|| view! {
                <form method="post" action="/account/sessions/end-others" class="mt-2">
                    <button class="button">"Sign out everywhere else"</button>
                </form>
            })}
        </section>
    }
}

#[component]
fn Tokens(
    tokens: Vec<ApiTokenInfo>,
    role: Role,
    problem: Option<String>,
    new_token: Option<String>,
    name: String,
) -> impl IntoView {
    let row = |token: ApiTokenInfo| {
        let action = format!("/account/tokens/{}/revoke", token.id);
        let label = token.name.clone();
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <span class="min-w-0 grow">
                    <bdi>{token.name}</bdi>" ("{scope_label(token.scope)}")"
                    <span class="block text-xs text-muted">
                        {t_view!(
                            "Ends with {ending}, made {time}",
                            ending = view! { <code>{token.ending}</code> },
                            time = view! { <Moment at=token.created_at/> },
                        )}
                        {token.expires_at.map(|at| t_view!(", valid until {time}", time = view! { <Moment at/> }))}
                        {last_used(token.last_used_at)}
                    </span>
                </span>
                <form method="post" action=action>
                    <button class="button">"Revoke"<span class="sr-only">{t!(" the token {name}", name = label)}</span></button>
                </form>
            </li>
        }
    };
    view! {
        <section class="mt-8" aria-labelledby="tokens-title">
            <h2 id="tokens-title" class="font-semibold">"Tokens for programs"</h2>
            <p class="mt-2">
                {t_view!(
                    "A program that uses the {api} sends a token: {header}",
                    api = view! { <a class="link" href="/api/docs">"REST API"</a> },
                    header = view! { <code>{"Authorization: Bearer kith_…"}</code> },
                )}
            </p>
            {new_token.map(|token| view! {
                <div role="status" class="mt-2" id="new-token">
                    <p>"This is the new token. Copy it now: Kith keeps no copy and cannot show it again."</p>
                    <p class="mt-2"><code class="break-all">{token}</code></p>
                </div>
            })}
            <ul class="mt-2" id="tokens">{tokens.into_iter().map(row).collect_view()}</ul>
            <NewToken role problem name/>
        </section>
    }
}

#[component]
fn NewToken(role: Role, problem: Option<String>, name: String) -> impl IntoView {
    let scopes = [Scope::Read, Scope::Write, Scope::Admin];
    let scopes = scopes
        .into_iter()
        .filter(|scope| *scope != Scope::Admin || role == Role::Admin);
    let scope = |scope: Scope| {
        view! { <option value=scope.as_str()>{scope_label(scope)}</option> }
    };
    view! {
        <form method="post" action="/account/tokens" class="mt-4 flex max-w-sm flex-col gap-4">
            <ProblemLine text=problem/>
            <div class="field">
                <label for="token-name">"Name of the program"</label>
                <input id="token-name" name="name" class="input" value=name required maxlength="100" autocomplete="off"/>
            </div>
            <div class="field">
                <label for="token-scope">"What it may do"</label>
                <select id="token-scope" name="scope" class="input">{scopes.map(scope).collect_view()}</select>
            </div>
            {one_of_several_books()}
            <div class="field">
                <label for="token-days">"Valid for"</label>
                <select id="token-days" name="days" class="input">
                    <option value="30">"30 days"</option>
                    <option value="90" selected>"90 days"</option>
                    <option value="365">"a year"</option>
                    <option value="">"until it is revoked"</option>
                </select>
            </div>
            <div><button class="button">"Make a token"</button></div>
        </form>
    }
}

/// The choice of the one book that a token is for, for owners who see several.
fn one_of_several_books() -> Option<impl IntoView> {
    let books = use_context::<AccountView>()?.books;
    (books.len() > 1).then(|| {
        let option =
            |book: Book| view! { <option value=book.id.to_string()>{book.label()}</option> };
        view! {
            <div class="field">
                <label for="token-book">"Address books"</label>
                <select id="token-book" name="book" class="input">
                    <option value="">"all"</option>
                    {books.into_iter().map(option).collect_view()}
                </select>
            </div>
        }
    })
}

fn scope_label(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => t!("reads contacts"),
        Scope::Write => t!("reads and changes contacts"),
        Scope::Admin => t!("does all that an admin does"),
    }
}
