//! Reads what an answer has left unread of its request.
//!
//! A refusal does not read the body. But when a server closes a connection on which a client is still
//! sending, the kernel of the client throws the answer away, and the client learns of a broken pipe and not of
//! what to do. So Kith reads the rest of the body and forgets it, up to a limit.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::web::body::OnDrop;

/// Kith closes the connection of a client that sends more than this after its refusal,
const MAX_DRAIN_BYTES: u64 = 16 << 20;

/// that takes longer than this,
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// or that sends nothing for so long. A client that waits for its answer first thus takes no slot.
const IDLE_TIMEOUT: Duration = Duration::from_millis(500);

/// The body of a request, once its handler has dropped it before its end.
#[derive(Default)]
pub struct UnreadBody(Arc<Mutex<Option<Body>>>);

impl UnreadBody {
    /// Lends the body to the request that it returns. The `UnreadBody` is `None` if there is nothing to read:
    /// no body at all, or one whose client waits until the server asks for it.
    pub fn lend(request: Request) -> (Request, Option<Self>) {
        if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
            return (request, None);
        }
        let unread = Self::default();
        let slot = unread.0.clone();
        let keep = move |body: Body| {
            if !body.is_end_stream() {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
            }
        };
        let request = request.map(|body| Body::new(OnDrop::new(body, keep)));
        (request, Some(unread))
    }

    /// Reads and forgets the rest of the body.
    pub async fn drain(self) {
        let unread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = unread else {
            return;
        };
        if body.size_hint().lower() > MAX_DRAIN_BYTES {
            return;
        }
        let read = async {
            let mut left = MAX_DRAIN_BYTES;
            while let Ok(Some(Ok(frame))) = timeout(IDLE_TIMEOUT, body.frame()).await {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(less) = left.checked_sub(length) else {
                    return;
                };
                left = less;
            }
        };
        // After the timeout the connection is closed, as it would be without `drain`.
        let _ = timeout(DRAIN_TIMEOUT, read).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_reads_is_read_to_its_end() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let stream = frames(receiver);
        let (request, unread) = UnreadBody::lend(Request::new(Body::from_stream(stream)));
        drop(request);
        let client = tokio::spawn(async move {
            for _ in 0..8 {
                sender.send(Ok(Bytes::from(vec![0; 1 << 20]))).await?;
            }
            Ok::<_, tokio::sync::mpsc::error::SendError<_>>(())
        });
        unread.expect("there is a body").drain().await;
        client.await.expect("no panic").expect("all of it is taken");
    }

    #[tokio::test]
    async fn not_all_is_taken() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let (request, unread) = UnreadBody::lend(Request::new(Body::from_stream(frames(receiver))));
        drop(request);
        let client = tokio::spawn(async move {
            let mut sent = 0;
            while sender.send(Ok(Bytes::from(vec![0; 1 << 20]))).await.is_ok() {
                sent += 1;
            }
            sent
        });
        unread.expect("there is a body").drain().await;
        let sent = client.await.expect("no panic");
        assert!((16..=19).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn who_stops_sending_is_not_waited_for() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        let (request, unread) = UnreadBody::lend(Request::new(Body::from_stream(frames(receiver))));
        drop(request);
        let drained = unread.expect("there is a body").drain();
        let in_time = timeout(DRAIN_TIMEOUT, drained).await;
        assert!(in_time.is_ok(), "it does not wait for the sender");
        drop(sender);
    }

    #[test]
    fn nothing_is_read_of_who_waits_to_be_asked() {
        assert!(UnreadBody::lend(Request::new(Body::empty())).1.is_none());
        let mut waiting = Request::new(Body::from("name"));
        waiting.headers_mut().insert(
            header::EXPECT,
            axum::http::HeaderValue::from_static("100-continue"),
        );
        assert!(UnreadBody::lend(waiting).1.is_none());
    }

    fn frames(
        receiver: tokio::sync::mpsc::Receiver<Result<Bytes, std::io::Error>>,
    ) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
        futures_util::stream::unfold(receiver, async |mut receiver| {
            Some((receiver.recv().await?, receiver))
        })
    }
}
