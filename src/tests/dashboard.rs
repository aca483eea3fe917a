//! The dashboard as a page without JavaScript, and what admins do on it.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::time::Duration;
use std::time::Instant;

use kith::services::config::Config;
use kith_limit::Limiter;
use kith_queue::broker::accept::Provenance;
use kith_queue::broker::filter::Filter;
use kith_queue::message::DeliverySpec;
use kith_queue::message::Publication;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use serde_json::Value;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::html::Page;

async fn read_page(app: &TestApp, path: &str) -> Page {
    let request = app.request(Method::GET, path).header("accept", "text/html");
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "cache-control"), "private, no-store");
    Page::read(answer).await
}

/// Sends a form and follows where it leads.
async fn act(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Page {
    let answer = app.submit(path, fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    read_page(app, header(&answer, "location")).await
}

async fn refused(answer: Response, status: StatusCode, said: &str) -> Page {
    assert_eq!(answer.status(), status);
    let page = Page::read(answer).await;
    let notice = page.text_of_id("notice");
    assert!(notice.contains(said), "{notice}");
    page
}

/// Waits until limits of an instance are as they were set on another.
async fn until_limited(app: &TestApp, limit: u64) {
    let start = Instant::now();
    loop {
        let page = read_page(app, "/dashboard").await;
        if page.attribute_of_id("limit-api", "value") == Some(&*limit.to_string()) {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{}",
            page.text_of_id("policy-api")
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until an element says this, which takes until figures are written down and read anew.
async fn until_said(app: &TestApp, id: &str, said: &str) -> Page {
    let start = Instant::now();
    loop {
        let page = read_page(app, "/dashboard").await;
        let text = page.text_of_id(id);
        if text.starts_with(said) {
            return page;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_page_says_it_all_without_javascript() {
    let app = TestApp::with(|config| {
        config.welcome.enabled = false;
        config.limits.dashboard.limit = NonZeroU32::MAX;
    })
    .await;
    app.create("Ada", "ada@example.com").await;
    app.get("/api/contacts").await;
    app.get("/api/contacts").await;
    let page = until_said(
        &app,
        "total-requests",
        "Total requests 3 3 in the last hour",
    )
    .await;
    for (id, said) in [
        ("new-contacts", "New contacts 1 1 in the last hour"),
        ("rate-limit-hits", "Rate limit hits 0 0 in the last hour"),
        // A list, and that there is no account.
        ("cached-entries", "Cached entries 1 1 at most"),
        ("policy-api", "api the REST API"),
        ("tag-contacts", "contacts 50.0% 1 0 0 1"),
        (
            "schedule-daily-report",
            "daily-report Every day at 09:00 UTC",
        ),
        ("system-database", "Database up since"),
        ("system-redis", "Redis not used"),
        ("system-mail", "Mail no mail server is set up"),
    ] {
        let found = page.text_of_id(id);
        assert!(found.starts_with(said), "{id}: {found}");
    }
    assert!(
        page.text_of_id("policy-api")
            .contains("3 requests so far, 0 refused (0%).")
    );
    for range in ["hour", "day", "month", "year"] {
        let page = read_page(&app, &format!("/dashboard?range={range}")).await;
        assert_eq!(page.count(".chart"), 4);
    }
    // Requests for the dashboard do not count: of all requests, only this one is added.
    app.get("/api/contacts").await;
    until_said(
        &app,
        "total-requests",
        "Total requests 4 4 in the last hour",
    )
    .await;
}

#[tokio::test]
async fn an_island_is_given_the_part_that_changes() {
    let app = TestApp::start().await;
    let request = app
        .request(Method::GET, "/dashboard")
        .header("x-kith-live", "1");
    let answer = send(request).await;
    assert_eq!(header(&answer, "cache-control"), "private, no-store");
    assert!(header(&answer, "vary").contains("x-kith-live"));
    let part = Page::read(answer).await;
    assert!(part.has("body > #live:only-child"), "{}", part.source());
    assert!(!part.has("html[lang]"), "{}", part.source());
    let whole = read_page(&app, "/dashboard").await;
    assert!(whole.has("html[lang]") && whole.has("main > #live"));
}

#[tokio::test]
async fn admins_are_only_people_on_the_machine() {
    let app = TestApp::with(|config| {
        let variables = [("KITH_SERVER_TRUSTED_PROXIES", "127.0.0.1")];
        let variables =
            variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let loaded = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
        config.server.trusted_proxies = loaded.server.trusted_proxies;
    })
    .await;
    for path in ["/dashboard", "/api/metrics", "/metrics"] {
        let request = app.request(Method::GET, path);
        let from_elsewhere = request.header("x-forwarded-for", "203.0.113.7");
        assert_eq!(
            send(from_elsewhere).await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
        // A client that the proxy does not name may be any client. Kith ignores what a client has put before.
        for forwarded in [
            b"203.0.113.7, unknown" as &[u8],
            b"203.0.113.7,",
            b"\xff, 203.0.113.7",
            b"127.0.0.1, 203.0.113.7",
            b"",
        ] {
            let forwarded = HeaderValue::from_bytes(forwarded).expect("a value");
            let request = app.request(Method::GET, path);
            let unknown = request.header("x-forwarded-for", forwarded);
            assert_eq!(
                send(unknown).await.status(),
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
        let request = app.request(Method::GET, path);
        assert_eq!(
            send(request).await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
        let request = app.request(Method::GET, path);
        let here = request.header("x-forwarded-for", "127.0.0.1");
        assert_eq!(send(here).await.status(), StatusCode::OK, "{path}");
    }
    let request = app
        .request(Method::POST, "/dashboard/denied")
        .header("x-forwarded-for", "203.0.113.7")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("network=192.0.2.1&do=deny");
    assert_eq!(send(request).await.status(), StatusCode::FORBIDDEN);
    assert!(app.part::<Limiter>().denied().is_empty());
    // A form of another site changes nothing either.
    let request = app
        .request(Method::POST, "/dashboard/denied")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "http://evil.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("network=192.0.2.1&do=deny");
    assert_eq!(send(request).await.status(), StatusCode::FORBIDDEN);
    assert!(app.part::<Limiter>().denied().is_empty());
}

#[tokio::test]
async fn limits_change_on_every_instance_and_stay_changed() {
    let data = TempDir::new().expect("a directory");
    let beside = |config: &mut Config| {
        config.data.dir = data.path().to_owned();
        config.limits.api.limit = NonZeroU32::new(5).expect("not 0");
        config.limits.dashboard.limit = NonZeroU32::MAX;
    };
    let mut one = TestApp::with(beside).await;
    let other = TestApp::with(beside).await;
    let form = "/dashboard/limits/api";
    let page = act(&one, form, &[("limit", "2"), ("window", "1m")]).await;
    assert!(
        page.text_of_id("notice")
            .contains("Limit of api set to 2 requests in 1m.")
    );
    let actions = page.texts("section[aria-labelledby=actions-title]");
    assert!(actions[0].contains("by 127.0.0.1"), "{actions:?}");
    until_limited(&other, 2).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(other.get("/api/contacts").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);

    // The page says what is wrong, and the form keeps what the admin has typed.
    let wrong = [("limit", "many"), ("window", "1m")];
    let page = refused(
        one.submit(form, &wrong).await,
        StatusCode::BAD_REQUEST,
        "whole number",
    )
    .await;
    assert_eq!(page.attribute_of_id("limit-api", "value"), Some("many"));
    for (limit, window, said) in [
        ("0", "1m", "whole number"),
        ("5", "soon", "window"),
        ("4294967295", "8760h", "2^50"),
    ] {
        let fields = [("limit", limit), ("window", window)];
        refused(
            one.submit(form, &fields).await,
            StatusCode::BAD_REQUEST,
            said,
        )
        .await;
    }
    // An admin cannot lock themselves out of the dashboard.
    let few = [("limit", "23"), ("window", "1m")];
    let answer = one.submit("/dashboard/limits/dashboard", &few).await;
    refused(answer, StatusCode::BAD_REQUEST, "at least 24 requests").await;
    for path in ["/dashboard/limits/none", "/dashboard/limits/%FF"] {
        let nowhere = one.submit(path, &few).await;
        refused(nowhere, StatusCode::BAD_REQUEST, "no such policy").await;
    }

    one.stop().await;
    let again = TestApp::with(beside).await;
    until_limited(&again, 2).await;
    let reset = [("limit", "2"), ("window", "1m"), ("configured", "1")];
    act(&again, form, &reset).await;
    until_limited(&again, 5).await;
    until_limited(&other, 5).await;
}

#[tokio::test]
async fn clients_are_denied_and_allowed_but_an_admin_cannot_deny_their_own_address() {
    let app = TestApp::start().await;
    let form = "/dashboard/denied";
    let deny = |network| [("network", network), ("do", "deny")];
    let page = act(&app, form, &deny(" 203.0.113.9/24 ")).await;
    assert!(
        page.text_of_id("denied-203.0.113.0/24")
            .contains("203.0.113.0/24")
    );
    assert!(
        app.part::<Limiter>()
            .is_denied("203.0.113.200".parse().expect("an address"))
    );
    for (network, said) in [
        ("127.0.0.0/8", "lock yourself out"),
        ("0.0.0.0/0", "lock yourself out"),
        ("203.0.113.0/24", "denied already"),
        ("<script>", "Give an address"),
        ("", "Give an address"),
        ("10.0.0.1, 10.0.0.2", "Give an address"),
    ] {
        let answer = app.submit(form, &deny(network)).await;
        let page = refused(answer, StatusCode::BAD_REQUEST, said).await;
        assert_eq!(page.attribute_of_id("network", "value"), Some(network));
        assert!(!page.source().contains("<script>\""));
    }
    let unclear = [("network", "192.0.2.1"), ("do", "Allow")];
    let answer = app.submit(form, &unclear).await;
    refused(answer, StatusCode::BAD_REQUEST, "Choose whether").await;
    let allow = [("network", "203.0.113.0/24"), ("do", "allow")];
    act(&app, form, &allow).await;
    assert!(app.part::<Limiter>().denied().is_empty());
    let again = app.submit(form, &allow).await;
    refused(again, StatusCode::BAD_REQUEST, "is not denied").await;
}

#[tokio::test]
async fn a_deny_list_that_is_as_configured_follows_the_configuration() {
    let data = TempDir::new().expect("a directory");
    let with = async |denied: &str| {
        let denied = denied.parse().expect("a network");
        let app = TestApp::with(|config| {
            config.data.dir = data.path().to_owned();
            config.limits.deny.0 = vec![denied];
        })
        .await;
        // An instance that answers has applied the changes.
        app.get("/healthz").await;
        app
    };
    let mut app = with("192.0.2.0/24").await;
    let form = "/dashboard/denied";
    for action in ["deny", "allow"] {
        act(&app, form, &[("network", "203.0.113.0/24"), ("do", action)]).await;
    }
    app.stop().await;
    let mut app = with("198.51.100.0/24").await;
    assert_eq!(app.part::<Limiter>().denied().len(), 1);
    assert!(
        app.part::<Limiter>()
            .is_denied("198.51.100.1".parse().expect("an address"))
    );
    // A change stays, whatever the configuration says then.
    act(
        &app,
        form,
        &[("network", "198.51.100.0/24"), ("do", "allow")],
    )
    .await;
    app.stop().await;
    let app = with("192.0.2.0/24").await;
    assert!(app.part::<Limiter>().denied().is_empty());
}

#[tokio::test]
async fn a_tag_is_invalidated() {
    let app = TestApp::start().await;
    app.get("/api/contacts").await;
    assert_eq!(header(&app.get("/api/contacts").await, "x-cache"), "HIT");
    let page = act(&app, "/dashboard/cache/contacts", &[]).await;
    assert!(
        page.text_of_id("notice")
            .contains("Cache of contacts invalidated: it is read anew from now on.")
    );
    assert_eq!(header(&app.get("/api/contacts").await, "x-cache"), "MISS");
    let nowhere = app.submit("/dashboard/cache/nothing", &[]).await;
    refused(nowhere, StatusCode::BAD_REQUEST, "Nothing is cached").await;
}

/// There is no such webhook.
const NOWHERE: &str = "/api/webhooks/nowhere";

fn undeliverable(destination: &str) -> Publication {
    Publication {
        destination: destination.to_owned(),
        delivery: DeliverySpec {
            retries: Some(0),
            ..DeliverySpec::default()
        },
        ..Publication::default()
    }
}

/// Publishes messages that no receiver accepts, and waits until there are `then` dead letters.
async fn bury(app: &TestApp, destination: &str, count: usize, then: usize) -> Vec<String> {
    let broker = app.broker();
    let publication = undeliverable(destination);
    let publications = vec![publication; count];
    let accepted = broker.publish(&publications, Provenance::default()).await;
    accepted.expect("they are taken");
    let start = Instant::now();
    loop {
        let (letters, _) = broker
            .dead_letters(&Filter::default())
            .await
            .expect("letters");
        if letters.len() == then {
            let id = |letter: &serde_json::Value| letter["dlqId"].as_str().map(str::to_owned);
            return letters.iter().filter_map(id).collect();
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{}",
            letters.len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn dead_letters_are_sent_again_and_deleted_one_many_or_all() {
    let app = TestApp::start().await;
    let ids = bury(&app, NOWHERE, 5, 5).await;
    let form = "/dashboard/dead-letters";
    let page = read_page(&app, "/dashboard").await;
    assert!(page.text_of_id("queue-dead").contains("Dead letters 5"));
    assert!(
        page.text_of_id(&format!("letter-{}", ids[0]))
            .contains("Attempt failed")
    );

    let none = app.submit(form, &[("do", "retry")]).await;
    refused(none, StatusCode::BAD_REQUEST, "No dead letter is ticked").await;
    let unclear = app.submit(form, &[("letter", &ids[0])]).await;
    refused(unclear, StatusCode::BAD_REQUEST, "Choose what to do").await;

    let two = [("do", "delete"), ("letter", &ids[0]), ("letter", &ids[1])];
    let page = act(&app, form, &two).await;
    assert!(
        page.text_of_id("notice")
            .contains("2 dead letters deleted.")
    );
    let gone = app.submit(form, &two).await;
    refused(gone, StatusCode::BAD_REQUEST, "gone already").await;

    let page = act(&app, form, &[("do", "retry"), ("letter", &ids[2])]).await;
    assert!(
        page.text_of_id("notice")
            .contains("1 dead letter put back in the queue.")
    );
    // It comes back, because there still is no receiver.
    bury(&app, NOWHERE, 0, 3).await;
    let page = act(&app, form, &[("do", "delete-all")]).await;
    assert!(
        page.text_of_id("notice")
            .contains("3 dead letters deleted.")
    );
    assert!(page.text().contains("There are none"));
}

#[tokio::test]
async fn dead_letters_that_may_not_be_sent_do_not_hold_up_the_others() {
    let data = TempDir::new().expect("a directory");
    let allowing = async |allowed: &str| {
        let variables = [("KITH_QUEUE_ALLOW", allowed)];
        let variables =
            variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let loaded = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
        TestApp::with(|config| {
            config.data.dir = data.path().to_owned();
            config.queue = loaded.queue;
        })
        .await
    };
    let mut app = allowing("http://127.0.0.1:9").await;
    // More than fit into one page, so that the whole first page may not be sent.
    bury(&app, NOWHERE, 1, 1).await;
    let publication = undeliverable("http://127.0.0.1:9/hook");
    let broker = app.broker();
    let accepted = broker
        .publish(&vec![publication; 120], Provenance::default())
        .await;
    accepted.expect("they are taken");
    let start = Instant::now();
    while !read_page(&app, "/dashboard")
        .await
        .text_of_id("queue-dead")
        .starts_with("Dead letters 121")
    {
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    app.stop().await;

    let app = allowing("").await;
    let form = "/dashboard/dead-letters";
    let page = act(&app, form, &[("do", "retry-all")]).await;
    let said = page.text_of_id("notice");
    assert!(
        said.contains("1 dead letter put back in the queue. 120 others could not be:"),
        "{said}"
    );
    let page = act(&app, form, &[("do", "delete-all")]).await;
    assert!(page.text_of_id("notice").contains("deleted."));
}

#[tokio::test]
async fn the_audit_log_is_read_page_by_page() {
    let app = TestApp::with(|config| {
        config.limits.api.limit = NonZeroU32::MAX;
        config.limits.dashboard.limit = NonZeroU32::MAX;
    })
    .await;
    let mut deleted = Vec::new();
    for number in 0..101 {
        let contact = app
            .create(&format!("Gone {number}"), "gone@example.com")
            .await;
        let path = format!("/api/contacts/{}", contact.id);
        let answer = send(app.request(Method::DELETE, &path)).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        deleted.insert(0, contact.id.to_string());
    }
    let mut found = Vec::new();
    let mut path = "/api/audit".to_owned();
    loop {
        let page: Value = app.get(&path).await.json().await.expect("JSON");
        for entry in page["entries"].as_array().expect("entries") {
            assert_eq!(entry["kind"], "contact_deleted");
            assert_eq!(entry["network"], "127.0.0.1");
            found.push(entry["subject"].as_str().expect("an id").to_owned());
        }
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/api/audit?cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found, deleted);

    let first = app.get("/dashboard/audit").await;
    assert_eq!(header(&first, "cache-control"), "private, no-store");
    let first = first.text().await.expect("text");
    assert!(first.contains(&deleted[0]) && first.contains("Contact deleted"));
    assert!(!first.contains("Gone") && !first.contains(&deleted[100]));
    let (_, link) = first.split_once("/dashboard/audit?").expect("a link");
    let (query, _) = link.split_once('"').expect("its end");
    let second = app.get(&format!("/dashboard/audit?{query}")).await;
    let second = second.text().await.expect("text");
    assert!(second.contains(&deleted[100]) && !second.contains(&deleted[0]));

    for path in [
        "/api/audit?cursor=x",
        "/dashboard/audit?cursor=",
        "/api/audit?cursor=-1",
    ] {
        assert_eq!(
            app.get(path).await.status(),
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    let forwarded = app
        .request(Method::GET, "/api/audit")
        .header("X-Forwarded-For", "203.0.113.7");
    assert_eq!(send(forwarded).await.status(), StatusCode::FORBIDDEN);
}
