//! Compresses responses that are worth it and that the client accepts compressed.
//!
//! `tower_http` compresses. The body that it makes has room for the state of every coding, some kilobytes, which are
//! moved several times for each response. So `tower_http` gets only the responses that it may compress; files of the
//! site and cached pages are compressed already.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::FutureExt;
use hyper::body::Body as _;
use tower::Service;
use tower::service_fn;
use tower_http::compression::Compression;
use tower_http::compression::DefaultPredicate;
use tower_http::compression::Predicate;

use crate::web::problem::Problem;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The shortest body that `tower_http` compresses.
const MIN_BYTES: u64 = 32;

/// The service around the router that compresses its responses.
#[derive(Clone)]
pub struct Compress<S>(pub S);

impl<S> Service<Request> for Compress<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Unpin>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = CompressFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        CompressFuture {
            accepted: Accepted::read(request.headers()),
            response: self.0.call(request),
        }
    }
}

/// The response of a [`Compress`].
pub struct CompressFuture<F> {
    accepted: Accepted,
    response: F,
}

impl<F: Future<Output = Result<Response, Infallible>> + Unpin> Future for CompressFuture<F> {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(response) = ready!(Pin::new(&mut self.response).poll(context));
        Poll::Ready(Ok(match &self.accepted {
            Accepted::Weighted(lines) => compress(lines, response),
            _ if !may_compress(&response) => response,
            Accepted::Identity => varied(response),
            Accepted::Listed(lines) => compress(lines, response),
        }))
    }
}

/// The lines of `Accept-Encoding`.
enum Accepted {
    /// The client gets the body as it is.
    Identity,
    /// Without weights: `tower_http` finds a coding.
    Listed(Vec<HeaderValue>),
    /// With weights: the client may refuse every coding, and `tower_http` answers that.
    Weighted(Vec<HeaderValue>),
}

impl Accepted {
    fn read(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING);
        if lines.iter().all(|line| line == "identity") {
            return Self::Identity;
        }
        let has_weights = lines.iter().any(|line| line.as_bytes().contains(&b';'));
        let lines = lines.iter().cloned().collect();
        match has_weights {
            true => Self::Weighted(lines),
            false => Self::Listed(lines),
        }
    }
}

/// Whether `tower_http` would compress this response for a client that accepts it.
fn may_compress(response: &Response) -> bool {
    let headers = response.headers();
    if headers.contains_key(header::CONTENT_ENCODING) || headers.contains_key(header::CONTENT_RANGE)
    {
        return false;
    }
    // Most responses are JSON. The predicate reads the type of the others several times.
    let is_json = headers.get(header::CONTENT_TYPE) == Some(&JSON);
    let length = response.body().size_hint().exact();
    let is_long = length >= Some(MIN_BYTES);
    (is_json && is_long) || DefaultPredicate::new().should_compress(response)
}

/// The response, which says that another client may get it compressed.
fn varied(mut response: Response) -> Response {
    let name = header::ACCEPT_ENCODING.as_str().as_bytes();
    let names_it = |line: &HeaderValue| {
        let mut parts = line.as_bytes().windows(name.len());
        parts.any(|part| part.eq_ignore_ascii_case(name))
    };
    let headers = response.headers_mut();
    if !headers.get_all(header::VARY).iter().any(names_it) {
        headers.append(header::VARY, header::ACCEPT_ENCODING.into());
    }
    response
}

/// Has `tower_http` compress a response.
fn compress(accepted: &[HeaderValue], response: Response) -> Response {
    let mut request = Request::new(());
    for line in accepted {
        let headers = request.headers_mut();
        headers.append(header::ACCEPT_ENCODING, line.clone());
    }
    let mut response = Some(response);
    let service = service_fn(move |_: Request<()>| {
        ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
    });
    match Compression::new(service).call(request).now_or_never() {
        Some(Ok(compressed)) => compressed.into_response(),
        // `tower_http` would wait for something other than the response, which is there.
        None => Problem::internal().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::body::to_bytes;
    use axum::http::StatusCode;
    use axum::response::Html;
    use tower::ServiceExt;

    use super::*;

    type Sent = (StatusCode, HeaderMap, Vec<u8>);

    async fn sent(response: Response) -> Sent {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        (parts.status, parts.headers, body.into())
    }

    fn responses() -> Vec<Response> {
        let text = "a text that is worth it ".repeat(40);
        let with = |name, value| {
            let mut response = Html(text.clone()).into_response();
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
            response
        };
        vec![
            Html(text.clone()).into_response(),
            "short".into_response(),
            StatusCode::NOT_MODIFIED.into_response(),
            with(header::CONTENT_ENCODING, "br"),
            with(header::CONTENT_RANGE, "bytes 0-1/5"),
            with(header::CONTENT_TYPE, "image/png"),
            with(header::CONTENT_TYPE, "text/event-stream"),
            with(header::CONTENT_TYPE, "application/json"),
            axum::Json("short").into_response(),
            axum::Json("a".repeat(MIN_BYTES as usize - 3)).into_response(),
            axum::Json("a".repeat(MIN_BYTES as usize - 2)).into_response(),
            with(header::VARY, "Cookie, Accept-Encoding"),
            with(header::VARY, "cookie"),
            with(header::CONTENT_LENGTH, "960"),
            with(header::ACCEPT_RANGES, "bytes"),
            Response::new(Body::from_stream(futures_util::stream::iter([Ok::<
                _,
                Infallible,
            >(
                "streamed",
            )]))),
        ]
    }

    #[tokio::test]
    async fn responses_are_those_of_the_library() {
        for lines in [
            &[][..],
            &["identity"],
            &["identity", "identity"],
            &["identity", "gzip"],
            &["IDENTITY"],
            &["gzip, deflate, br, zstd"],
            &["deflate"],
            &["gzip;q=0.5, br"],
            &["identity;q=0"],
            &["*;q=0"],
            &["*"],
            &["gzip;q=0, identity;q=0"],
            &["nonsense ("],
            &["\u{ff}"],
            &[""],
        ] {
            let request = || {
                let mut request = Request::new(Body::empty());
                for line in lines {
                    let line = HeaderValue::from_bytes(line.as_bytes()).expect("a value");
                    request.headers_mut().append(header::ACCEPT_ENCODING, line);
                }
                request
            };
            for (theirs, ours) in responses().into_iter().zip(responses()) {
                let service = |response: Response| {
                    let mut response = Some(response);
                    service_fn(move |_: Request| {
                        ready(Ok::<_, Infallible>(response.take().expect("one call")))
                    })
                };
                let library = Compression::new(service(theirs)).oneshot(request()).await;
                let Ok(library) = library.map(IntoResponse::into_response);
                let Ok(ours) = Compress(service(ours)).oneshot(request()).await;
                assert_eq!(sent(ours).await, sent(library).await, "{lines:?}");
            }
        }
    }
}
