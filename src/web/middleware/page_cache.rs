//! Whole pages, cached as they were sent.
//!
//! The server renders the list, a contact and the trash of a book alike for all readers who see the same books, but for
//! the choices in the cookies `kith-welcome` and `kith-list`. Each page is cached under its address, its coding, the books of the reader and
//! these choices and the language of the reader, with the generation of all that pages of the book show. So a page is never older than an acknowledged write, like everything else that is cached.
//!
//! Only pages are cached that were found, at addresses that Kith itself writes. A response that sets
//! `Cache-Control` or a cookie is not cached. The caching rules that the outermost layer adds later are for browsers.

use std::convert::Infallible;
use std::env;
use std::fs;
use std::fs::Metadata;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::FromRef;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::response::Parts;
use axum::http::uri::PathAndQuery;
use axum::response::IntoResponse;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::BoxFuture;
use kith_cache::Cache;
use kith_cache::Cacheable;
use kith_cache::Key;
use kith_cache::Policy;
use kith_runtime::hex;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use sha2::Digest;
use sha2::Sha256;
use tower::Service;
use tower::ServiceExt;
use tower_http::compression::Compression;
use uuid::Uuid;

use super::context::RequestContext;
use super::headers::TYPICAL_HEADER_COUNT;
use crate::model::language::Language;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::services::book::Book;
use crate::services::contacts::AUDIENCE;
use crate::services::contacts::PAGES;
use crate::services::contacts::Settings;
use crate::services::welcome::WelcomeService;
use crate::web::audience::Audience;
use crate::web::caller_contacts::asked_book;
use crate::web::cookies;
use crate::web::grammar::content_coding::ContentCoding;
use crate::web::pages::wake;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// The longest address whose page is cached, so that a client cannot fill the cache with made-up searches.
const MAX_ADDRESS_BYTES: usize = 512;

/// The page that is cached and has no island.
const TRASH: &str = "/trash";

/// The type of a page.
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The cache of whole pages. Cheap to clone.
#[derive(Clone)]
pub struct PageCache {
    cache: Cache,
    policy: Policy,
    fingerprint: Arc<str>,
    /// The `Link` field of the pages that have an island.
    link: HeaderValue,
}

impl PageCache {
    pub fn new(state: &AppState) -> Self {
        Self {
            cache: state.cache.clone(),
            policy: Settings::of(&state.config).exact(),
            fingerprint: fingerprint(state).into(),
            link: wake::link(&state.site.contacts),
        }
    }

    /// The key of the page: all that it depends on beside the contacts of the book. `None` for a caller who does not see
    /// the book.
    fn key(&self, request: &Request, coding: ContentCoding) -> Option<Key> {
        let caller = RequestContext::caller(request.extensions())?;
        let book = caller.book(asked_book(request.uri())).ok()?;
        let (fingerprint, coding) = (&*self.fingerprint, coding.name());
        let welcome = match cookies::welcome_choice(request.headers()) {
            None => "-",
            Some(true) => "yes",
            Some(false) => "no",
        };
        let list_view = cookies::list_view(request.headers()).to_cookie();
        let (path, query) = (request.uri().path(), request.uri().query());
        let query = query.unwrap_or_default();
        // Every read makes a key, and `format!` takes several times as long.
        let audience = Audience::of(request.extensions()).name();
        let books = describe(caller.books());
        let name = [
            fingerprint,
            " ",
            audience,
            " ",
            &books,
            " ",
            coding,
            " ",
            welcome,
            " ",
            &list_view,
            " ",
            Language::current().tag(),
            " ",
            path,
            "?",
            query,
        ]
        .concat();
        Some(Key::new(PAGES.part(book.key.0), AUDIENCE, &name))
    }
}

/// What a page shows of the books of its reader: which there are, and what the reader may do. Lengths keep one name from
/// reaching into the next.
fn describe(books: &[Book]) -> String {
    let describe = |book: &Book| {
        let shared_by = book.shared_by.as_deref().unwrap_or_default();
        let role = book.role.as_str();
        format!(
            "{} {role} {} {}{shared_by}",
            book.id,
            book.name.len(),
            book.name
        )
    };
    // Most readers have one book, and each read makes a key.
    match books {
        [only] if *only == Book::first() => only.name.clone(),
        books => books.iter().map(describe).collect::<Vec<_>>().join("\n"),
    }
}

/// Names all that a page shows beside the data and the address: the program, the files that the page loads, and
/// the settings. Instances that share a Redis may differ in these, as they do during an update.
fn fingerprint(state: &AppState) -> String {
    let program = env::current_exe().and_then(fs::metadata);
    // Without it, this process shares no page.
    let program = program.map_or_else(|_| Uuid::new_v4().to_string(), |file| version(&file));
    let site = &state.site;
    let script = wake::script(&site.contacts);
    let offer = WelcomeService::from_ref(state).offer(None);
    let page_size = state.config.contacts.page_size;
    let trash_days = state.config.contacts.trash_days;
    let all = format!(
        "{program} {} {script} {offer:?} {page_size} {trash_days}",
        site.style_sheet
    );
    hex(&Sha256::digest(all)[..8])
}

/// What is different for another program. The time of the last change alone may be a constant of a build system.
#[cfg(unix)]
fn version(file: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    let changed_at = (file.ctime(), file.ctime_nsec());
    format!("{:?}", (file.dev(), file.ino(), file.len(), changed_at))
}

#[cfg(not(unix))]
fn version(file: &Metadata) -> String {
    format!("{} {:?}", file.len(), file.modified())
}

/// A page as it is sent.
#[derive(Serialize, Deserialize)]
struct Page {
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    body: Bytes,
}

impl Cacheable for Page {
    const SCHEMA: u32 = 1;
}

fn encode<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(body))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let body = BASE64_STANDARD.decode(text);
    body.map(Bytes::from).map_err(serde::de::Error::custom)
}

/// A response that is not cached.
#[derive(Clone)]
struct Uncacheable {
    parts: Parts,
    body: Bytes,
}

/// The layer around the routes of pages.
#[derive(Clone)]
pub struct CachedPages<S> {
    pages: PageCache,
    /// Shared, because axum clones the layers of a route several times for each request, and a cached page needs
    /// nothing of what is below.
    inner: Arc<S>,
}

impl<S> CachedPages<S> {
    pub fn new(pages: PageCache, inner: S) -> Self {
        Self {
            pages,
            inner: Arc::new(inner),
        }
    }
}

impl<S> Service<Request> for CachedPages<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { pages, inner } = self.clone();
        Box::pin(async move { Ok(serve(&pages, request, inner).await) })
    }
}

/// Answers with a page that is cached, and caches the others that may be.
async fn serve<S>(pages: &PageCache, request: Request, inner: Arc<S>) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    if request.method() != Method::GET || !is_cacheable_address(request.uri()) {
        // A route is always ready.
        let Ok(response) = S::clone(&inner).call(request).await;
        return response;
    }
    let coding = ContentCoding::preferred(request.headers());
    let Some(key) = pages.key(&request, coding) else {
        let Ok(response) = S::clone(&inner).call(request).await;
        return response;
    };
    let link = (request.uri().path() != TRASH).then(|| pages.link.clone());
    // The cache may fetch in another task.
    let language = Language::current();
    let fetch = move || language.scope(render(request, coding, S::clone(&inner)));
    match pages.cache.get(key, pages.policy, fetch).await {
        Ok(page) => send(page.body.clone(), coding, link),
        Err(Uncacheable { parts, body }) => Response::from_parts(parts, body.into()),
    }
}

/// Whether Kith itself writes this address, and its page is the same for the next reader. A form for a new contact
/// has a key of its own, and the offer to undo a deletion is for the reader who has deleted.
fn is_cacheable_address(uri: &Uri) -> bool {
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    if path.len() + query.len() > MAX_ADDRESS_BYTES {
        return false;
    }
    if path == TRASH {
        let query = query.strip_prefix("book=").map_or(query, |rest| {
            rest.split_once('&').map_or("", |(_, query)| query)
        });
        return query.is_empty() || (query.starts_with("cursor=") && !query.contains('&'));
    }
    let address = uri.path_and_query().map(PathAndQuery::as_str);
    Location::parse(path, query).is_some_and(|location| {
        matches!(location.pane, PaneRoute::Nothing | PaneRoute::Contact(_))
            && location.deleted.is_none()
            && Some(location.url().as_str()) == address
    })
}

/// Renders the page and compresses it.
async fn render(
    mut request: Request,
    coding: ContentCoding,
    inner: impl Service<Request, Response = Response, Error = Infallible>,
) -> Result<Page, Uncacheable> {
    let accepted = HeaderValue::from_static(coding.name());
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, accepted);
    let Ok(response) = Compression::new(inner).oneshot(request).await;
    let (parts, body) = response.into_parts();
    match to_bytes(Body::new(body), usize::MAX).await {
        Ok(body) if is_cacheable_response(&parts, coding) => Ok(Page { body }),
        Ok(body) => Err(Uncacheable { parts, body }),
        Err(_) => {
            let (parts, body) = Problem::internal().into_response().into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            Err(Uncacheable { parts, body })
        }
    }
}

/// Whether a response is a page that was found, has the expected coding, and may be stored.
fn is_cacheable_response(parts: &Parts, coding: ContentCoding) -> bool {
    let headers = &parts.headers;
    let expected = match coding {
        ContentCoding::Identity => None,
        coding => Some(coding.name()),
    };
    let coded = headers.get(header::CONTENT_ENCODING);
    let forbidden = [header::CACHE_CONTROL, header::SET_COOKIE];
    parts.status == StatusCode::OK
        && headers.get(header::CONTENT_TYPE) == Some(&HTML)
        && coded.map(HeaderValue::as_bytes) == expected.map(str::as_bytes)
        && !forbidden.iter().any(|name| headers.contains_key(name))
}

fn send(body: Bytes, coding: ContentCoding, link: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.reserve(TYPICAL_HEADER_COUNT);
    headers.insert(header::CONTENT_TYPE, HTML);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if coding != ContentCoding::Identity {
        let name = HeaderValue::from_static(coding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    if let Some(link) = link {
        headers.insert(header::LINK, link);
    }
    response
}
