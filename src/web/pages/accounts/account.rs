//! `/account`: one's own account: the password, the sessions, and the tokens for programs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

use super::PASSWORD_RULE;
use super::PasswordField;
use super::ProblemLine;
use crate::services::accounts::ApiTokenInfo;
use crate::services::accounts::SessionInfo;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone)]
pub struct AccountView {
    pub name: String,
    pub role: Role,
    pub sessions: Vec<SessionInfo>,
    pub tokens: Vec<ApiTokenInfo>,
    /// What came of the last form.
    pub notice: Option<Notice>,
    /// The name that was typed for a token that could not be made.
    pub token_name: String,
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
}

impl Notice {
    /// The text about something that was done.
    fn done(&self) -> Option<&'static str> {
        match self {
            Self::PasswordChanged => Some(
                "The password is changed, and all other sessions have ended. Tokens for programs stay valid: revoke those that you do not know.",
            ),
            Self::SessionEnded => Some("The session has ended."),
            Self::TokenRevoked => Some("The token is revoked. Programs that use it are refused."),
            Self::TokenMade(_) | Self::PasswordRefused(_) | Self::TokenRefused(_) => None,
        }
    }
}

#[component]
pub fn AccountPage() -> impl IntoView {
    let view = use_context::<AccountView>()?;
    let (password_problem, token_problem) = match view.notice.clone() {
        Some(Notice::PasswordRefused(why)) => (Some(why), None),
        Some(Notice::TokenRefused(why)) => (None, Some(why)),
        _ => (None, None),
    };
    let done = view.notice.as_ref().and_then(Notice::done);
    let new_token = match &view.notice {
        Some(Notice::TokenMade(token)) => Some(token.clone()),
        _ => None,
    };
    let role = match view.role {
        Role::Admin => "an admin",
        Role::Member => "a member",
    };
    Some(view! {
        <PageTitle text="Account · Kith"/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Account"</h1>
            {done.map(|text| view! { <p id="notice" role="status" class="mt-2">{text}</p> })}
            <p class="mt-2">"You are signed in as "<bdi id="account-name">{view.name.clone()}</bdi>", "{role}"."</p>
            {(view.role == Role::Admin).then(|| view! {
                <p class="mt-2">
                    "As an admin you see how Kith works: "<a class="link" href="/dashboard">"System"</a>
                </p>
            })}
            <form method="post" action="/sign-out" class="mt-2">
                <button class="button">"Sign out"</button>
            </form>
            <Password problem=password_problem name=view.name.clone()/>
            <Sessions sessions=view.sessions/>
            <Tokens
                tokens=view.tokens
                role=view.role
                problem=token_problem
                new_token
                name=view.token_name
            />
        </main>
    })
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
                    hint=PASSWORD_RULE
                />
                <div><button class="button">"Change the password"</button></div>
            </form>
        </section>
    }
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
                    {session.is_current.then_some(" (this browser)")}
                    <span class="block text-xs text-muted">
                        "Signed in "<Moment at=session.created_at/>", last used "<Moment at=session.seen_at/>
                    </span>
                </span>
                {(!session.is_current).then(|| view! {
                    <form method="post" action=action>
                        <button class="button">"End"<span class="sr-only">" the session of "{label}</span></button>
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
                        "Ends with "<code>{token.ending}</code>", made "<Moment at=token.created_at/>
                        {token.expires_at.map(|at| view! { ", valid until "<Moment at/> })}
                        {match token.last_used_at {
                            Some(at) => view! { ", last used "<Moment at/> }.into_any(),
                            None => ", not used yet".into_any(),
                        }}
                    </span>
                </span>
                <form method="post" action=action>
                    <button class="button">"Revoke"<span class="sr-only">" the token "{label}</span></button>
                </form>
            </li>
        }
    };
    view! {
        <section class="mt-8" aria-labelledby="tokens-title">
            <h2 id="tokens-title" class="font-semibold">"Tokens for programs"</h2>
            <p class="mt-2">
                "A program that uses the "<a class="link" href="/api/docs">"REST API"</a>
                " sends a token: "<code>"Authorization: Bearer kith_…"</code>
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

fn scope_label(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "reads contacts",
        Scope::Write => "reads and changes contacts",
        Scope::Admin => "does all that an admin does",
    }
}

/// A time in UTC.
#[component]
fn Moment(at: Timestamp) -> impl IntoView {
    let text = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    view! { <time datetime=at.to_string()>{text.to_string()}</time> }
}
