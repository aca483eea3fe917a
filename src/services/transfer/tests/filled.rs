//! A database with rows in every table.

use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Engine;
use kith_database::Sql;
use kith_database::query;

use super::TestDatabase;
use crate::services::audit_log::Actor;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::conformance::IDEMPOTENCY_TTL;
use crate::services::contacts::store::conformance::Store;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::new_id;
use crate::services::contacts::store::conformance::parsed;
use crate::services::contacts::store::sql::SqlStore;

/// More rows than a page has.
const MANY: i64 = 620;

/// The longest notes.
const LONG: usize = 10_000;

/// A database of its own, with rows in every table.
pub struct Filled(pub TestDatabase);

impl Deref for Filled {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.0
    }
}

impl Filled {
    pub async fn new(engine: Engine) -> Self {
        let filled = Self(TestDatabase::new(engine).await);
        filled.add_contacts().await;
        let mut tx = filled.write().await.expect("no other writer");
        add_many_rows(&mut tx).await;
        add_messages(&mut tx).await;
        add_other_rows(&mut tx).await;
        tx.commit().await.expect("there is room");
        filled
    }

    pub fn store(&self) -> Store {
        store(self)
    }

    /// Contacts of the usual kind and of every unusual one.
    async fn add_contacts(&self) {
        let store = self.store();
        let mut deleted = Vec::new();
        for (number, name) in [
            "Álvaro Núñez",
            "王小明",
            "Łukasz '\"\\ Wójcik",
            "👩‍👩‍👧 e\u{301}",
        ]
        .into_iter()
        .enumerate()
        {
            let draft = ContactInput::default()
                .with(Field::Name, name.to_owned())
                .with(Field::Emails, format!("p{number}@example.com"))
                .with(Field::Phones, "+44 20 7946 0000")
                .with(Field::Company, "株式会社")
                .with(Field::Notes, "ż\n".repeat(LONG / 2 - 1) + "ż");
            let key = format!("key-{number}");
            let request = IdempotentRequest::new(key.as_bytes(), &draft, None).expect("a key");
            let fields = parsed(&draft);
            let created = store
                .create(new_id(), &fields, at(0), Some(&request), None)
                .await
                .expect("it is new");
            deleted.push(created.contact.id);
        }
        let (_, mut card) = store.card(deleted[0]).await.expect("there");
        let name = kith_card::Entry::text("Álvaro");
        let mut said = card.fields();
        said.set(Field::Name, vec![name]);
        card.apply(&said);
        let address = "203.0.113.7".parse().expect("an address");
        let actor = Actor::of_account(uuid::Uuid::from_u128(7), "ada", address);
        let replaced = store.replace_card(deleted[0], &card, None, at(1), &actor);
        replaced.await.expect("there");
        store
            .delete(deleted[2], None, at(1), &Actor::operator())
            .await
            .expect("there");
        store
            .delete(deleted[3], None, at(2), &Actor::operator())
            .await
            .expect("there");
        store.restore(deleted[3], at(3)).await.expect("there");
    }
}

/// A store in this database.
pub fn store(database: &kith_database::Database) -> Store {
    Arc::new(SqlStore::new(database.clone(), IDEMPOTENCY_TTL))
}

/// Figures and latencies.
async fn add_many_rows(tx: &mut Connection) {
    for number in 0..MANY {
        query("INSERT INTO figures (step, start, name, value) VALUES (60, $1, $2, $3)")
            .bind(number % 7)
            .bind(format!("figure {number}"))
            .bind(i64::MAX - number)
            .execute(&mut *tx)
            .await
            .expect("valid");
        query("INSERT INTO latencies (step, start, route, bucket, count) VALUES (1440, $1, '/', $2, 1)")
            .bind(-number)
            .bind(number % 3)
            .execute(&mut *tx)
            .await
            .expect("valid");
    }
}

/// Messages in every state.
async fn add_messages(tx: &mut Connection) {
    let now = Timestamp::now().as_millisecond();
    for (number, (state, owner, finished, dead)) in [
        ("created", None, None, None),
        ("active", Some("a process"), None, None),
        ("retry", None, None, None),
        ("delivered", None, Some(now), None),
        ("failed", None, Some(now), Some("dead-1")),
        ("canceled", Some("a process"), Some(now), None),
    ]
    .into_iter()
    .enumerate()
    {
        query(
            "INSERT INTO messages (id, state, destination, host, path, spec, body, created_at, not_before,
                 due_at, owner, retried, updated_at, finished_at, caller_ip, schedule_id, labels,
                 dead_letter_id, response, response_status, origin)
             VALUES ($1, $2, 'https://example.com/hook', $3, '/hook', '{\"retries\":3}', $4, $5, $6,
                 $6, $7, 2, $5, $8, '127.0.0.1', 'daily', ',a,b,', $9, '{}', 503, 'https://example.com')",
        )
        .bind(format!("message-{number}"))
        .bind(state)
        .bind((number % 2 == 0).then_some("example.com"))
        .bind(vec![0, 255, number as u8])
        .bind(now)
        .bind(now + 3_600_000)
        .bind(owner)
        .bind(finished)
        .bind(dead)
        .execute(&mut *tx)
        .await
        .expect("valid");
    }
}

/// Rows of the tables that are left.
async fn add_other_rows(tx: &mut Connection) {
    for statement in OTHERS {
        let added = query(*statement).execute(&mut *tx).await;
        added.expect("valid");
    }
}

const OTHERS: &[Sql] = &[
    Sql::new(
        "INSERT INTO events (message_id, at, state, detail)
         VALUES ('message-4', 1, 'ERROR', '{\"error\":\"x\"}')",
    ),
    Sql::new("DELETE FROM events WHERE message_id = 'message-0'"),
    Sql::each(
        "INSERT INTO outbox (seq, id, spec, body, created_at, due_at)
         VALUES (77, 'o', '{}', x'00ff', 1, 2)",
        "INSERT INTO outbox (seq, id, spec, body, created_at, due_at)
         VALUES (77, 'o', '{}', '\\x00ff', 1, 2)",
    ),
    Sql::new("INSERT INTO deduplications (id, message_id, expires_at) VALUES ('d', 'message-0', 3)"),
    Sql::each(
        "INSERT INTO schedules (id, cron, spec, body, created_at, paused, next_at)
         VALUES ('daily', '@daily', '{}', x'', 1, 1, NULL), ('hourly', '@hourly', '{}', x'', 1, 0, 9)",
        "INSERT INTO schedules (id, cron, spec, body, created_at, paused, next_at)
         VALUES ('daily', '@daily', '{}', '', 1, TRUE, NULL), ('hourly', '@hourly', '{}', '', 1, FALSE, 9)",
    ),
    Sql::each(
        "INSERT INTO accounts (id, name, name_key, role, password, created_at, disabled_at)
         VALUES (zeroblob(16), 'Ada', 'ada', 'admin', '$argon2id$', 1, NULL)",
        "INSERT INTO accounts (id, name, name_key, role, password, created_at, disabled_at)
         VALUES (decode(repeat('00', 16), 'hex'), 'Ada', 'ada', 'admin', '$argon2id$', 1, NULL)",
    ),
    Sql::new("UPDATE accounts SET email = 'ada@example.com', birthday_mails = TRUE"),
    Sql::each(
        "INSERT INTO account_links (id, purpose, account, address, created_at, expires_at)
         VALUES (zeroblob(16), 'password', zeroblob(16), 'ada@example.com', 1, 2)",
        "INSERT INTO account_links (id, purpose, account, address, created_at, expires_at)
         SELECT id, 'password', id, email, 1, 2 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO account_links (id, purpose, role, made_by, created_at, expires_at)
         VALUES (x'00112233445566778899aabbccddeeff', 'invitation', 'member', zeroblob(16), 1, 2)",
        "INSERT INTO account_links (id, purpose, role, made_by, created_at, expires_at)
         VALUES ('\\x00112233445566778899aabbccddeeff', 'invitation', 'member', decode(repeat('00', 16), 'hex'), 1, 2)",
    ),
    Sql::each(
        "INSERT INTO account_link_secrets (secret, link) VALUES (zeroblob(32), zeroblob(16))",
        "INSERT INTO account_link_secrets (secret, link)
         SELECT decode(repeat('00', 32), 'hex'), id FROM accounts",
    ),
    Sql::each(
        "INSERT INTO sessions (id, token, account, label, created_at, seen_at, expires_at)
         VALUES (zeroblob(16), zeroblob(32), zeroblob(16), 'Firefox', 1, 2, 3)",
        "INSERT INTO sessions (id, token, account, label, created_at, seen_at, expires_at)
         SELECT id, decode(repeat('00', 32), 'hex'), id, 'Firefox', 1, 2, 3 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO api_tokens (id, token, account, name, scope, ending, created_at)
         VALUES (zeroblob(16), zeroblob(32), zeroblob(16), 'backup', 'read', 'wxyz', 1)",
        "INSERT INTO api_tokens (id, token, account, name, scope, ending, created_at)
         SELECT id, decode(repeat('00', 32), 'hex'), id, 'backup', 'read', 'wxyz', 1 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO calendar_feeds (id, secret, account, book, created_at)
         SELECT zeroblob(16), zeroblob(32), account, book, 1 FROM book_members LIMIT 1",
        "INSERT INTO calendar_feeds (id, secret, account, book, created_at)
         SELECT decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex'), account, book, 1
         FROM book_members LIMIT 1",
    ),
    Sql::each(
        "INSERT INTO known_browsers (browser, account, created_at)
         VALUES (zeroblob(32), zeroblob(16), 1)",
        "INSERT INTO known_browsers (browser, account, created_at)
         SELECT decode(repeat('00', 32), 'hex'), id, 1 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO identities (id, issuer, subject, account, label, created_at)
         VALUES (zeroblob(16), 'https://id.example', '7', zeroblob(16), 'ada@example.com', 1)",
        "INSERT INTO identities (id, issuer, subject, account, label, created_at)
         SELECT id, 'https://id.example', '7', id, 'ada@example.com', 1 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO passkeys (id, credential, account, name, passkey, created_at)
         VALUES (zeroblob(16), zeroblob(20), zeroblob(16), 'Phone', '{}', 1)",
        "INSERT INTO passkeys (id, credential, account, name, passkey, created_at)
         SELECT id, decode(repeat('00', 20), 'hex'), id, 'Phone', '{}', 1 FROM accounts",
    ),
    Sql::each(
        "INSERT INTO setup_codes (code, created_at, expires_at) VALUES (zeroblob(32), 1, 2)",
        "INSERT INTO setup_codes (code, created_at, expires_at)
         VALUES (decode(repeat('00', 32), 'hex'), 1, 2)",
    ),
    Sql::each(
        "INSERT INTO sign_in_attempts (bucket, failures, last_at, not_before)
         VALUES (zeroblob(32), 3, 1, 2)",
        "INSERT INTO sign_in_attempts (bucket, failures, last_at, not_before)
         VALUES (decode(repeat('00', 32), 'hex'), 3, 1, 2)",
    ),
    Sql::new("INSERT INTO signing_keys (\"only\", current, next) VALUES (1, 'sig_1', 'sig_2')"),
    Sql::new(
        "INSERT INTO consumptions (key, claim, lease_until)
         VALUES ('done', NULL, 5), ('begun', 'c', 6)",
    ),
    Sql::new("INSERT INTO used_signatures (id, expires_at) VALUES ('used', 7)"),
    Sql::new("INSERT INTO settings (name, value, changed_at) VALUES ('limits.api', '{}', 8)"),
    Sql::new(
        "INSERT INTO audit_log (at, actor, kind, action, network)
         VALUES (9, '127.0.0.1', 'limits_changed', 'changed a limit', '127.0.0.1')",
    ),
    Sql::each(
        "INSERT INTO audit_log (at, account, actor, kind, subject)
         VALUES (10, x'00112233445566778899aabbccddeeff', 'ada', 'contact_deleted', 'an-id')",
        "INSERT INTO audit_log (at, account, actor, kind, subject)
         VALUES (10, '\\x00112233445566778899aabbccddeeff', 'ada', 'contact_deleted', 'an-id')",
    ),
    Sql::each(
        "INSERT INTO imports (seq, id, book, state, file, actor, welcome, received, why, created_at)
         VALUES (5, zeroblob(16), 1, 'failed', 'a.vcf', 'ada', 1, 3, 'why', 11)",
        "INSERT INTO imports (seq, id, book, state, file, actor, welcome, received, why, created_at)
         VALUES (5, decode(repeat('00', 16), 'hex'), 1, 'failed', 'a.vcf', 'ada', TRUE, 3, 'why', 11)",
    ),
    Sql::each(
        "INSERT INTO import_chunks (import, place, body) VALUES (5, 0, x'00ff')",
        "INSERT INTO import_chunks (import, place, body) VALUES (5, 0, '\\x00ff')",
    ),
    Sql::new("INSERT INTO import_contacts (contact, import) SELECT id, 5 FROM contacts"),
    Sql::each(
        "INSERT INTO import_problems (import, place, line, reason, body) VALUES (5, 2, 7, 'r', x'00ff')",
        "INSERT INTO import_problems (import, place, line, reason, body) VALUES (5, 2, 7, 'r', '\\x00ff')",
    ),
    Sql::new("INSERT INTO saved_searches (book, search) VALUES (1, 'city:Zürich VIP')"),
    Sql::new("UPDATE contacts SET frecency = 1800000000000 WHERE deleted_at IS NULL"),
    Sql::each(
        "INSERT INTO labels (id, book, name, name_key, colour) VALUES (zeroblob(16), 1, 'Café', 'cafe', 'teal')",
        "INSERT INTO labels (id, book, name, name_key, colour)
         VALUES (decode(repeat('00', 16), 'hex'), 1, 'Café', 'cafe', 'teal')",
    ),
    Sql::new(
        "INSERT INTO contact_labels (label, contact)
         SELECT labels.seq, contacts.seq FROM labels CROSS JOIN contacts WHERE deleted_at IS NULL",
    ),
    Sql::new(
        "INSERT INTO contact_dates (contact, place, kind, label, month, day, year)
         SELECT seq, 0, 'birthday', '', 2, 29, 1984 FROM contacts WHERE deleted_at IS NULL",
    ),
    Sql::new(
        "INSERT INTO contact_dates (contact, place, kind, label, month, day, year)
         SELECT seq, 2, 'other', 'first met', 7, 8, NULL FROM contacts WHERE deleted_at IS NULL",
    ),
    Sql::new(
        "INSERT INTO label_changes (id, book, kind, label, name, name_key, colour, total, account, actor, finished_at)
         SELECT id, book, 'remove', id, name, name_key, colour, 2, id, 'Ada', 9 FROM labels",
    ),
    Sql::new(
        "INSERT INTO label_change_contacts (change, contact, done)
         SELECT label_changes.seq, contacts.id, in_trash FROM label_changes CROSS JOIN contacts",
    ),
    // A process that was killed long ago.
    Sql::new(
        "INSERT INTO instances (id, started_at, seen_at, version, address, config_hash, figures)
         VALUES ('ended', 1, 2, '0.1.0', '127.0.0.1:3000', 'h', '{}')",
    ),
];
