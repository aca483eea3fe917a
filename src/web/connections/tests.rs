//! A table with few slots, and clients that are silent or not.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use tokio_util::sync::CancellationToken;

use super::Connections;
use super::Options;
use super::Watch;
use super::WatchedRequest;
use super::WatchedStream;
use super::slots::Slot;
use super::watch::Answer;
use crate::services::config::List;
use crate::services::config::Percent;

/// Room for six, three of them for one address.
fn connections() -> Connections {
    Connections::new(Options {
        max_connections: 6,
        max_per_address: Percent::new(50).expect("a percentage"),
        trusted_proxies: List(vec!["10.0.0.0/8".parse().expect("a network")]),
    })
}

/// A connection whose client says nothing. It ends when it is asked to.
async fn silent(connections: &Connections, peer: &str) -> CancellationToken {
    let slot = connections.acquire(peer.parse().expect("an address")).await;
    let slot = slot.expect("a slot");
    let leave = slot.watch.entry.leave.clone();
    tokio::spawn(async move {
        let Slot { watch, .. } = &slot;
        watch.entry.leave.cancelled().await;
        drop(slot);
    });
    leave
}

/// A connection that is answering.
async fn answering(connections: &Connections, peer: &str) -> Option<(Slot, Answer)> {
    let slot = connections
        .acquire(peer.parse().expect("an address"))
        .await?;
    let answer = slot.watch().begin();
    Some((slot, answer))
}

/// Ends an answer, to its last byte.
fn finish((slot, answer): (Slot, Answer)) -> Slot {
    drop(answer);
    slot.watch().all_is_written();
    slot
}

fn open(connections: &Connections) -> usize {
    connections.shared.table().open.len()
}

fn cancelled(tokens: &[CancellationToken]) -> Vec<usize> {
    let numbered = tokens.iter().enumerate();
    let cancelled = numbered.filter(|(_, token)| token.is_cancelled());
    cancelled.map(|(number, _)| number).collect()
}

#[tokio::test]
async fn an_address_that_has_used_up_its_share_closes_its_own() {
    let connections = connections();
    let other = silent(&connections, "192.0.2.2").await;
    let mut own = Vec::new();
    for number in 0..10 {
        own.push(silent(&connections, "192.0.2.1").await);
        let oldest: Vec<usize> = (0..(number + 1_usize).saturating_sub(3)).collect();
        assert_eq!(cancelled(&own), oldest, "the longest silent, one for one");
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
    assert_eq!((open(&connections), cancelled(&others)), (6, vec![]));
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
            held.push(answering(&connections, peer).await.expect("a slot"));
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
        held.push(answering(&connections, peer).await.expect("a slot"));
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
    assert!(cancelled(&open).is_empty());
    for (peer, expected) in [
        ("10.0.0.3", &[1][..]),
        ("10.0.0.3", &[1, 2]),
        ("10.0.0.3", &[1, 2, 4]),
        ("10.0.0.3", &[1, 2, 4, 5]),
        ("192.0.2.9", &[0, 1, 2, 4, 5]),
    ] {
        silent(&connections, peer).await;
        assert_eq!(cancelled(&open), expected);
    }
}

#[tokio::test]
async fn an_answer_ends_with_its_last_byte_and_is_never_closed_before() {
    let connections = connections();
    let mut answers = Vec::new();
    for peer in ["192.0.2.1", "192.0.2.2", "192.0.2.3"].repeat(2) {
        answers.push(answering(&connections, peer).await.expect("a slot"));
    }
    let newcomer = silent(&connections, "192.0.2.9");
    let mut newcomer = std::pin::pin!(newcomer);
    let (slot, answer) = answers.remove(0);
    drop(answer);
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = &mut newcomer => panic!("all are answering"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(
        !slot.watch.entry.leave.is_cancelled(),
        "its end is not written"
    );
    slot.watch().all_is_written();
    let leave = slot.watch.entry.leave.clone();
    let close = async {
        leave.cancelled().await;
        drop(slot);
    };
    tokio::join!(newcomer, close);
    let are_asked = |(slot, _): &(Slot, Answer)| slot.watch.entry.leave.is_cancelled();
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
    let (slot, answer) = answering(&connections, "192.0.2.1").await.expect("a slot");
    let (sender, mut body) = body_of(slot.watch());
    assert_eq!(slot.watch.entry.silent_since(), None);
    assert_eq!(read(&mut body).await, Some(Poll::Pending));
    let since = slot.watch.entry.silent_since();
    assert!(since.is_some());
    for _ in 0..3 {
        sender.send(Bytes::from_static(b"x")).await.expect("room");
        assert_eq!(read(&mut body).await, Some(Poll::Ready(true)));
        assert_eq!(read(&mut body).await, Some(Poll::Pending));
        assert_eq!(slot.watch.entry.silent_since(), since);
    }
    drop(sender);
    assert_eq!(read(&mut body).await, None);
    assert_eq!(slot.watch.entry.silent_since(), None);
    drop(answer);
}

#[tokio::test]
async fn a_body_that_is_dropped_late_breaks_no_later_silence() {
    let connections = connections();
    let (slot, answer) = answering(&connections, "192.0.2.1").await.expect("a slot");
    let (_sender, mut body) = body_of(slot.watch());
    assert_eq!(read(&mut body).await, Some(Poll::Pending));
    let slot = finish((slot, answer));
    let since = slot.watch.entry.silent_since();
    drop(body);
    assert!(since.is_some());
    assert_eq!(slot.watch.entry.silent_since(), since);
}

#[tokio::test]
async fn one_that_has_not_heard_that_it_is_to_end_is_waited_for_no_more() {
    let connections = connections();
    let (slot, answer) = answering(&connections, "192.0.2.1").await.expect("a slot");
    slot.watch.entry.leave.cancel();
    let (_sender, mut body) = body_of(slot.watch());
    assert_eq!(read(&mut body).await, Some(Poll::Ready(false)));
    drop(body);

    // At the end of Kith its request may still be sent.
    connections.close();
    let (_sender, mut body) = body_of(slot.watch());
    assert_eq!(read(&mut body).await, Some(Poll::Pending));
    drop(answer);
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_falls_silent_after_a_while() {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    let connections = connections();
    let (slot, _answer) = answering(&connections, "192.0.2.1").await.expect("a slot");
    let (mut client, mut server) = tokio::io::duplex(16);
    server.write_all(&[0; 16]).await.expect("room");
    let mut stream = WatchedStream::new(server, slot.watch());
    let less = Duration::from_secs(2);
    stream.timeout = Some(Box::pin(tokio::time::sleep(less)));
    let mut write = pin!(stream.write_all(&[0; 8]));
    let pending = tokio::time::timeout(Duration::ZERO, &mut write).await;
    assert!(pending.is_err());
    assert_eq!(slot.watch.entry.silent_since(), None);
    let pending = tokio::time::timeout(less * 2, &mut write).await;
    assert!(pending.is_err());
    assert!(slot.watch.entry.silent_since().is_some());
    client.read_exact(&mut [0; 8]).await.expect("some of it");
    write.await.expect("room");
    assert_eq!(slot.watch.entry.silent_since(), None);
}

#[tokio::test]
async fn one_that_speaks_up_is_silent_for_a_shorter_time() {
    let connections = connections();
    let first = answering(&connections, "192.0.2.1").await.expect("a slot");
    let second = silent(&connections, "192.0.2.1").await;
    let first = finish(first);
    silent(&connections, "192.0.2.1").await;
    silent(&connections, "192.0.2.1").await;
    assert!(second.is_cancelled());
    assert!(!first.watch.entry.leave.is_cancelled());
}

#[tokio::test]
async fn one_that_speaks_up_when_it_is_asked_to_end_stays_and_another_goes() {
    let connections = connections();
    let peer = "192.0.2.1".parse().expect("an address");
    let mut slots = Vec::new();
    for _ in 0..3 {
        slots.push(connections.acquire(peer).await.expect("a slot"));
    }
    let mut newcomer = std::pin::pin!(connections.acquire(peer));
    let pending = tokio::time::timeout(Duration::ZERO, &mut newcomer).await;
    assert!(pending.is_err());
    assert!(slots[0].watch.entry.leave.is_cancelled());
    let answer = slots[0].watch().begin();
    let pending = tokio::time::timeout(Duration::ZERO, &mut newcomer).await;
    assert!(pending.is_err());
    assert!(slots[1].watch.entry.leave.is_cancelled());
    slots.remove(1);
    assert!(newcomer.await.is_some());
    drop(answer);
}

/// What 1,500 sockets do that send half a header and come back as soon as they are closed.
#[tokio::test]
async fn a_flood_costs_one_close_for_each_connection_that_is_accepted() {
    let connections = Connections::new(Options {
        max_connections: 1024,
        max_per_address: Percent::new(50).expect("a percentage"),
        trusted_proxies: List::default(),
    });
    let mut flood = Vec::new();
    for number in 0..5_000 {
        flood.push(silent(&connections, "192.0.2.1").await);
        assert_eq!(
            cancelled(&flood).len(),
            (number + 1_usize).saturating_sub(512)
        );
        if number % 100 == 0 {
            // Clients that ask meanwhile are served at once, from there and from elsewhere.
            for peer in ["192.0.2.1", "192.0.2.2"] {
                let served = answering(&connections, peer).await.expect("a slot");
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
