//! Changes of a label that edit the cards of its contacts: another name, the name of another label, or none.
//!
//! [`begin`] writes down which contacts there are to do. Each [`step`] edits some of their cards in one transaction, so a
//! process that is killed has lost no card, and the next one goes on. A card and the tables always say the same: until
//! its card is edited, a contact has the label under its former name.
//!
//! What took a label away stays as a change for a while. [`undo`] turns it around.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::activities;
use super::labels;
use super::row::read_id;
use super::search;
use super::versions;
use super::versions::Replaced;
use crate::model::contact::ContactId;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChange;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelChangeKind;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelEdit;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::Relabelling;
use crate::services::contacts::labels::label_key;
use crate::services::contacts::labels::labels_in;
use crate::services::contacts::search_document::document_of;
use crate::services::contacts::store::BegunLabelChange;
use crate::services::contacts::store::StoreError;

/// The most contacts of a step.
const BATCH: i64 = 500;

/// The most bytes of their cards, which may hold pictures; a single card may have more.
const MAX_BATCH_BYTES: i64 = 4 << 20;

/// The most changes that are listed.
const MAX_LISTED: i64 = 100;

/// Changes of a book begin one after the other. Other transactions may refer to the book meanwhile.
const LOCK_BOOK: Sql = Sql::each(
    "SELECT seq FROM books WHERE seq = $1",
    "SELECT seq FROM books WHERE seq = $1 FOR NO KEY UPDATE",
);

const UNFINISHED: Sql = Sql::each(
    "SELECT seq, kind, name_key, target, account, actor FROM label_changes WHERE book = $1 AND finished_at IS NULL",
    "SELECT seq, kind, name_key, target, account, actor FROM label_changes WHERE book = $1 AND finished_at IS NULL
     FOR UPDATE",
);

/// In a transaction that gives the label to a contact, the row of the label is locked as well.
const LOCK_LABEL: Sql = Sql::each(
    "SELECT seq FROM labels WHERE book = $1 AND name_key = $2",
    "SELECT seq FROM labels WHERE book = $1 AND name_key = $2 FOR UPDATE",
);

const CARDS: Sql = Sql::each(
    "SELECT seq, id, card FROM contacts
     WHERE seq IN (SELECT value FROM json_each($1)) AND deleted_at IS NULL ORDER BY seq",
    "SELECT seq, id, card FROM contacts
     WHERE seq = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY seq FOR NO KEY UPDATE",
);

const WRITE: Sql = Sql::each(
    "UPDATE contacts SET version = version + 1, updated_at = max(updated_at, $2),
         card = unhex(made.value ->> 'card'), fingerprint = unhex(made.value ->> 'fingerprint'), fields = made.value ->> 'fields'
     FROM json_each($1) AS made WHERE seq = made.value ->> 'seq'",
    "UPDATE contacts SET version = version + 1, updated_at = greatest(updated_at, $2),
         card = decode(made.value ->> 'card', 'hex'),
         fingerprint = decode(made.value ->> 'fingerprint', 'hex'), fields = made.value ->> 'fields'
     FROM json_array_elements($1::json) AS made(value) WHERE seq = (made.value ->> 'seq')::bigint",
);

const TAKE: Sql = Sql::each(
    "DELETE FROM contact_labels WHERE label = (SELECT seq FROM labels WHERE book = $1 AND name_key = $2)
         AND contact IN (SELECT value FROM json_each($3))",
    "DELETE FROM contact_labels WHERE label = (SELECT seq FROM labels WHERE book = $1 AND name_key = $2)
         AND contact = ANY ($3::bigint[])",
);

const GIVE: Sql = Sql::each(
    "INSERT INTO contact_labels (label, contact)
     SELECT labels.seq, given.value FROM labels CROSS JOIN json_each($3) AS given
     WHERE book = $1 AND name_key = $2 ON CONFLICT DO NOTHING",
    "INSERT INTO contact_labels (label, contact)
     SELECT labels.seq, given.value FROM labels CROSS JOIN unnest($3::bigint[]) AS given(value)
     WHERE book = $1 AND name_key = $2 ON CONFLICT DO NOTHING",
);

const RECORD: Sql = Sql::each(
    "INSERT INTO activities (contact, at, event)
     SELECT id, updated_at, $1 FROM contacts WHERE seq IN (SELECT value FROM json_each($2))",
    "INSERT INTO activities (contact, at, event)
     SELECT id, updated_at, $1 FROM contacts WHERE seq = ANY ($2::bigint[])",
);

const MARK: Sql = Sql::each(
    "UPDATE label_change_contacts SET done = TRUE WHERE seq IN (SELECT value FROM json_each($1))",
    "UPDATE label_change_contacts SET done = TRUE WHERE seq = ANY ($1::bigint[])",
);

const DROP: Sql = Sql::each(
    "DELETE FROM label_change_contacts WHERE seq IN (SELECT value FROM json_each($1))",
    "DELETE FROM label_change_contacts WHERE seq = ANY ($1::bigint[])",
);

/// Who begins a change, and when.
#[derive(Clone, Copy)]
pub struct Initiator<'a> {
    pub actor: &'a Actor,
    pub now: Timestamp,
}

impl Initiator<'_> {
    async fn record(
        self,
        tx: &mut Connection,
        kind: Kind,
        label: LabelId,
    ) -> Result<(), StoreError> {
        let entry = Entry {
            subject: Some(label.0),
            ..Entry::new(self.actor, kind)
        };
        audit_log::record(tx, &entry, self.now).await?;
        Ok(())
    }

    /// The columns `account` and `actor`.
    fn columns(self) -> (Option<Vec<u8>>, Option<String>) {
        let account = self.actor.account();
        (
            account.map(|id| id.as_bytes().to_vec()),
            account.map(|_| self.actor.name().to_owned()),
        )
    }
}

/// A change that has contacts to do, as its row says it.
struct Unfinished {
    seq: i64,
    book: BookKey,
    kind: LabelChangeKind,
    key: String,
    edit: Relabelling,
    account: Option<Vec<u8>>,
    actor: Option<String>,
}

/// A contact that is to be done.
struct ToDo {
    /// The number of its row.
    row: i64,
    contact: i64,
    bytes: i64,
}

/// See [`ContactStore::begin_label_change`](crate::services::contacts::store::ContactStore::begin_label_change).
pub async fn begin(
    tx: &mut Connection,
    book: BookKey,
    id: LabelId,
    edit: &LabelEdit,
    by: Initiator<'_>,
) -> Result<BegunLabelChange, StoreError> {
    lock(tx, book).await?;
    let label = labels::find(tx, book, id).await?;
    let (kind, target) = match edit {
        LabelEdit::Rename { to, merge } => {
            let existing = labels::find_by_name(tx, book, to.as_str()).await?;
            if let Some(existing) = existing.filter(|other| other.id != id && !merge) {
                return Err(StoreError::LabelExists(existing));
            }
            (LabelChangeKind::Replace, Some(to.as_str()))
        }
        LabelEdit::Remove => (LabelChangeKind::Remove, None),
    };
    let entry = match kind {
        LabelChangeKind::Remove => Kind::LabelRemoved,
        _ => Kind::LabelChanged,
    };
    by.record(tx, entry, id).await?;
    let change = LabelChangeId(Uuid::new_v4());
    let new = New {
        id: change,
        kind,
        label: &label,
        target,
    };
    let seq = write(tx, book, new, by).await?;
    let total = query(
        "INSERT INTO label_change_contacts (change, contact)
         SELECT $1, contacts.id FROM contact_labels JOIN contacts ON contacts.seq = contact_labels.contact
         WHERE label = (SELECT seq FROM labels WHERE book = $2 AND id = $3)",
    )
    .bind(seq)
    .bind(book.0)
    .bind(id.0.as_bytes().to_vec())
    .execute(&mut *tx)
    .await?;
    set_total(tx, seq, total).await?;
    if let LabelEdit::Rename { to, merge } = edit {
        name_target(tx, book, label, (to.as_str(), *merge)).await?;
    }
    Ok(BegunLabelChange { id: change, total })
}

/// A change that begins.
struct New<'a> {
    id: LabelChangeId,
    kind: LabelChangeKind,
    label: &'a Label,
    target: Option<&'a str>,
}

/// Returns the number of its row.
async fn write(
    tx: &mut Connection,
    book: BookKey,
    new: New<'_>,
    by: Initiator<'_>,
) -> Result<i64, StoreError> {
    let (account, actor) = by.columns();
    let label = new.label;
    let seq = query(
        "INSERT INTO label_changes (id, book, kind, label, name, name_key, colour, target, total, account, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10) RETURNING seq",
    )
    .bind(new.id.0.as_bytes().to_vec())
    .bind(book.0)
    .bind(new.kind.as_str())
    .bind(label.id.0.as_bytes().to_vec())
    .bind(&label.name)
    .bind(label_key(&label.name))
    .bind(label.colour.as_str())
    .bind(new.target)
    .bind(account)
    .bind(actor)
    .fetch_one(tx)
    .await?;
    Ok(seq)
}

/// Waits for other changes of the labels of the book, and refuses while one has contacts to do.
async fn lock(tx: &mut Connection, book: BookKey) -> Result<(), StoreError> {
    let _: Option<i64> = query(LOCK_BOOK).bind(book.0).fetch_optional(tx).await?;
    if unfinished(tx, book).await?.is_some() {
        return Err(StoreError::LabelsBusy);
    }
    // After the row of a change, as in a step of one.
    labels::touch(tx, book).await?;
    Ok(())
}

async fn set_total(tx: &mut Connection, change: i64, total: u64) -> Result<(), sqlx::Error> {
    query("UPDATE label_changes SET total = $1 WHERE seq = $2")
        .bind(i64::try_from(total).unwrap_or(i64::MAX))
        .bind(change)
        .execute(tx)
        .await?;
    Ok(())
}

/// Sees to it that there is a label of the new name. A label that is renamed keeps its id; the contacts that are to be
/// done have their label under another one until then.
///
/// On a server, another transaction may add a label of the new name after [`begin`] has looked for one.
async fn name_target(
    tx: &mut Connection,
    book: BookKey,
    label: Label,
    (target, merge): (&str, bool),
) -> Result<(), StoreError> {
    let id = label.id;
    if label_key(target) == label_key(&label.name) {
        query("UPDATE labels SET name = $1 WHERE book = $2 AND id = $3")
            .bind(target)
            .bind(book.0)
            .bind(id.0.as_bytes().to_vec())
            .execute(tx)
            .await?;
        return Ok(());
    }
    let renamed = Label {
        id: LabelId(Uuid::new_v4()),
        name: target.to_owned(),
        ..label
    };
    if labels::insert(tx, book, &renamed).await? {
        exchange_ids(tx, book, id, renamed.id).await?;
        return Ok(());
    }
    match labels::find_by_name(tx, book, target).await? {
        Some(existing) if !merge => Err(StoreError::LabelExists(existing)),
        _ => Ok(()),
    }
}

/// No two labels have the same id at any moment.
async fn exchange_ids(
    tx: &mut Connection,
    book: BookKey,
    one: LabelId,
    other: LabelId,
) -> Result<(), StoreError> {
    let free = LabelId(Uuid::new_v4());
    for (from, to) in [(one, free), (other, one)] {
        query("UPDATE labels SET id = $1 WHERE book = $2 AND id = $3")
            .bind(to.0.as_bytes().to_vec())
            .bind(book.0)
            .bind(from.0.as_bytes().to_vec())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// See [`ContactStore::undo_label_change`](crate::services::contacts::store::ContactStore::undo_label_change).
pub async fn undo(
    tx: &mut Connection,
    book: BookKey,
    change: LabelChangeId,
    by: Initiator<'_>,
) -> Result<BegunLabelChange, StoreError> {
    lock(tx, book).await?;
    let row: Option<Row> = query(
        "SELECT seq, label, name, colour FROM label_changes WHERE book = $1 AND id = $2 AND kind = 'remove'",
    )
    .bind(book.0)
    .bind(change.0.as_bytes().to_vec())
    .fetch_optional(&mut *tx)
    .await?;
    let row = row.ok_or(StoreError::NoLabel)?;
    let seq: i64 = row.get("seq")?;
    let label = Label {
        id: labels::read_id(row.get("label")?)?,
        name: row.get("name")?,
        colour: LabelColour::of_name(row.get("colour")?),
        contacts: 0,
    };
    by.record(tx, Kind::LabelGivenBack, label.id).await?;
    give_back(tx, book, label).await?;
    let total = query("UPDATE label_change_contacts SET done = FALSE WHERE change = $1")
        .bind(seq)
        .execute(&mut *tx)
        .await?;
    let (account, actor) = by.columns();
    query(
        "UPDATE label_changes SET kind = 'give_back', target = name, finished_at = NULL, account = $1, actor = $2
         WHERE seq = $3",
    )
    .bind(account)
    .bind(actor)
    .bind(seq)
    .execute(&mut *tx)
    .await?;
    set_total(tx, seq, total).await?;
    Ok(BegunLabelChange { id: change, total })
}

/// Adds the label under the id that it had, unless there is one of its name again. Another label may have its id: one that
/// a contact was given while the label was removed, and that was renamed since.
async fn give_back(tx: &mut Connection, book: BookKey, label: Label) -> Result<(), StoreError> {
    let id = match labels::find(tx, book, label.id).await {
        Ok(_) => LabelId(Uuid::new_v4()),
        Err(StoreError::NoLabel) => label.id,
        Err(error) => return Err(error),
    };
    labels::insert(tx, book, &Label { id, ..label }).await?;
    Ok(())
}

async fn unfinished(tx: &mut Connection, book: BookKey) -> Result<Option<Unfinished>, StoreError> {
    let row: Option<Row> = query(UNFINISHED).bind(book.0).fetch_optional(tx).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let kind = LabelChangeKind::of_name(row.get("kind")?);
    let key: String = row.get("name_key")?;
    Ok(Some(Unfinished {
        seq: row.get("seq")?,
        book,
        kind,
        account: row.get("account")?,
        actor: row.get("actor")?,
        edit: Relabelling {
            from: (kind != LabelChangeKind::GiveBack).then(|| key.clone()),
            to: row.get("target")?,
        },
        key,
    }))
}

/// Edits some of the cards that are to be done. Whether others are left.
pub async fn step(
    tx: &mut Connection,
    book: BookKey,
    now: Timestamp,
    max_versions: u32,
) -> Result<bool, StoreError> {
    let Some(change) = unfinished(tx, book).await? else {
        return Ok(false);
    };
    let to_do = to_do(tx, change.seq).await?;
    if to_do.is_empty() {
        finish(tx, &change, now).await?;
        return Ok(false);
    }
    let contacts: Vec<i64> = to_do.iter().map(|one| one.contact).collect();
    let changed = relabel(tx, &change, &contacts, now, max_versions).await?;
    // What took a label away remembers from whom.
    let is_kept = |one: &ToDo| {
        change.kind == LabelChangeKind::Remove && changed.binary_search(&one.contact).is_ok()
    };
    let (done, dropped): (Vec<ToDo>, Vec<ToDo>) = to_do.into_iter().partition(is_kept);
    for (sql, some) in [(MARK, done), (DROP, dropped)] {
        let rows: Vec<i64> = some.iter().map(|one| one.row).collect();
        query(sql).bind(rows).execute(&mut *tx).await?;
    }
    Ok(true)
}

/// The next contacts, with regard to the size of their cards.
async fn to_do(tx: &mut Connection, change: i64) -> Result<Vec<ToDo>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = query(
        "SELECT item.seq, contacts.seq, CAST(coalesce(length(card), 0) AS BIGINT)
         FROM label_change_contacts AS item JOIN contacts ON contacts.id = item.contact
         WHERE change = $1 AND done = FALSE ORDER BY item.seq LIMIT $2",
    )
    .bind(change)
    .bind(BATCH)
    .fetch_all(tx)
    .await?;
    let mut bytes = 0;
    let fits = |one: &ToDo| {
        let is_first = bytes == 0;
        bytes += one.bytes;
        is_first || bytes <= MAX_BATCH_BYTES
    };
    let rows = rows.into_iter().map(|(row, contact, bytes)| ToDo {
        row,
        contact,
        bytes,
    });
    Ok(rows.take_while(fits).collect())
}

/// Edits the cards of these contacts, except those that have left the book or are in the trash. Returns the numbers of
/// those that were edited, in order.
async fn relabel(
    tx: &mut Connection,
    change: &Unfinished,
    contacts: &[i64],
    now: Timestamp,
    max_versions: u32,
) -> Result<Vec<i64>, StoreError> {
    let numbers = change.book.contacts();
    let here = contacts.iter().copied().filter(|seq| numbers.contains(seq));
    let rows: Vec<Row> = query(CARDS)
        .bind(here.collect::<Vec<i64>>())
        .fetch_all(&mut *tx)
        .await?;
    let mut changed = Vec::new();
    let mut made = Vec::new();
    let mut searched = Vec::new();
    let mut moved_in = Vec::new();
    for row in &rows {
        let seq: i64 = row.get("seq")?;
        if let Some(edited) = edited(row, seq, &change.edit)? {
            made.push(edited.columns);
            searched.push(edited.searched);
            changed.push(seq);
            moved_in.extend(edited.all_labels.map(|labels| (seq, labels)));
        }
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    let made = Value::Array(made).to_string();
    query(WRITE)
        .bind(&made)
        .bind(now.as_millisecond())
        .execute(&mut *tx)
        .await?;
    let replaced = Replaced {
        made: &made,
        contacts: &changed,
        account: change.account.clone(),
        name: change.actor.clone(),
    };
    versions::keep_many(tx, replaced, max_versions).await?;
    search::write(tx, &searched).await?;
    move_rows(tx, change, &changed).await?;
    for (seq, labels) in moved_in {
        labels::remove(tx, seq).await?;
        labels::add_many(tx, change.book, &[labels]).await?;
    }
    let fields = vec![Field::Labels.spec().name.to_owned()];
    query(RECORD)
        .bind(activities::json(&Event::Changed { fields })?)
        .bind(changed.clone())
        .execute(&mut *tx)
        .await?;
    activities::prune(tx, &changed).await?;
    Ok(changed)
}

/// A contact with other labels.
struct Edited {
    /// What is written of it.
    columns: Value,
    searched: search::Entry,
    /// All labels that it has then, if they are others than the edit has left: a card may have more labels than a contact
    /// shows, and one that goes makes room for another one.
    all_labels: Option<(ContactId, Vec<String>)>,
}

/// `None` if the edit changes nothing.
fn edited(row: &Row, seq: i64, edit: &Relabelling) -> Result<Option<Edited>, StoreError> {
    let card: Vec<u8> = row.get("card")?;
    let Ok(before) = ContactCard::parse(card) else {
        // `kith check` names it. The other contacts of the label are changed.
        tracing::error!(contact = seq, "a card cannot be read, so its labels stay");
        return Ok(None);
    };
    let mut card = before.clone();
    let Some(edited) = card.relabel(edit) else {
        return Ok(None);
    };
    let summary = card.summary();
    let searched = search::Entry {
        seq,
        in_trash: false,
        document: document_of(&summary),
    };
    let fields = summary.fields;
    let shown = labels_in(&fields);
    let all_labels = if shown == edited {
        None
    } else {
        let shown = shown.into_iter().map(str::to_owned).collect();
        Some((read_id(row)?, shown))
    };
    let (before, picture) = versions::kept(&before, &card);
    let columns = json!({
        "seq": seq,
        "card": hex(card.bytes()),
        "fingerprint": hex(&card.fingerprint()),
        "fields": Value::Object(fields).to_string(),
        "before": hex(before.bytes()),
        "picture": picture,
    });
    Ok(Some(Edited {
        searched,
        columns,
        all_labels,
    }))
}

/// Has the tables say what the cards of these contacts now say.
async fn move_rows(
    tx: &mut Connection,
    change: &Unfinished,
    contacts: &[i64],
) -> Result<(), StoreError> {
    let Unfinished { book, edit, .. } = change;
    let to = edit.to.as_deref().map(label_key);
    if let Some(from) = edit.from.as_ref().filter(|from| Some(*from) != to.as_ref()) {
        query(TAKE)
            .bind(book.0)
            .bind(from)
            .bind(contacts.to_vec())
            .execute(&mut *tx)
            .await?;
    }
    if let Some(to) = to {
        query(GIVE)
            .bind(book.0)
            .bind(to)
            .bind(contacts.to_vec())
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Nothing is left to do: a label that has lost its contacts goes, unless a contact was given it meanwhile.
async fn finish(
    tx: &mut Connection,
    change: &Unfinished,
    now: Timestamp,
) -> Result<(), StoreError> {
    let book = change.book;
    labels::touch(tx, book).await?;
    if let Some(from) = &change.edit.from
        && Some(from) != change.edit.to.as_deref().map(label_key).as_ref()
    {
        let lock = query(LOCK_LABEL).bind(book.0).bind(&change.key);
        let _: Option<i64> = lock.fetch_optional(&mut *tx).await?;
        query(
            "DELETE FROM labels WHERE book = $1 AND name_key = $2
                 AND NOT EXISTS (SELECT 1 FROM contact_labels WHERE label = labels.seq)",
        )
        .bind(book.0)
        .bind(&change.key)
        .execute(&mut *tx)
        .await?;
    }
    match change.kind {
        LabelChangeKind::Remove => {
            query("UPDATE label_changes SET finished_at = $1 WHERE seq = $2")
                .bind(now.as_millisecond())
                .bind(change.seq)
                .execute(tx)
                .await?;
        }
        LabelChangeKind::Replace | LabelChangeKind::GiveBack => {
            query("DELETE FROM label_changes WHERE seq = $1")
                .bind(change.seq)
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

/// See [`ContactStore::label_changes`](crate::services::contacts::store::ContactStore::label_changes).
pub async fn list(
    connection: &mut Connection,
    book: BookKey,
) -> Result<Vec<LabelChange>, StoreError> {
    let rows: Vec<Row> = query(
        "SELECT id, kind, name, target, total, finished_at,
             (SELECT count(*) FROM label_change_contacts WHERE change = label_changes.seq AND done = FALSE) AS remaining
         FROM label_changes WHERE book = $1 ORDER BY (finished_at IS NULL) DESC, seq DESC LIMIT $2",
    )
    .bind(book.0)
    .bind(MAX_LISTED)
    .fetch_all(connection)
    .await?;
    let read = |row: &Row| {
        let id = Uuid::from_slice(row.get("id")?);
        let (total, left): (i64, i64) = (row.get("total")?, row.get("remaining")?);
        Ok(LabelChange {
            id: LabelChangeId(id.map_err(|error| StoreError::Internal(error.into()))?),
            kind: LabelChangeKind::of_name(row.get("kind")?),
            name: row.get("name")?,
            target: row.get("target")?,
            total: total.unsigned_abs(),
            left: left.unsigned_abs(),
            is_finished: row.get::<Option<i64>>("finished_at")?.is_some(),
        })
    };
    rows.iter().map(read).collect()
}
