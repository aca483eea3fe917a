//! Room for connections: how many may be open, how many of them from one address, and which one is
//! closed for another.
//!
//! A connection is *silent* while Kith waits for its client:
//! - from its beginning to the last header of its first request, and from the last byte of each answer to the
//!   last header of the next request;
//! - from the moment at which Kith has to wait for more of a request's body to the end of that body;
//! - after [`PATIENCE`], while the client takes nothing of its answer.
//!
//! A client that sends half a header or half a body is as silent as one that sends nothing, however often it
//! sends a byte.
//!
//! Invariants:
//! - No more connections are open than there is room for, and no more from one address than its share.
//!   With IPv6 a client has a whole /64. Proxies that are trusted have no share, because all clients
//!   come from their address.
//! - Where there is no room, the connection that has been silent for longest is closed for the new one:
//!   one of the same address where its share is used up, otherwise any, those of proxies last.
//! - A connection that is not silent is never closed for another. Where Kith works for all, a new one
//!   waits for the first that ends, or is refused if it is its address that has no more. A client cannot
//!   bring that about for long, so Kith's own deliveries, which come from 127.0.0.1 like other clients on
//!   this machine, need no places of their own.
//! - At the end of Kith, a request that has begun may still be sent and answered.
//! - What is kept of addresses is bounded by the connections that are open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::sync::Notify;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use crate::services::config::List;
use crate::services::config::Percent;
use crate::services::network::Network;
use crate::web::middleware::client;

/// How long a client may take nothing of its answer before it counts as silent. A client on a slow line takes
/// some of it several times a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an operator has said about connections.
pub struct Settings {
    /// The most that may be open.
    pub room: usize,
    /// How many of them one address may have.
    pub share: Percent,
    /// Whose addresses have no share.
    pub trusted_proxies: List<Network>,
}

/// All connections that are open.
pub struct Connections {
    shared: Arc<Shared>,
    room: usize,
    share: usize,
    trusted_proxies: List<Network>,
}

struct Shared {
    table: Mutex<Table>,
    /// The end of all of them.
    stop: CancellationToken,
    /// Numbers the moments at which connections fall silent.
    moments: AtomicU64,
    /// Whether somebody waits for room, who wants to hear of every connection that falls silent.
    is_crowded: AtomicBool,
    /// Wakes whoever waits for room.
    changed: Notify,
}

#[derive(Default)]
struct Table {
    open: HashMap<u64, Arc<Line>>,
    /// How many are open of each address that has a share.
    of_addresses: HashMap<IpAddr, usize>,
    last_id: u64,
}

/// One connection, as the others see it.
struct Line {
    /// The address whose share it takes; none for a trusted proxy.
    charged_to: Option<IpAddr>,
    /// The moment since which it has been silent, or [`NOT_SILENT`].
    silent_since: AtomicU64,
    /// Whether a request has begun whose answer has not ended.
    is_answering: AtomicBool,
    /// Whether an answer has ended of which some bytes may still have to be written.
    is_over: AtomicBool,
    /// Asks it to end.
    leave: CancellationToken,
}

const NOT_SILENT: u64 = 0;

impl Line {
    fn silent_since(&self) -> Option<u64> {
        let since = self.silent_since.load(Ordering::SeqCst);
        (since != NOT_SILENT).then_some(since)
    }
}

/// Why there is no room.
enum Full {
    /// As many are open as may be.
    Altogether,
    /// As many as the address may have.
    OfAddress(IpAddr),
}

impl Connections {
    pub fn new(settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                table: Mutex::default(),
                stop: CancellationToken::new(),
                moments: AtomicU64::new(NOT_SILENT + 1),
                is_crowded: AtomicBool::new(false),
                changed: Notify::new(),
            }),
            room: settings.room,
            share: settings.share.of(settings.room),
            trusted_proxies: settings.trusted_proxies,
        }
    }

    /// A place for a connection from `peer` that was just accepted, as soon as there is one. `None` if
    /// its address has all that it may have, and uses them.
    ///
    /// One caller at a time waits here: the loop that accepts connections.
    pub async fn place(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_proxy = self.trusted_proxies.contains(peer);
        let charged_to = (!is_proxy).then(|| client::network(peer));
        if let Ok(place) = self.try_place(charged_to) {
            return Some(place);
        }
        // From here on every change is told, so that none is missed between a look and the wait.
        self.shared.is_crowded.store(true, Ordering::SeqCst);
        let place = loop {
            match self.try_place(charged_to) {
                Ok(place) => break Some(place),
                Err(full) => {
                    if !self.close_one(&full) && matches!(full, Full::OfAddress(_)) {
                        break None;
                    }
                }
            }
            self.shared.changed.notified().await;
        };
        self.shared.is_crowded.store(false, Ordering::SeqCst);
        place
    }

    fn try_place(&self, charged_to: Option<IpAddr>) -> Result<Place, Full> {
        let mut table = self.shared.table();
        // Its own share comes first: an address that has used it up takes no place of others.
        if let Some(address) = charged_to
            && table.of_addresses.get(&address) >= Some(&self.share)
        {
            return Err(Full::OfAddress(address));
        }
        if table.open.len() >= self.room {
            return Err(Full::Altogether);
        }
        if let Some(address) = charged_to {
            *table.of_addresses.entry(address).or_default() += 1;
        }
        table.last_id += 1;
        let id = table.last_id;
        let line = Arc::new(Line {
            charged_to,
            silent_since: AtomicU64::new(self.shared.moment()),
            is_answering: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            leave: self.shared.stop.child_token(),
        });
        table.open.insert(id, line.clone());
        drop(table);
        Ok(Place {
            watch: Watch {
                line,
                shared: self.shared.clone(),
            },
            id,
        })
    }

    /// Asks the connection that has been silent for longest to end, and says whether one is ending: that
    /// one, or one that was asked before and has not ended yet.
    fn close_one(&self, full: &Full) -> bool {
        let table = self.shared.table();
        loop {
            let lines = table.open.values().filter(|line| match full {
                Full::Altogether => true,
                Full::OfAddress(address) => line.charged_to == Some(*address),
            });
            let silent = lines.filter_map(|line| Some((line, line.silent_since()?)));
            // One that was asked before comes first, so that no two are asked for one place.
            let first = silent.min_by_key(|(line, since)| {
                let stays = !line.leave.is_cancelled();
                (stays, line.charged_to.is_none(), *since)
            });
            let Some((line, _)) = first else { return false };
            line.leave.cancel();
            // One that has broken its silence before it was asked has not heard of it, and goes on.
            if line.silent_since().is_some() {
                return true;
            }
        }
    }

    /// Asks all connections to end: those without a request at once, others after their answer.
    pub fn close(&self) {
        self.shared.stop.cancel();
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// Tells whoever waits for room to look again.
    fn tell(&self) {
        if self.is_crowded.load(Ordering::SeqCst) {
            self.changed.notify_one();
        }
    }
}

/// A place for one connection, which is free again once this is dropped.
pub struct Place {
    watch: Watch,
    id: u64,
}

impl Place {
    /// What notices on the connection whether it is silent.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Drives the connection to its end: its own, or the one that it is asked for.
    ///
    /// # Errors
    /// Those of the connection.
    pub async fn hold<C: GracefulConnection>(self, connection: C) -> Result<(), C::Error> {
        let mut connection = pin!(connection);
        let Watch { line, shared } = &self.watch;
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = line.leave.cancelled() => {}
        }
        // A request may be there that the runtime has not noticed. It looks for news of sockets when this
        // task gives way, and the connection is polled once more before the wait is over.
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = tokio::task::yield_now() => {}
        }
        // Only the connection itself, which is not polled here, could break its silence.
        let may_finish = shared.stop.is_cancelled() && line.is_answering.load(Ordering::SeqCst);
        if line.silent_since().is_some() && !may_finish {
            return Ok(());
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Watch { line, shared } = &self.watch;
        let mut table = shared.table();
        table.open.remove(&self.id);
        if let Some(address) = line.charged_to
            && let Some(of_address) = table.of_addresses.get_mut(&address)
        {
            *of_address -= 1;
            if *of_address == 0 {
                table.of_addresses.remove(&address);
            }
        }
        drop(table);
        shared.tell();
    }
}

/// Notices whether a connection is silent.
#[derive(Clone)]
pub struct Watch {
    line: Arc<Line>,
    shared: Arc<Shared>,
}

impl Watch {
    /// Begins an answer, which ends when the body that it is given to is dropped.
    pub fn begin(&self) -> Answer {
        self.line.is_over.store(false, Ordering::SeqCst);
        self.line.is_answering.store(true, Ordering::SeqCst);
        let since = self.line.silent_since.load(Ordering::SeqCst);
        self.break_silence(since);
        Answer(self.line.clone())
    }

    /// Kith waits for the client from now on. The answer is the moment, with which the silence ends.
    fn fall_silent(&self) -> u64 {
        let moment = self.shared.moment();
        self.line.silent_since.store(moment, Ordering::SeqCst);
        self.shared.tell();
        moment
    }

    /// Ends the silence that began at a moment, unless another has begun since.
    fn break_silence(&self, since: u64) {
        let silence = &self.line.silent_since;
        let broken =
            silence.compare_exchange(since, NOT_SILENT, Ordering::SeqCst, Ordering::SeqCst);
        if broken.is_ok() && self.line.leave.is_cancelled() {
            // It was to end for another, which has to look for one that is still silent.
            self.shared.tell();
        }
    }

    /// Whether the connection was asked to end for another and has not heard of it, because Kith was working
    /// for its client. It must not keep Kith waiting now.
    fn is_to_end(&self) -> bool {
        self.line.leave.is_cancelled() && !self.shared.stop.is_cancelled()
    }

    /// Everything that was to be written has been.
    fn all_is_written(&self) {
        if self.line.is_over.swap(false, Ordering::SeqCst) {
            self.line.is_answering.store(false, Ordering::SeqCst);
            self.fall_silent();
        }
    }
}

/// What stands where a client was waited for that had to make room for another.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed for another")]
struct ClosedForAnother;

/// The body of a request, which notices that Kith waits for it.
pub struct WatchedRequest {
    body: Body,
    watch: Watch,
    /// Since when Kith has waited for it.
    since: Option<u64>,
}

impl WatchedRequest {
    pub fn new(body: Body, watch: Watch) -> Self {
        Self {
            body,
            watch,
            since: None,
        }
    }

    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.watch.break_silence(since);
        }
    }
}

impl hyper::body::Body for WatchedRequest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Pending if self.since.is_some() => {}
            Poll::Pending if self.watch.is_to_end() => {
                return Poll::Ready(Some(Err(axum::Error::new(ClosedForAnother))));
            }
            Poll::Pending => self.since = Some(self.watch.fall_silent()),
            // Between two parts it stays silent, so that a byte now and then keeps no place.
            Poll::Ready(Some(Ok(_))) if !self.body.is_end_stream() => {}
            Poll::Ready(_) => self.end(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedRequest {
    fn drop(&mut self) {
        self.end();
    }
}

/// An answer that has not ended.
pub struct Answer(Arc<Line>);

impl Answer {
    pub fn with(self, body: Body) -> WatchedBody {
        WatchedBody {
            body,
            _answer: self,
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// The body of an answer, whose end is that of the answer.
pub struct WatchedBody {
    body: Body,
    _answer: Answer,
}

impl hyper::body::Body for WatchedBody {
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

/// A stream that notices when the last byte of an answer was handed to the system, and when the client
/// takes none.
pub struct WatchedStream<S> {
    stream: S,
    watch: Watch,
    /// Runs while the client takes nothing.
    patience: Option<Pin<Box<Sleep>>>,
    /// Since when it has been over.
    since: Option<u64>,
}

impl<S> WatchedStream<S> {
    pub fn new(stream: S, watch: Watch) -> Self {
        Self {
            stream,
            watch,
            patience: None,
            since: None,
        }
    }

    /// Looks at what came of writing.
    fn watch_writing(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<std::io::Result<usize>>,
    ) -> Poll<std::io::Result<usize>> {
        if written.is_ready() {
            self.patience = None;
            if let Some(since) = self.since.take() {
                self.watch.break_silence(since);
            }
            return written;
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        if self.since.is_none() && patience.as_mut().poll(context).is_ready() {
            if self.watch.is_to_end() {
                return Poll::Ready(Err(std::io::Error::other(ClosedForAnother)));
            }
            self.since = Some(self.watch.fall_silent());
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch_writing(context, written)
    }

    /// hyper flushes once it has written all that it had.
    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.watch.all_is_written();
        }
        flushed
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch_writing(context, written)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Room for six, three of them for one address.
    fn connections() -> Connections {
        Connections::new(Settings {
            room: 6,
            share: Percent::new(50).expect("a percentage"),
            trusted_proxies: List(vec!["10.0.0.0/8".parse().expect("a network")]),
        })
    }

    /// A connection whose client says nothing. It ends when it is asked to.
    async fn silent(connections: &Connections, peer: &str) -> CancellationToken {
        let place = connections.place(peer.parse().expect("an address")).await;
        let place = place.expect("a place");
        let leave = place.watch.line.leave.clone();
        tokio::spawn(async move {
            let Place { watch, .. } = &place;
            watch.line.leave.cancelled().await;
            drop(place);
        });
        leave
    }

    /// A connection that is answering.
    async fn answering(connections: &Connections, peer: &str) -> Option<(Place, Answer)> {
        let place = connections.place(peer.parse().expect("an address")).await?;
        let answer = place.watch().begin();
        Some((place, answer))
    }

    /// Ends an answer, to its last byte.
    fn finish((place, answer): (Place, Answer)) -> Place {
        drop(answer);
        place.watch().all_is_written();
        place
    }

    fn open(connections: &Connections) -> usize {
        connections.shared.table().open.len()
    }

    fn asked(tokens: &[CancellationToken]) -> Vec<usize> {
        let numbered = tokens.iter().enumerate();
        let asked = numbered.filter(|(_, token)| token.is_cancelled());
        asked.map(|(number, _)| number).collect()
    }

    #[tokio::test]
    async fn an_address_that_has_used_up_its_share_closes_its_own() {
        let connections = connections();
        let other = silent(&connections, "192.0.2.2").await;
        let mut own = Vec::new();
        for number in 0..10 {
            own.push(silent(&connections, "192.0.2.1").await);
            let oldest: Vec<usize> = (0..(number + 1_usize).saturating_sub(3)).collect();
            assert_eq!(asked(&own), oldest, "the longest silent, one for one");
            assert!(open(&connections) <= 4);
        }
        assert!(!other.is_cancelled());
    }

    #[tokio::test]
    async fn an_address_that_has_used_up_its_share_takes_no_place_of_others() {
        let connections = connections();
        let mut others = Vec::new();
        for number in 1..=3 {
            others.push(silent(&connections, &format!("192.0.2.{number}")).await);
        }
        for _ in 0..10 {
            silent(&connections, "192.0.2.9").await;
        }
        assert_eq!((open(&connections), asked(&others)), (6, vec![]));
    }

    #[tokio::test]
    async fn an_address_is_a_network_and_a_proxy_is_none() {
        let connections = connections();
        for peers in [
            [
                "2001:db8::1",
                "2001:db8::2",
                "2001:db8:0:0:ffff::3",
                "2001:db8::4",
            ],
            [
                "192.0.2.1",
                "::ffff:192.0.2.1",
                "192.0.2.1",
                "::ffff:192.0.2.1",
            ],
        ] {
            let mut held = Vec::new();
            for peer in &peers[..3] {
                held.push(answering(&connections, peer).await.expect("a place"));
            }
            assert!(
                answering(&connections, peers[3]).await.is_none(),
                "{peers:?}"
            );
            let elsewhere = answering(&connections, "2001:db8:0:1::1").await;
            assert!(elsewhere.is_some(), "{peers:?}");
        }
        let mut held = Vec::new();
        for peer in ["10.0.0.1", "::ffff:10.0.0.1"].repeat(3) {
            held.push(answering(&connections, peer).await.expect("a place"));
        }
        assert!(connections.shared.table().of_addresses.is_empty());
    }

    #[tokio::test]
    async fn without_room_the_longest_silent_is_closed_and_proxies_last() {
        let connections = connections();
        let mut open = Vec::new();
        for peer in [
            "10.0.0.1",
            "192.0.2.1",
            "192.0.2.2",
            "10.0.0.2",
            "192.0.2.3",
            "192.0.2.4",
        ] {
            open.push(silent(&connections, peer).await);
        }
        assert!(asked(&open).is_empty());
        for (peer, expected) in [
            ("10.0.0.3", &[1][..]),
            ("10.0.0.3", &[1, 2]),
            ("10.0.0.3", &[1, 2, 4]),
            ("10.0.0.3", &[1, 2, 4, 5]),
            ("192.0.2.9", &[0, 1, 2, 4, 5]),
        ] {
            silent(&connections, peer).await;
            assert_eq!(asked(&open), expected);
        }
    }

    #[tokio::test]
    async fn an_answer_ends_with_its_last_byte_and_is_never_closed_before() {
        let connections = connections();
        let mut answers = Vec::new();
        for peer in ["192.0.2.1", "192.0.2.2", "192.0.2.3"].repeat(2) {
            answers.push(answering(&connections, peer).await.expect("a place"));
        }
        let newcomer = silent(&connections, "192.0.2.9");
        let mut newcomer = std::pin::pin!(newcomer);
        let (place, answer) = answers.remove(0);
        drop(answer);
        for _ in 0..100 {
            tokio::select! {
                biased;
                _ = &mut newcomer => panic!("all are answering"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert!(
            !place.watch.line.leave.is_cancelled(),
            "its end is not written"
        );
        place.watch().all_is_written();
        let leave = place.watch.line.leave.clone();
        let close = async {
            leave.cancelled().await;
            drop(place);
        };
        tokio::join!(newcomer, close);
        let are_asked = |(place, _): &(Place, Answer)| place.watch.line.leave.is_cancelled();
        assert!(!answers.iter().any(are_asked));
    }

    /// The next part of a request's body that a client sends through `sender`.
    async fn read(body: &mut WatchedRequest) -> Option<Poll<bool>> {
        use http_body_util::BodyExt;
        let part = tokio::time::timeout(Duration::from_millis(20), body.frame()).await;
        match part {
            Err(_) => Some(Poll::Pending),
            Ok(part) => part.map(|part| Poll::Ready(part.is_ok())),
        }
    }

    fn body_of(watch: Watch) -> (tokio::sync::mpsc::Sender<Bytes>, WatchedRequest) {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let parts = futures_util::stream::unfold(receiver, async |mut receiver| {
            let part = receiver.recv().await?;
            Some((Ok::<_, std::io::Error>(part), receiver))
        });
        let body = Body::from_stream(parts);
        (sender, WatchedRequest::new(body, watch))
    }

    #[tokio::test]
    async fn a_client_that_sends_its_body_byte_by_byte_is_silent_from_the_first_wait_to_the_end() {
        let connections = connections();
        let (place, answer) = answering(&connections, "192.0.2.1").await.expect("a place");
        let (sender, mut body) = body_of(place.watch());
        assert_eq!(place.watch.line.silent_since(), None);
        assert_eq!(read(&mut body).await, Some(Poll::Pending));
        let since = place.watch.line.silent_since();
        assert!(since.is_some());
        for _ in 0..3 {
            sender.send(Bytes::from_static(b"x")).await.expect("room");
            assert_eq!(read(&mut body).await, Some(Poll::Ready(true)));
            assert_eq!(read(&mut body).await, Some(Poll::Pending));
            assert_eq!(place.watch.line.silent_since(), since);
        }
        drop(sender);
        assert_eq!(read(&mut body).await, None);
        assert_eq!(place.watch.line.silent_since(), None);
        drop(answer);
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_late_breaks_no_later_silence() {
        let connections = connections();
        let (place, answer) = answering(&connections, "192.0.2.1").await.expect("a place");
        let (_sender, mut body) = body_of(place.watch());
        assert_eq!(read(&mut body).await, Some(Poll::Pending));
        let place = finish((place, answer));
        let since = place.watch.line.silent_since();
        drop(body);
        assert!(since.is_some());
        assert_eq!(place.watch.line.silent_since(), since);
    }

    #[tokio::test]
    async fn one_that_has_not_heard_that_it_is_to_end_is_waited_for_no_more() {
        let connections = connections();
        let (place, answer) = answering(&connections, "192.0.2.1").await.expect("a place");
        place.watch.line.leave.cancel();
        let (_sender, mut body) = body_of(place.watch());
        assert_eq!(read(&mut body).await, Some(Poll::Ready(false)));
        drop(body);

        // At the end of Kith its request may still be sent.
        connections.close();
        let (_sender, mut body) = body_of(place.watch());
        assert_eq!(read(&mut body).await, Some(Poll::Pending));
        drop(answer);
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_of_its_answer_falls_silent_after_a_while() {
        use tokio::io::AsyncReadExt;
        use tokio::io::AsyncWriteExt;

        let connections = connections();
        let (place, _answer) = answering(&connections, "192.0.2.1").await.expect("a place");
        let (mut client, mut server) = tokio::io::duplex(16);
        server.write_all(&[0; 16]).await.expect("room");
        let mut stream = WatchedStream::new(server, place.watch());
        let less = Duration::from_secs(2);
        stream.patience = Some(Box::pin(tokio::time::sleep(less)));
        let mut write = pin!(stream.write_all(&[0; 8]));
        let pending = tokio::time::timeout(Duration::ZERO, &mut write).await;
        assert!(pending.is_err());
        assert_eq!(place.watch.line.silent_since(), None);
        let pending = tokio::time::timeout(less * 2, &mut write).await;
        assert!(pending.is_err());
        assert!(place.watch.line.silent_since().is_some());
        client.read_exact(&mut [0; 8]).await.expect("some of it");
        write.await.expect("room");
        assert_eq!(place.watch.line.silent_since(), None);
    }

    #[tokio::test]
    async fn one_that_speaks_up_is_silent_for_a_shorter_time() {
        let connections = connections();
        let first = answering(&connections, "192.0.2.1").await.expect("a place");
        let second = silent(&connections, "192.0.2.1").await;
        let first = finish(first);
        silent(&connections, "192.0.2.1").await;
        silent(&connections, "192.0.2.1").await;
        assert!(second.is_cancelled());
        assert!(!first.watch.line.leave.is_cancelled());
    }

    #[tokio::test]
    async fn one_that_speaks_up_when_it_is_asked_to_end_stays_and_another_goes() {
        let connections = connections();
        let peer = "192.0.2.1".parse().expect("an address");
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push(connections.place(peer).await.expect("a place"));
        }
        let mut newcomer = std::pin::pin!(connections.place(peer));
        let pending = tokio::time::timeout(Duration::ZERO, &mut newcomer).await;
        assert!(pending.is_err());
        assert!(places[0].watch.line.leave.is_cancelled());
        let answer = places[0].watch().begin();
        let pending = tokio::time::timeout(Duration::ZERO, &mut newcomer).await;
        assert!(pending.is_err());
        assert!(places[1].watch.line.leave.is_cancelled());
        places.remove(1);
        assert!(newcomer.await.is_some());
        drop(answer);
    }

    /// What 1,500 sockets do that send half a header and come back as soon as they are closed.
    #[tokio::test]
    async fn a_flood_costs_one_close_for_each_connection_that_is_accepted() {
        let connections = Connections::new(Settings {
            room: 1024,
            share: Percent::new(50).expect("a percentage"),
            trusted_proxies: List::default(),
        });
        let mut flood = Vec::new();
        for number in 0..5_000 {
            flood.push(silent(&connections, "192.0.2.1").await);
            assert_eq!(asked(&flood).len(), (number + 1_usize).saturating_sub(512));
            if number % 100 == 0 {
                // Whoever asks meanwhile is served at once, from there and from elsewhere.
                for peer in ["192.0.2.1", "192.0.2.2"] {
                    let served = answering(&connections, peer).await.expect("a place");
                    drop(finish(served));
                }
            }
            assert!(open(&connections) <= 513);
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_connections_that_have_ended() {
        let connections = connections();
        for number in 0..100 {
            silent(&connections, &format!("192.0.2.{number}")).await;
        }
        connections.close();
        while open(&connections) > 0 {
            tokio::task::yield_now().await;
        }
        let table = connections.shared.table();
        assert!(table.open.is_empty() && table.of_addresses.is_empty());
    }
}
