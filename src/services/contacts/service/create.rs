//! Adding a contact, once for any number of the same requests.

use uuid::Uuid;

use super::Contacts;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::EmailAddress;
use crate::services::contacts::fields::Required;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::IdempotentRequest;

impl Contacts {
    /// Adds a contact to the book, if it says what is `required`; with `idempotency`, once for any number of the same requests. `welcome` says
    /// whether it gets a welcome email; `None` leaves that to the configuration.
    ///
    /// # Errors
    /// [`AppError::NoBook`], [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::KeyReused`].
    #[tracing::instrument(skip_all, fields(contact, replayed))]
    pub async fn create(
        &self,
        input: &ContactInput,
        required: Required,
        welcome: Option<bool>,
        idempotency: Option<IdempotentRequest>,
    ) -> Result<Creation, AppError> {
        let book = self.book()?;
        book.require(BookRole::Editor)?;
        let fields = ContactFields::parse(input, &ContactFields::default(), required)?;
        // Without an address there is nowhere to send it.
        let address = fields.text(Field::Emails).and_then(EmailAddress::parse);
        let welcome = if address.is_some() {
            welcome
        } else {
            Some(false)
        };
        let idempotency = idempotency.map(|request| match self.caller.account() {
            Some(account) => request.within(&format!("{}/{}/", account.id, book.id)),
            None => request,
        });
        let now = self.shared.clock.now();
        let id = self.new_id(now);
        let hook = self.shared.creation_hook.as_ref();
        let step = hook.and_then(|hook| hook.step(id, welcome));
        let creation = self
            .store(book)
            .create(id, &fields, now, idempotency.as_ref(), step.as_ref())
            .await?;
        if let Some(hook) = hook.filter(|_| !creation.replayed) {
            hook.created(step.is_some());
        }
        tracing::Span::current()
            .record("contact", tracing::field::display(creation.contact.id))
            .record("replayed", creation.replayed);
        Ok(creation)
    }

    fn new_id(&self, now: jiff::Timestamp) -> ContactId {
        // Times before 1970 do not fit into an id; no clock that is right has them.
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let time = uuid::Timestamp::from_unix(&self.shared.ids, seconds, nanos);
        ContactId::new(Uuid::new_v7(time))
    }
}
