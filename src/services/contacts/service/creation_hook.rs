//! [`CreationHook`]: what another module adds to the creation of a contact.

use kith_database::TransactionStep;

use crate::model::contact::ContactId;

/// What else Kith does when a contact is created.
pub trait CreationHook: Send + Sync {
    /// What joins the transaction that stores the contact. `welcome` is the choice of the client; `None`
    /// leaves it to the configuration.
    fn step(&self, contact: ContactId, welcome: Option<bool>) -> Option<TransactionStep>;

    /// Learns that a contact was stored, and whether a step has joined. Not called for a repeated request.
    fn created(&self, had_step: bool);
}
