//! Address books: who sees which contacts, over HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;

use kith::services::accounts::AccountError;
use kith::services::accounts::AccountName;
use kith::services::accounts::Accounts;
use kith::services::accounts::BooksLeft;
use kith::services::accounts::NewAccount;
use kith::services::client::Role;
use kith::services::config::Config;
use kith::services::database;
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::html::Page;
use crate::sign_in::shown_token;
use crate::sign_in::submit;
use crate::sign_in::token;
use crate::sign_in::visit;
use crate::sign_in::with_account;

const PASSWORD: &str = "kettle violin marmot";

/// A Kith with the accounts `ada`, an admin, and `bob`.
struct Two {
    app: TestApp,
    ada: Person,
    bob: Person,
}

/// A person who is signed in, and has a program with a token.
struct Person {
    session: String,
    token: String,
}

impl Two {
    async fn new() -> Self {
        let (app, session) = with_account(|config| {
            config.welcome.enabled = false;
            // The tests ask more often than a person does.
            config.limits.token.limit = NonZeroU32::MAX;
        })
        .await;
        let ada = Person {
            token: token(&app, &session, "write").await,
            session,
        };
        let this = Self {
            ada,
            bob: Person {
                session: String::new(),
                token: String::new(),
            },
            app,
        };
        let name = name("bob");
        let new = NewAccount {
            name: &name,
            password: PASSWORD,
            role: Role::Member,
        };
        this.accounts().await.add(new).await.expect("a new account");
        let form = [("name", "bob"), ("password", PASSWORD), ("next", "/")];
        let entered = this.app.submit("/sign-in", &form).await;
        let session = crate::sign_in::cookie(&entered, "kith-session").expect("a session");
        let token = token(&this.app, &session, "write").await;
        Self {
            bob: Person { session, token },
            ..this
        }
    }

    async fn accounts(&self) -> Accounts {
        let config: Arc<Config> = self.app.part();
        let opened = database::open(config.data.database(), NonZeroU32::MIN).await;
        Accounts::new(opened.expect("it is open already"), None)
    }

    async fn call(
        &self,
        who: &Person,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Response {
        let mut request = self.app.request(method, path);
        request = request.header("authorization", format!("Bearer {}", who.token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        send(request).await
    }

    async fn json(&self, who: &Person, path: &str) -> Value {
        let response = self.call(who, Method::GET, path, None).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("a body")
    }

    async fn create(&self, who: &Person, name: &str, book: &str) -> String {
        let body = json!({ "name": name, "email": "someone@example.com" });
        let path = format!("/api/contacts{book}");
        let created = self.call(who, Method::POST, &path, Some(body)).await;
        assert_eq!(created.status(), StatusCode::CREATED);
        let body: Value = created.json().await.expect("a body");
        body["contact"]["id"].as_str().expect("an id").to_owned()
    }

    /// The id of the first book of a person.
    async fn home(&self, who: &Person) -> String {
        let books = self.json(who, "/api/books").await;
        books["books"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn share(&self, who: &Person, book: &str, with: &str, role: &str) -> Response {
        let form = [("name", with), ("role", role)];
        submit(
            &self.app,
            &who.session,
            &format!("/books/{book}/share"),
            &form,
        )
        .await
    }

    /// All that a person learns without asking for anything by its id. What differs between two equal requests is left out.
    async fn observe(&self, who: &Person) -> Vec<String> {
        let mut seen = Vec::new();
        for path in [
            "/api/contacts",
            "/api/contacts?q=a&sort=-updated",
            "/api/contacts/totals",
            "/api/books",
        ] {
            seen.push(shown(self.call(who, Method::GET, path, None).await).await);
        }
        for path in [
            "/contacts",
            "/contacts?q=a",
            "/trash",
            "/contacts/print",
            "/books",
        ] {
            seen.push(shown(send(visit(&self.app, &who.session, path)).await).await);
        }
        seen
    }
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).expect("a name")
}

/// A response without what is different in each: its number, times, and how much of the limit is left.
async fn shown(response: Response) -> String {
    const OF_EACH: [&str; 9] = [
        "date",
        "x-request-id",
        "server-timing",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-used",
        "ratelimit",
        "ratelimit-policy",
        "content-security-policy",
    ];
    let mut headers: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| !OF_EACH.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let (url, status) = (response.url().to_string(), response.status());
    let body = response.text().await.expect("a body");
    format!("{url} {status}\n{}\n\n{body}", headers.join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_that_is_moved_is_found_by_what_happens_at_the_same_time() {
    let two = Two::new().await;
    let home = two.home(&two.ada).await;
    submit(&two.app, &two.ada.session, "/books", &[("name", "Club")]).await;
    let books = two.json(&two.ada, "/api/books").await;
    let club = books["books"][1]["id"].as_str().expect("an id").to_owned();
    let contact = two.create(&two.ada, "Ada", "").await;
    for turn in 0..60 {
        let to = if turn % 2 == 0 { &club } else { &home };
        let path = format!("/api/contacts/{contact}");
        let move_path = format!("{path}/move");
        let moving = Some(json!({ "book": to }));
        let change = Some(json!({ "phone": format!("555 {turn:02}") }));
        let (moved, changed, read) = tokio::join!(
            two.call(&two.ada, Method::POST, &move_path, moving),
            two.call(&two.ada, Method::PATCH, &path, change),
            two.call(&two.ada, Method::GET, &path, None),
        );
        let statuses = [moved.status(), changed.status(), read.status()];
        assert_eq!(statuses, [StatusCode::OK; 3], "turn {turn}");
    }
}

#[tokio::test]
async fn a_book_has_a_name_that_people_see() {
    let two = Two::new().await;
    for name in ["\u{FEFF}", "\u{200B} \u{202E}", "a\u{0}b"] {
        let refused = submit(&two.app, &two.ada.session, "/books", &[("name", name)]).await;
        assert_eq!(
            refused.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name:?}"
        );
    }
    let made = submit(
        &two.app,
        &two.ada.session,
        "/books",
        &[("name", " The\u{200B} Club ")],
    )
    .await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let books = two.json(&two.ada, "/api/books").await;
    assert_eq!(books["books"][1]["name"], "The Club");
}

#[tokio::test]
async fn a_form_that_is_refused_stays_open_with_what_was_typed() {
    let two = Two::new().await;
    let home = two.home(&two.ada).await;
    let refused = two.share(&two.ada, &home, "nobody here", "viewer").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.expect("a body");
    assert!(page.contains(r#"value="nobody here" autofocus"#), "{page}");
    assert!(
        page.contains(r#"<details open class="mt-2"><summary class="button">Share…"#),
        "{page}"
    );
}

#[tokio::test]
async fn an_address_with_an_id_that_is_none_names_nothing() {
    let two = Two::new().await;
    for path in [
        "/books/x/share",
        "/account/tokens/x/revoke",
        "/account/sessions/x/end",
    ] {
        let answer = submit(&two.app, &two.ada.session, path, &[("name", "bob")]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let page = answer.text().await.expect("a body");
        assert!(!page.contains("UUID"), "{page}");
    }
}

#[tokio::test]
async fn the_page_for_moving_a_contact_marks_its_book() {
    let two = Two::new().await;
    submit(&two.app, &two.ada.session, "/books", &[("name", "Club")]).await;
    let books = two.json(&two.ada, "/api/books").await;
    let club = books["books"][1]["id"].as_str().expect("an id").to_owned();
    let contact = two.create(&two.ada, "Ada", &format!("?book={club}")).await;
    let path = format!("/contacts/{contact}/move");
    let answer = send(visit(&two.app, &two.ada.session, &path)).await;
    let location = header(&answer, "location");
    assert_eq!(location, format!("{path}?book={club}"));
    let page = send(visit(
        &two.app,
        &two.ada.session,
        &format!("{path}?book={club}"),
    ))
    .await;
    let page = page.text().await.expect("a body");
    assert!(page.contains("Now in <bdi>Club</bdi>."), "{page}");
}

#[tokio::test]
async fn a_member_who_is_refused_keeps_the_links_of_a_member() {
    let two = Two::new().await;
    let refused = send(visit(&two.app, &two.bob.session, "/accounts")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = refused.text().await.expect("a body");
    assert!(page.contains(r#"href="/account""#), "{page}");
    assert!(!page.contains(r#"href="/dashboard""#), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_book_does_not_have_the_count_of_a_book_that_is_gone() {
    let two = Two::new().await;
    let made = async |who: &Person| {
        let made = submit(&two.app, &who.session, "/books", &[("name", "Club")]).await;
        assert_eq!(made.status(), StatusCode::SEE_OTHER);
        let books = two.json(who, "/api/books").await;
        books["books"][1]["id"].as_str().expect("an id").to_owned()
    };
    let book = made(&two.ada).await;
    let totals = |book: &str| format!("/api/contacts/totals?book={book}");
    two.create(&two.ada, "Ada", &format!("?book={book}")).await;
    two.json(&two.ada, &totals(&book)).await;
    let path = format!("/books/{book}/remove");
    submit(&two.app, &two.ada.session, &path, &[]).await;
    let book = made(&two.bob).await;
    let counted = two.json(&two.bob, &totals(&book)).await;
    assert_eq!(counted, json!({ "contacts": 0, "trash": 0 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_reads_the_trash_and_is_offered_no_change() {
    let two = Two::new().await;
    let book = two.home(&two.ada).await;
    let shared = two.share(&two.ada, &book, "bob", "viewer").await;
    assert_eq!(shared.status(), StatusCode::SEE_OTHER);
    let id = two.create(&two.ada, "Ada", "").await;
    let path = format!("/api/contacts/{id}");
    two.call(&two.ada, Method::DELETE, &path, None).await;
    let query = format!("?book={book}");
    for (who, may_write) in [(&two.ada, true), (&two.bob, false)] {
        let read = async |path: &str| {
            let address = format!("{path}{query}");
            send(visit(&two.app, &who.session, &address)).await
        };
        let (one, question) = (format!("/trash/{id}"), format!("/trash/{id}/delete"));
        for (path, leads_to) in [("/trash", "/trash/empty"), (&one, &question)] {
            let page = Page::read(read(path).await).await;
            assert!(page.text().contains("Ada"), "{path}");
            assert_eq!(page.has("main form[method=post]"), may_write, "{path}");
            let link = format!("main a[href='{leads_to}{query}']");
            assert_eq!(page.has(&link), may_write, "{path}");
        }
        let status = match may_write {
            true => StatusCode::OK,
            false => StatusCode::FORBIDDEN,
        };
        for path in ["/trash/empty", &question] {
            assert_eq!(read(path).await.status(), status, "{path}");
        }
    }
    // What is done about a book leads back to its trash.
    let path = format!("/trash/{id}/delete{query}");
    let erased = submit(&two.app, &two.ada.session, &path, &[]).await;
    assert_eq!(
        header(&erased, "location"),
        format!("/trash{query}&done=deleted")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_account_does_changes_nothing_that_another_one_sees() {
    let two = Two::new().await;
    let mut random = StdRng::seed_from_u64(18);
    let mut known: [Vec<String>; 2] = Default::default();
    for turn in 0..40_usize {
        let who = random.random_range(0..2);
        let (actor, other) = match who {
            0 => (&two.ada, &two.bob),
            _ => (&two.bob, &two.ada),
        };
        // The second look finds what the first one has cached, and the third one must find the same.
        two.observe(other).await;
        let before = two.observe(other).await;
        let own = &mut known[who];
        let id = match own.is_empty() {
            true => None,
            false => Some(own[random.random_range(0..own.len())].clone()),
        };
        match (random.random_range(0..4), id) {
            (1, Some(id)) => {
                let body = json!({ "phone": format!("{}", 100_000 + turn) });
                let path = format!("/api/contacts/{id}");
                two.call(actor, Method::PATCH, &path, Some(body)).await;
            }
            (2, Some(id)) => {
                let path = format!("/api/contacts/{id}");
                two.call(actor, Method::DELETE, &path, None).await;
            }
            (3, Some(id)) => {
                let path = format!("/api/contacts/{id}/restore");
                two.call(actor, Method::POST, &path, None).await;
            }
            _ => own.push(two.create(actor, &format!("Ada {turn}"), "").await),
        }
        let after = two.observe(other).await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "turn {turn}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_of_others_is_none() {
    let two = Two::new().await;
    let secret = two.create(&two.ada, "Ada Secret", "").await;
    let unknown = "01890000-0000-7000-8000-000000000000";
    let home = two.home(&two.ada).await;
    let change = json!({ "name": "Eve", "email": "eve@example.com" });
    for (method, path, body) in [
        (Method::GET, "", None),
        (Method::PUT, "", Some(change.clone())),
        (Method::PATCH, "", Some(change.clone())),
        (Method::DELETE, "", None),
        (Method::POST, "/restore", None),
        (Method::POST, "/move", Some(json!({ "book": home }))),
    ] {
        let mut answers = Vec::new();
        for id in [secret.as_str(), unknown] {
            let path = format!("/api/contacts/{id}{path}");
            let response = two
                .call(&two.bob, method.clone(), &path, body.clone())
                .await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
            answers.push(shown(response).await.replace(id, "ID"));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    for (id, book) in [(secret.as_str(), home.as_str()), (unknown, unknown)] {
        let page = send(visit(
            &two.app,
            &two.bob.session,
            &format!("/contacts/{id}"),
        ))
        .await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        let path = format!("/api/contacts?book={book}");
        let list = two.call(&two.bob, Method::GET, &path, None);
        assert_eq!(list.await.status(), StatusCode::NOT_FOUND);
    }
    let mine = two.json(&two.ada, &format!("/api/contacts/{secret}")).await;
    assert_eq!(mine["contact"]["name"], "Ada Secret");
    assert_eq!(mine["contact"]["version"], 1);

    // Each account has keys of its own.
    for who in [&two.ada, &two.bob] {
        let request = two
            .app
            .request(Method::POST, "/api/contacts")
            .header("authorization", format!("Bearer {}", who.token))
            .header("idempotency-key", "one-key")
            .json(&change);
        let created = send(request).await;
        assert_eq!(created.status(), StatusCode::CREATED);
        assert_eq!(header(&created, "idempotency-replayed"), "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_says_what_an_account_does_in_a_shared_book() {
    let two = Two::new().await;
    let grace = two.create(&two.ada, "Grace", "").await;
    let home = two.home(&two.ada).await;
    let own = two.home(&two.bob).await;
    let in_book = format!("?book={home}");
    let contact = format!("/api/contacts/{grace}");
    let new = json!({ "name": "Bob's", "email": "bob@example.com" });
    for (role, write, share) in [
        ("viewer", false, false),
        ("editor", true, false),
        ("owner", true, true),
    ] {
        let shared = two.share(&two.ada, &home, "BOB", role).await;
        assert_eq!(shared.status(), StatusCode::SEE_OTHER, "{role}");
        let books = two.json(&two.bob, "/api/books").await;
        assert_eq!(
            books["books"][0]["id"], own,
            "one's own book stays the first"
        );
        let shared = &books["books"][1];
        assert_eq!(
            (&shared["role"], &shared["sharedBy"]),
            (&json!(role), &json!("ada"))
        );
        let list = two
            .json(&two.bob, &format!("/api/contacts{in_book}&q=grace"))
            .await;
        assert_eq!(list["total"], 1, "{role}");
        let page = send(visit(
            &two.app,
            &two.bob.session,
            &format!("/contacts{in_book}"),
        ))
        .await;
        let page = page.text().await.expect("a page");
        assert!(
            page.contains("shared by ada") && page.contains("Grace"),
            "{role}"
        );
        assert_eq!(page.contains("is-viewer"), !write);

        let created = format!("/api/contacts{in_book}");
        for (method, path, body) in [
            (Method::POST, created.as_str(), Some(new.clone())),
            (
                Method::PATCH,
                contact.as_str(),
                Some(json!({ "company": role })),
            ),
        ] {
            let status = two.call(&two.bob, method, path, body).await.status();
            let refused = status == StatusCode::FORBIDDEN;
            assert_eq!(
                (status.is_success(), refused),
                (write, !write),
                "{role} {path}"
            );
        }
        let others = two.share(&two.bob, &home, "ada", "owner").await.status();
        let expected = match share {
            true => StatusCode::SEE_OTHER,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        assert_eq!(others, expected, "{role}");
    }
    // An owner does not take the book from the account that begins with it.
    let taken = two.share(&two.bob, &home, "ada", "viewer").await;
    assert_eq!(taken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(two.home(&two.ada).await, home);

    // The contact is there, and the book that the request names is not.
    let nowhere = json!({ "book": "01890000-0000-7000-8000-000000000000" });
    let path = format!("{contact}/move");
    let refused = two.call(&two.bob, Method::POST, &path, Some(nowhere)).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // A contact moves, and its page leads to its book.
    let moved = two
        .call(
            &two.bob,
            Method::POST,
            &format!("{contact}/move"),
            Some(json!({ "book": own })),
        )
        .await;
    assert_eq!(moved.status(), StatusCode::OK);
    assert_eq!(
        two.call(&two.ada, Method::GET, &contact, None)
            .await
            .status(),
        StatusCode::NOT_FOUND
    );
    let path = format!("/contacts/{grace}?book={home}");
    let page = send(visit(&two.app, &two.bob.session, &path)).await;
    assert_eq!(
        header(&page, "location"),
        format!("/contacts/{grace}?book={own}")
    );

    // What ends, ends at once.
    let bob = two.accounts().await.list().await.expect("it is open");
    let bob = bob
        .iter()
        .find(|account| account.name == "bob")
        .expect("bob")
        .id;
    let path = format!("/books/{home}/members/{bob}/remove");
    let ended = submit(&two.app, &two.ada.session, &path, &[]).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    let path = format!("/api/contacts{in_book}");
    let list = two.call(&two.bob, Method::GET, &path, None);
    assert_eq!(list.await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_one_book_sees_no_other_one() {
    let two = Two::new().await;
    let made = submit(&two.app, &two.ada.session, "/books", &[("name", "Family")]).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let books = two.json(&two.ada, "/api/books").await;
    let family = books["books"][1]["id"].as_str().expect("an id");
    let grace = two.create(&two.ada, "Grace", "").await;
    let form = [
        ("name", "one"),
        ("scope", "write"),
        ("days", "30"),
        ("book", family),
    ];
    let page = submit(&two.app, &two.ada.session, "/account/tokens", &form).await;
    let page = page.text().await.expect("a page");
    let one = Person {
        token: shown_token(&page),
        session: String::new(),
    };
    let seen = two.json(&one, "/api/books").await;
    assert_eq!(seen["books"].as_array().expect("books").len(), 1);
    assert_eq!(seen["books"][0]["id"], family);
    assert_eq!(two.json(&one, "/api/contacts").await["total"], 0);
    let path = format!("/api/contacts/{grace}");
    let hidden = two.call(&one, Method::GET, &path, None).await;
    assert_eq!(hidden.status(), StatusCode::NOT_FOUND);
    let foreign = [
        ("name", "two"),
        ("scope", "read"),
        ("days", ""),
        ("book", "0"),
    ];
    let refused = submit(&two.app, &two.ada.session, "/account/tokens", &foreign).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_reads_changes_no_book() {
    let two = Two::new().await;
    let reader = Person {
        token: token(&two.app, &two.ada.session, "read").await,
        session: String::new(),
    };
    let books = two.json(&reader, "/api/books").await;
    assert_eq!(books["books"][0]["role"], "viewer");
    let body = json!({ "name": "Eve", "email": "eve@example.com" });
    let refused = two
        .call(&reader, Method::POST, "/api/contacts", Some(body))
        .await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_the_books_of_a_removed_account_is_asked() {
    let two = Two::new().await;
    let grace = two.create(&two.bob, "Grace", "").await;
    let accounts = two.accounts().await;
    let (ada, bob) = (name("ada"), name("bob"));
    let left = accounts.remove(&bob, None).await;
    assert_eq!(left, Err(AccountError::BooksLeft { contacts: 1 }));
    let given = accounts.remove(&bob, Some(BooksLeft::GiveTo(&ada))).await;
    given.expect("they have an owner");
    let books = two.json(&two.ada, "/api/books").await;
    assert_eq!(books["books"].as_array().expect("books").len(), 2);
    let found = two.json(&two.ada, &format!("/api/contacts/{grace}")).await;
    assert_eq!(found["contact"]["name"], "Grace");

    // Books that are removed go with their contacts.
    let book = books["books"][1]["id"].as_str().expect("an id");
    let removed = submit(
        &two.app,
        &two.ada.session,
        &format!("/books/{book}/remove"),
        &[],
    )
    .await;
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    let gone = two
        .call(
            &two.ada,
            Method::GET,
            &format!("/api/contacts/{grace}"),
            None,
        )
        .await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let home = two.home(&two.ada).await;
    let stays = submit(
        &two.app,
        &two.ada.session,
        &format!("/books/{home}/remove"),
        &[],
    )
    .await;
    assert_eq!(stays.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for (name, status) in [
        ("Family", StatusCode::SEE_OTHER),
        (" ", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let made = submit(&two.app, &two.ada.session, "/books", &[("name", name)]).await;
        assert_eq!(made.status(), status, "{name:?}");
    }
}

/// A picture in one colour.
fn picture() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(40, 40, image::Rgb([0, 90, 0]));
    image
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("memory");
    file.into_inner()
}

#[tokio::test]
async fn a_photo_is_for_those_who_see_the_contact() {
    let two = Two::new().await;
    submit(&two.app, &two.ada.session, "/books", &[("name", "Club")]).await;
    let books = two.json(&two.ada, "/api/books").await;
    let club = books["books"][1]["id"].as_str().expect("an id").to_owned();
    let contact = two.create(&two.ada, "Ada", &format!("?book={club}")).await;
    let of_api = format!("/api/contacts/{contact}/photo");
    let put = async |who: &Person| {
        let request = two
            .app
            .request(Method::PUT, &of_api)
            .header("authorization", format!("Bearer {}", who.token))
            .header("content-type", "image/png")
            .body(picture());
        send(request).await
    };
    let set: Value = put(&two.ada).await.json().await.expect("a body");
    let address = set["contact"]["photo"]
        .as_str()
        .expect("an address")
        .to_owned();
    let see = async |who: &Person, path: &str| send(visit(&two.app, &who.session, path)).await;
    assert_eq!(see(&two.ada, &address).await.status(), StatusCode::OK);

    let made_up = "0198c0de-0000-7000-8000-000000000001";
    let page = format!("/contacts/{contact}/photo");
    for path in [&address, &page, &format!("{page}/remove")] {
        let hidden = see(&two.bob, path).await;
        assert_eq!(hidden.status(), StatusCode::NOT_FOUND, "{path}");
        let hidden = hidden
            .text()
            .await
            .expect("a body")
            .replace(&contact, made_up);
        let nothing = see(&two.bob, &path.replace(&contact, made_up)).await;
        assert_eq!(hidden, nothing.text().await.expect("a body"), "{path}");
    }
    assert_eq!(put(&two.bob).await.status(), StatusCode::NOT_FOUND);
    let anonymous = send(two.app.request(Method::GET, &address)).await;
    assert_ne!(anonymous.status(), StatusCode::OK);
    // Only refused callers are charged.
    assert_ne!(header(&anonymous, "x-ratelimit-limit"), "");

    two.share(&two.ada, &club, "bob", "viewer").await;
    assert_eq!(see(&two.bob, &address).await.status(), StatusCode::OK);
    let read = two.call(&two.bob, Method::GET, &of_api, None).await;
    assert_eq!(read.status(), StatusCode::OK);
    assert_eq!(put(&two.bob).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(see(&two.bob, &page).await.status(), StatusCode::FORBIDDEN);
    let remove = format!("{page}/remove");
    let removed = submit(&two.app, &two.bob.session, &remove, &[]).await;
    assert_eq!(removed.status(), StatusCode::FORBIDDEN);
    assert_eq!(see(&two.ada, &address).await.status(), StatusCode::OK);

    // The page is drawn in the book of the contact, and leads back there.
    let elsewhere = see(&two.ada, &page).await;
    assert_eq!(
        header(&elsewhere, "location"),
        format!("{page}?book={club}")
    );
    let removed = submit(&two.app, &two.ada.session, &remove, &[]).await;
    assert_eq!(
        header(&removed, "location"),
        format!("/contacts/{contact}?book={club}")
    );
}
