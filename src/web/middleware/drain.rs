//! Reads what an answer has left unread of its request.
//!
//! A refusal needs no body. But a server that closes a connection on which a client is still sending
//! makes the client's kernel throw away the answer, so that the client learns of a broken pipe and not
//! of what to do about it. What is left is therefore read and forgotten, up to a limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::time::timeout;

/// A client that sends more than this after its refusal is hung up on.
const MOST: u64 = 16 << 20;

/// And so is one that takes longer,
const LONGEST: Duration = Duration::from_secs(5);

/// or sends nothing for so long: a client that waits for its answer first keeps nobody's place.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Where the body of a request ends up when nobody reads on.
#[derive(Default)]
pub struct Rest(Arc<Mutex<Option<Body>>>);

impl Rest {
    /// The request with a body that comes back here, and `None` if there is nothing to come back:
    /// no body at all, or one whose client waits to be asked for it.
    pub fn of(request: Request) -> (Request, Option<Self>) {
        if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
            return (request, None);
        }
        let rest = Self::default();
        let request = request.map(|body| {
            Body::new(Lent {
                body,
                rest: rest.0.clone(),
            })
        });
        (request, Some(rest))
    }

    /// Reads and forgets what came back.
    pub async fn drain(self) {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = rest else {
            return;
        };
        if body.size_hint().lower() > MOST {
            return;
        }
        let read = async {
            let mut left = MOST;
            while let Ok(Some(Ok(frame))) = timeout(LONGEST_PAUSE, body.frame()).await {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(less) = left.checked_sub(length) else {
                    return;
                };
                left = less;
            }
        };
        // Who has not finished by then is hung up on, as without all this.
        let _ = timeout(LONGEST, read).await;
    }
}

/// A body that is given back when it is dropped before its end.
struct Lent {
    body: Body,
    rest: Arc<Mutex<Option<Body>>>,
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_reads_is_read_to_its_end() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let stream = frames(receiver);
        let (request, rest) = Rest::of(Request::new(Body::from_stream(stream)));
        drop(request);
        let client = tokio::spawn(async move {
            for _ in 0..8 {
                sender.send(Ok(Bytes::from(vec![0; 1 << 20]))).await?;
            }
            Ok::<_, tokio::sync::mpsc::error::SendError<_>>(())
        });
        rest.expect("there is a body").drain().await;
        client.await.expect("no panic").expect("all of it is taken");
    }

    #[tokio::test]
    async fn not_all_is_taken() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let (request, rest) = Rest::of(Request::new(Body::from_stream(frames(receiver))));
        drop(request);
        let client = tokio::spawn(async move {
            let mut sent = 0;
            while sender.send(Ok(Bytes::from(vec![0; 1 << 20]))).await.is_ok() {
                sent += 1;
            }
            sent
        });
        rest.expect("there is a body").drain().await;
        let sent = client.await.expect("no panic");
        assert!((16..=19).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn who_stops_sending_is_not_waited_for() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let (request, rest) = Rest::of(Request::new(Body::from_stream(frames(receiver))));
        drop(request);
        let drained = rest.expect("there is a body").drain();
        let in_time = timeout(LONGEST, drained).await;
        assert!(in_time.is_ok(), "it does not wait for the sender");
        drop(sender);
    }

    #[test]
    fn nothing_is_read_of_who_waits_to_be_asked() {
        assert!(Rest::of(Request::new(Body::empty())).1.is_none());
        let mut waiting = Request::new(Body::from("name"));
        waiting.headers_mut().insert(
            header::EXPECT,
            axum::http::HeaderValue::from_static("100-continue"),
        );
        assert!(Rest::of(waiting).1.is_none());
    }

    fn frames(
        receiver: tokio::sync::mpsc::Receiver<Result<Bytes, std::io::Error>>,
    ) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
        futures_util::stream::unfold(receiver, async |mut receiver| {
            Some((receiver.recv().await?, receiver))
        })
    }
}
