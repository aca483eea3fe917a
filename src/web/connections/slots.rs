//! [`Connections`]: gives slots to connections, and chooses the connection that is closed for another.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use hyper_util::server::graceful::GracefulConnection;

use super::table::Entry;
use super::table::Shared;
use super::watch::Watch;
use crate::services::config::List;
use crate::services::config::Percent;
use crate::services::network::Network;
use crate::web::middleware::client;

/// What the operator has configured.
pub struct Options {
    /// The most connections that may be open.
    pub max_connections: usize,
    /// The most of them that one address may have.
    pub max_per_address: Percent,
    /// Proxies, whose addresses may have any number.
    pub trusted_proxies: List<Network>,
}

/// All connections that are open.
pub struct Connections {
    pub(super) shared: Arc<Shared>,
    max_connections: usize,
    max_per_address: usize,
    trusted_proxies: List<Network>,
}

/// Why there is no slot.
enum NoSlot {
    /// As many connections are open as may be.
    OfAll,
    /// The address has as many as it may have.
    OfAddress(IpAddr),
}

impl Connections {
    pub fn new(options: Options) -> Self {
        Self {
            shared: Arc::new(Shared::new()),
            max_connections: options.max_connections,
            max_per_address: options.max_per_address.of(options.max_connections),
            trusted_proxies: options.trusted_proxies,
        }
    }

    /// A slot for a connection from `peer` that was just accepted, as soon as there is one. `None` if the
    /// address has as many connections as it may have, and uses them.
    ///
    /// Only the accept loop waits here, one call at a time.
    pub async fn acquire(&self, peer: IpAddr) -> Option<Slot> {
        let peer = peer.to_canonical();
        let is_proxy = self.trusted_proxies.contains(peer);
        let charged_to = (!is_proxy).then(|| client::network(peer));
        if let Ok(slot) = self.try_acquire(charged_to) {
            return Some(slot);
        }
        // From here on every change is notified, so that none is missed between `try_acquire` and the wait.
        self.shared.is_crowded.store(true, Ordering::SeqCst);
        let slot = loop {
            match self.try_acquire(charged_to) {
                Ok(slot) => break Some(slot),
                Err(full) => {
                    if !self.close_one(&full) && matches!(full, NoSlot::OfAddress(_)) {
                        break None;
                    }
                }
            }
            self.shared.changed.notified().await;
        };
        self.shared.is_crowded.store(false, Ordering::SeqCst);
        slot
    }

    fn try_acquire(&self, charged_to: Option<IpAddr>) -> Result<Slot, NoSlot> {
        let mut table = self.shared.table();
        // Its own share comes first: an address that has used it up takes no slot of others.
        if let Some(address) = charged_to
            && table.of_addresses.get(&address) >= Some(&self.max_per_address)
        {
            return Err(NoSlot::OfAddress(address));
        }
        if table.open.len() >= self.max_connections {
            return Err(NoSlot::OfAll);
        }
        if let Some(address) = charged_to {
            *table.of_addresses.entry(address).or_default() += 1;
        }
        table.last_id += 1;
        let id = table.last_id;
        let entry = Arc::new(Entry {
            charged_to,
            silent_since: AtomicU64::new(self.shared.moment()),
            is_answering: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            leave: self.shared.stop.child_token(),
        });
        table.open.insert(id, entry.clone());
        drop(table);
        Ok(Slot {
            watch: Watch {
                entry,
                shared: self.shared.clone(),
            },
            id,
        })
    }

    /// Asks the connection that has been silent for longest to end, and says whether one is ending: that
    /// one, or one that was asked before and has not ended yet.
    fn close_one(&self, full: &NoSlot) -> bool {
        let table = self.shared.table();
        loop {
            let entries = table.open.values().filter(|entry| match full {
                NoSlot::OfAll => true,
                NoSlot::OfAddress(address) => entry.charged_to == Some(*address),
            });
            let silent = entries.filter_map(|entry| Some((entry, entry.silent_since()?)));
            // A connection that was asked before comes first, so that only one is asked for one slot.
            let first = silent.min_by_key(|(entry, since)| {
                let stays = !entry.leave.is_cancelled();
                (stays, entry.charged_to.is_none(), *since)
            });
            let Some((entry, _)) = first else {
                return false;
            };
            entry.leave.cancel();
            // A connection that has broken its silence before it was asked does not notice it, and goes on.
            if entry.silent_since().is_some() {
                return true;
            }
        }
    }

    /// Asks all connections to end: those without a request at once, others after their answer.
    pub fn close(&self) {
        self.shared.stop.cancel();
    }
}

/// A slot for one connection, which is free again once this is dropped.
pub struct Slot {
    pub(super) watch: Watch,
    id: u64,
}

impl Slot {
    /// Notices whether the connection is silent.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Polls the connection until it ends or the table asks it to end.
    ///
    /// # Errors
    /// Those of the connection.
    pub async fn hold<C: GracefulConnection>(self, connection: C) -> Result<(), C::Error> {
        let mut connection = pin!(connection);
        let Watch { entry, shared } = &self.watch;
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = entry.leave.cancelled() => {}
        }
        // A request may have arrived that the runtime has not noticed. The runtime checks its sockets when this
        // task yields, and the connection is polled once more before the wait is over.
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = tokio::task::yield_now() => {}
        }
        // Only the connection itself, which is not polled here, could break its silence.
        let may_finish = shared.stop.is_cancelled() && entry.is_answering.load(Ordering::SeqCst);
        if entry.silent_since().is_some() && !may_finish {
            return Ok(());
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Watch { entry, shared } = &self.watch;
        let mut table = shared.table();
        table.open.remove(&self.id);
        if let Some(address) = entry.charged_to
            && let Some(of_address) = table.of_addresses.get_mut(&address)
        {
            *of_address -= 1;
            if *of_address == 0 {
                table.of_addresses.remove(&address);
            }
        }
        drop(table);
        shared.notify();
    }
}
