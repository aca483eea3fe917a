//! `GET /live`: tells an open page that contacts have changed, as server-sent events.
//!
//! The id of an event is the book and the generation of its pages, so a reconnect needs no history, and any instance can answer it.

use std::borrow::Cow;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::response::sse::KeepAlive;
use futures_util::Stream;
use futures_util::stream;
use kith_cache::Generation;

use super::middleware::CallerCheck;
use super::middleware::client::network;
use super::query;
use crate::services::book::BookId;
use crate::services::contacts::Contacts;
use crate::services::live::Listener;
use crate::services::live::Live;

/// When a browser connects again after it was cut off.
const RETRY: Duration = Duration::from_secs(2);

/// How often something is sent when there is no news. Proxies close connections that are idle for 30 to 60 seconds.
const HEARTBEAT: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Asks a proxy such as nginx to pass each event on at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The events: `hello` with the present state, or `changed` if the client knows another one; then `changed` after
/// each change. 204, after which a browser does not connect again, where there is no place for the client, or the client
/// does not see the book.
pub async fn events(
    State(live): State<Live>,
    contacts: Contacts,
    caller: CallerCheck,
    request: Request,
) -> Response {
    let known = last_event_id(request.headers()).or_else(|| since(request.uri()));
    let asked = known.as_deref().and_then(book_of);
    let Ok(book) = contacts.caller().book(asked) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let address = network(caller.client().address);
    let Some(listener) = live.listen(address, book.key).await else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let subscriber = Subscriber {
        listener,
        caller,
        book: book.id,
    };
    let keep_alive = KeepAlive::new().interval(HEARTBEAT);
    let mut response = Sse::new(stream_of(subscriber, known))
        .keep_alive(keep_alive)
        .into_response();
    let headers = response.headers_mut();
    let caching = HeaderValue::from_static("private, no-cache, no-transform");
    headers.insert(header::CACHE_CONTROL, caching);
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(LAST_EVENT_ID)?.to_str().ok()?;
    Some(id.to_owned())
}

/// The state that a page shows, which the first connection says in its address.
fn since(uri: &Uri) -> Option<String> {
    query::parameter(uri, "since").map(Cow::into_owned)
}

/// A client that hears of the changes of a book.
struct Subscriber {
    listener: Listener,
    caller: CallerCheck,
    book: BookId,
}

/// The events for a client that knows this state. They end when the client does not see the book any more.
fn stream_of(
    subscriber: Subscriber,
    known: Option<String>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = |id: &str| match known {
        Some(known) if known != id => "changed",
        _ => "hello",
    };
    stream::unfold(
        (subscriber, Some(first)),
        |(mut subscriber, first)| async move {
            let id = id(subscriber.book, subscriber.listener.next().await?);
            if !subscriber.caller.sees(subscriber.book).await {
                return None;
            }
            // A browser ignores an event without data.
            let event = Event::default().id(&id).data(&id);
            let event = match first {
                Some(first) => event.event(first(&id)).retry(RETRY),
                None => event.event("changed"),
            };
            Some((Ok(event), (subscriber, None)))
        },
    )
}

/// The generation of the pages of a book as the id of an event.
pub fn id(book: BookId, generation: Generation) -> String {
    format!("{book}.{:016x}", generation.0)
}

/// The book of an event; `None` for what is no id of an event.
fn book_of(id: &str) -> Option<BookId> {
    id.split_once('.')?.0.parse().ok()
}
