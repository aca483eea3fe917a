//! [`Shared`]: what all callers and all use cases share.

use std::sync::Arc;
use std::sync::Mutex;

use kith_cache::Cache;
use kith_runtime::Clock;
use kith_runtime::Tasks;
use uuid::ContextV7;

use super::CreationHook;
use super::Settings;
use super::decoder::Decoder;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::trash_rule::TrashRule;
use crate::services::contacts::uses::Uses;

pub struct Shared {
    pub store: Arc<dyn ContactStore>,
    pub cache: Cache,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub trash_rule: TrashRule,
    /// Ids that it makes in the same millisecond are in the order in which they were made.
    pub ids: Mutex<ContextV7>,
    /// Held from the read of a contact to the write that replaces it.
    pub rewriting: tokio::sync::Mutex<()>,
    pub decoder: Decoder,
    pub creation_hook: Option<Box<dyn CreationHook>>,
    /// The work that goes on when its caller hangs up.
    pub tasks: Tasks,
    pub uses: Uses,
}
