//! `GET /live`: an open page hears that contacts have changed, from whichever instance.

use std::num::NonZeroU32;
use std::time::Duration;

use kith::services::config::Config;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;

/// How long an event may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An event, as it stands in the stream.
#[derive(Debug, PartialEq, Eq)]
struct Event {
    name: String,
    id: String,
}

/// The events of a response.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(app: &TestApp, path: &str, last: Option<&str>) -> Self {
        let mut request = app.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-type"), "text/event-stream");
        assert_eq!(
            header(&response, "cache-control"),
            "private, no-cache, no-transform"
        );
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    let line = lines.find_map(|line| line.strip_prefix(name));
                    line.map_or(String::new(), |value| value.trim().to_owned())
                };
                let event = Event {
                    name: field("event:"),
                    id: field("id:"),
                };
                let data = field("data:");
                self.text = rest.to_owned();
                if event.name.is_empty() {
                    continue;
                }
                assert_eq!(data, event.id, "a browser ignores it otherwise");
                return Some(event);
            }
            let chunk = tokio::time::timeout(TIMEOUT, self.response.chunk()).await;
            let chunk = chunk.expect("an event in time").ok()??;
            self.text += std::str::from_utf8(&chunk).expect("text");
        }
    }
}

/// A welcome email would be one more piece of news.
fn without_mails(config: &mut Config) {
    config.welcome.enabled = false;
}

#[tokio::test]
async fn a_page_hears_of_each_change_and_of_what_it_has_missed() {
    let app = TestApp::with(without_mails).await;
    let mut events = Events::open(&app, "/live", None).await;
    let hello = events.next().await.expect("an event");
    assert_eq!(hello.name, "hello");
    let ada = app.create("Ada", "ada@example.com").await;
    let created = events.next().await.expect("an event");
    assert_eq!(created.name, "changed");
    assert_ne!(created.id, hello.id);
    drop(events);

    // Nothing has changed since.
    let path = format!("/live?since={}", created.id);
    let mut events = Events::open(&app, &path, None).await;
    assert_eq!(events.next().await.expect("an event").name, "hello");
    drop(events);

    let delete = app.request(Method::DELETE, &format!("/api/contacts/{}", ada.id));
    assert_eq!(send(delete).await.status(), StatusCode::NO_CONTENT);
    // What a browser has heard last counts, not what its page showed at first.
    let mut events = Events::open(&app, &path, Some(&created.id)).await;
    let missed = events.next().await.expect("an event");
    assert_eq!(missed.name, "changed");
    let mut events = Events::open(&app, &path, Some(&missed.id)).await;
    assert_eq!(events.next().await.expect("an event").name, "hello");
}

#[tokio::test]
async fn a_change_through_another_instance_is_news_as_well() {
    let data = tempfile::tempdir().expect("a directory");
    let instance = || {
        TestApp::with(|config| {
            config.data.dir = data.path().to_owned();
            without_mails(config);
        })
    };
    let (one, other) = (instance().await, instance().await);
    let mut events = Events::open(&one, "/live", None).await;
    let hello = events.next().await.expect("an event");
    other.create("Ada", "ada@example.com").await;
    let changed = events.next().await.expect("an event");
    // Each instance has the same name for the same state.
    let path = format!("/live?since={}", changed.id);
    let mut events = Events::open(&other, &path, None).await;
    let same = events.next().await.expect("an event");
    assert_eq!((same.name.as_str(), &same.id), ("hello", &changed.id));
    assert_ne!(hello.id, changed.id);
}

#[tokio::test]
async fn too_many_streams_of_a_client_are_told_to_go_away_and_the_end_ends_them() {
    let mut app = TestApp::with(|config| {
        config.server.max_connections = NonZeroU32::new(1000).expect("a number");
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Events::open(&app, "/live", None).await);
    }
    assert_eq!(app.get("/live").await.status(), StatusCode::NO_CONTENT);
    // Pages are still answered.
    assert_eq!(app.get("/contacts").await.status(), StatusCode::OK);
    let post = send(app.request(Method::POST, "/live")).await;
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
    app.stop().await;
    for mut events in open {
        while events.next().await.is_some() {}
    }
}

#[tokio::test]
async fn a_page_names_the_state_that_it_shows() {
    let app = TestApp::with(without_mails).await;
    let ada = app.create("Ada", "ada@example.com").await;
    for path in ["/contacts", &format!("/contacts/{}", ada.id)] {
        let page = app.get(path).await.text().await.expect("a page");
        let (_, rest) = page
            .split_once(r#""generation":""#)
            .expect("its generation");
        let (generation, _) = rest.split_once('"').expect("an end");
        let path = format!("/live?since={generation}");
        let mut events = Events::open(&app, &path, None).await;
        let hello = events.next().await.expect("an event");
        assert_eq!((hello.name.as_str(), &*hello.id), ("hello", generation));
        drop(events);
        app.create("Grace", "grace@example.com").await;
        let mut events = Events::open(&app, &path, None).await;
        assert_eq!(events.next().await.expect("an event").name, "changed");
    }
}
