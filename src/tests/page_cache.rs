//! Whole pages from the cache: the same as drawn ones, for each reader and coding, and never of before a write.

use std::io::Read;
use std::num::NonZeroU32;
use std::time::Duration;
use std::time::Instant;

use kith_cache::Cache;
use kith_cache::Totals;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::html::Page;
use crate::limits::with_redis;

/// What the cache has done for pages.
fn totals(app: &TestApp) -> Totals {
    let totals = app.part::<Cache>().totals();
    let mut pages = totals
        .into_iter()
        .filter(|totals| totals.tag.kind() == "pages");
    pages.next().expect("pages are cached")
}

/// No mail is sent: nothing but the test reads pages or changes them.
async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

/// The text of the page at `path`, as a browser with these headers reads it.
async fn read(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = app.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = send(request).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let coding = header(&response, "content-encoding").to_owned();
    let body = response.bytes().await.expect("a body");
    let mut text = String::new();
    let decoded = match coding.as_str() {
        "br" => brotli::Decompressor::new(&body[..], 4096).read_to_string(&mut text),
        "gzip" => flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text),
        "" => (&body[..]).read_to_string(&mut text),
        other => panic!("unknown coding {other}"),
    };
    decoded.expect("text");
    text
}

#[tokio::test]
async fn a_page_is_drawn_once_for_each_coding_and_is_the_same_in_all() {
    let app = start().await;
    // Names like marks that a server could search a page for.
    let ada = app
        .create("Ada {{nonce}} </script>", "ada@example.com")
        .await;
    let gone = app.create("Gone", "gone@example.com").await;
    app.submit(&format!("/contacts/{}/delete", gone.id), &[])
        .await;
    let contact = format!("/contacts/{}?q=ada", ada.id);
    for path in ["/contacts", &contact, "/trash"] {
        let before = totals(&app);
        let plain = read(&app, path, &[]).await;
        let codings = [
            "gzip, deflate, br, zstd",
            "gzip",
            "br;q=0.5, gzip;q=0.4",
            "",
        ];
        for coding in codings {
            let text = read(&app, path, &[("accept-encoding", coding)]).await;
            assert_eq!(text, plain, "{path} {coding}");
        }
        let after = totals(&app);
        let hits = after.local_hits - before.local_hits;
        assert_eq!((after.misses - before.misses, hits), (3, 2), "{path}");
    }
}

#[tokio::test]
async fn a_page_is_not_older_than_a_write() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}", ada.id);
    for path in ["/contacts", &path, "/trash"] {
        read(&app, path, &[]).await;
    }
    let api = format!("/api/contacts/{}", ada.id);
    let changed = json!({"name": "Ada Lovelace", "email": "ada@example.com"});
    send(app.request(Method::PUT, &api).json(&changed)).await;
    for path in ["/contacts", &path] {
        let text = read(&app, path, &[]).await;
        assert!(text.contains("Ada Lovelace"), "{path}");
    }

    send(app.request(Method::DELETE, &api)).await;
    assert!(!read(&app, "/contacts", &[]).await.contains("Ada Lovelace"));
    assert!(read(&app, "/trash", &[]).await.contains("Ada Lovelace"));
    assert_eq!(app.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_shows_what_a_job_has_done_since() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}", ada.id);
    let start = Instant::now();
    // The job writes an activity and does not change the contact.
    while !read(&app, &path, &[])
        .await
        .contains("Welcome email not sent")
    {
        assert!(start.elapsed() < Duration::from_secs(20), "an old page");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_page_shows_the_choice_of_its_own_reader() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    for path in ["/contacts".to_owned(), format!("/contacts/{}", ada.id)] {
        let mut pages = Vec::new();
        for _ in 0..2 {
            for cookie in ["kith-welcome=yes", "kith-welcome=no", "other=1"] {
                pages.push(read(&app, &path, &[("cookie", cookie)]).await);
            }
        }
        assert_ne!(pages[0], pages[1], "{path}");
        assert_eq!(pages[..3], pages[3..], "{path}");
    }
}

#[tokio::test]
async fn what_belongs_to_one_response_is_not_kept() {
    let app = start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    send(app.request(Method::DELETE, &format!("/api/contacts/{}", ada.id))).await;
    // Each form has a key of its own.
    let key = async || {
        let page = Page::read(app.get("/contacts/new").await).await;
        page.value("key").to_owned()
    };
    assert_ne!(key().await, key().await);
    // The offer to take a deletion back is for the reader who has deleted.
    let notice = format!("/contacts?deleted={}", ada.id);
    for _ in 0..2 {
        let response = app.get(&notice).await;
        assert_eq!(header(&response, "cache-control"), "private, no-store");
        assert!(Page::read(response).await.text().contains("Ada"));
    }
    // Nor is what may be found a moment later, or what is made up.
    let missing = format!("/contacts/{}", ada.id);
    let long = format!("/contacts?q={}", "a".repeat(600));
    let unknown = format!("/contacts?deleted={}", uuid::Uuid::nil());
    let before = totals(&app);
    for path in [
        &missing,
        &long,
        &unknown,
        "/contacts?x=1",
        "/contacts?q=",
        "/contacts//",
        "/trash?x=1",
        "/trash?cursor=x&y=1",
    ] {
        app.get(path).await;
        app.get(path).await;
    }
    assert_eq!(totals(&app).local_hits, before.local_hits);
    assert_eq!(totals(&app).fills, before.fills);
}

#[tokio::test]
async fn instances_with_other_settings_share_no_page() {
    let redis = RedisServer::start();
    let data = tempfile::tempdir().expect("a directory");
    let instance = async |page_size: u32| {
        let app = TestApp::with(|config| {
            config.data.dir = data.path().to_owned();
            config.welcome.enabled = false;
            config.contacts.page_size = NonZeroU32::new(page_size).expect("not 0");
            with_redis(config, &redis, Duration::from_millis(500));
        })
        .await;
        let known = app.part::<Option<Redis>>();
        known.expect("a Redis").wait_until_up().await;
        app
    };
    let apps = [instance(1).await, instance(2).await, instance(1).await];
    for name in ["Ada", "Bob", "Cleo"] {
        apps[0].create(name, "a@example.com").await;
    }
    for (app, rows) in apps.iter().zip([1, 2, 1]) {
        let page = Page::parse(read(app, "/contacts", &[]).await);
        assert_eq!(page.count(".row-name"), rows);
    }
    assert_eq!(totals(&apps[1]).remote_hits, 0);
    assert_eq!(totals(&apps[2]).remote_hits, 1, "the same settings share");
}

#[tokio::test]
async fn a_write_through_another_instance_ends_a_page() {
    let redis = RedisServer::start();
    for redis in [None, Some(&redis)] {
        let data = tempfile::tempdir().expect("a directory");
        let instance = async || {
            TestApp::with(|config| {
                config.data.dir = data.path().to_owned();
                config.welcome.enabled = false;
                if let Some(redis) = redis {
                    with_redis(config, redis, Duration::from_millis(500));
                }
            })
            .await
        };
        let apps = [instance().await, instance().await];
        for round in 0..20 {
            let (writer, reader) = (&apps[round % 2], &apps[(round + 1) % 2]);
            read(reader, "/contacts", &[]).await;
            let name = format!("Contact {round}.");
            writer.create(&name, "c@example.com").await;
            let page = read(reader, "/contacts", &[]).await;
            assert!(page.contains(&name), "round {round}");
        }
    }
}

#[tokio::test]
async fn a_cached_page_answers_as_a_drawn_one() {
    let app = start().await;
    app.create("Ada", "ada@example.com").await;
    let fills = |app: &TestApp| totals(app).fills;
    for path in ["/contacts", "/trash"] {
        let (drawn, cached) = (app.get(path).await, app.get(path).await);
        for name in [
            "content-type",
            "vary",
            "cache-control",
            "content-security-policy",
            "link",
        ] {
            assert_eq!(header(&cached, name), header(&drawn, name), "{path} {name}");
        }
        let has_island = path == "/contacts";
        assert_eq!(header(&cached, "link").contains(".wasm>"), has_island);
        let head = send(app.request(Method::HEAD, path)).await;
        assert_eq!(head.status(), StatusCode::OK);
        assert!(head.bytes().await.expect("no body").is_empty());
    }
    // What an admin invalidates of contacts ends pages as well.
    let before = fills(&app);
    read(&app, "/contacts", &[]).await;
    assert_eq!(fills(&app), before);
    let cache = app.part::<Cache>();
    assert!(cache.invalidate(kith::services::contacts::CONTACTS).await);
    read(&app, "/contacts", &[]).await;
    assert_eq!(fills(&app), before + 1);
}
