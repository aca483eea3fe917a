//! Imports into real databases, on both engines.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::TransactionStep;
use kith_database::query;
use kith_people::People;
use tokio::sync::Notify;

use super::command::CommandError;
use super::*;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::audit_log::Actor;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::book::BookRole;
use crate::services::book::Books;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Identity;
use crate::services::config::Config;
use crate::services::config::DemoArguments;
use crate::services::config::ImportArguments;
use crate::services::contacts::CreationHook;
use crate::services::contacts::activity::Event;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Scope;
use crate::services::contacts::store::CardsOf;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::contacts::store::sql::erase;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;
use crate::services::lease;
use crate::services::transfer::Progress;

on_each_engine! {
    an_export_that_is_imported_gives_the_same_bytes
    the_same_file_twice_adds_nothing
    cards_without_a_uid_are_known_by_what_they_say
    contacts_of_an_earlier_release_are_known_by_what_they_say
    contacts_of_the_trash_are_not_known
    what_cannot_be_read_is_told_with_its_line_and_kept
    what_is_no_text_of_a_column_is_imported
    imported_contacts_are_found_and_counted
    an_import_goes_on_after_a_kill
    two_instances_at_once_write_nothing_twice
    an_undo_removes_what_was_not_changed_since
    an_undo_ends_an_import_that_is_under_way
    an_import_that_is_cancelled_leaves_its_file_unread
    a_file_above_a_limit_is_refused_and_forgotten
    a_file_with_too_many_cards_ends_early
    a_file_that_breaks_off_leaves_nothing
    each_book_has_imports_of_its_own
    welcome_emails_are_sent_only_if_they_are_asked_for
    reports_are_removed_after_a_month
    a_seed_gives_the_same_people
    a_command_imports_while_others_work
}

/// More than two batches.
const MANY: usize = 1_200;

const OTHER: BookKey = BookKey(7);

/// An instance whose clock a test sets.
struct Instance {
    imports: ImportService,
    database: Database,
    store: Arc<dyn ContactStore>,
    now: Arc<AtomicI64>,
    added: Arc<Added>,
}

/// Counts the calls of the hook.
#[derive(Default)]
struct Added {
    contacts: AtomicU64,
    steps: AtomicU64,
    first: Notify,
}

struct Hook(Arc<Added>);

impl CreationHook for Hook {
    fn step(&self, _contact: ContactId, welcome: Option<bool>) -> Option<TransactionStep> {
        assert_eq!(welcome, Some(true));
        self.0.steps.fetch_add(1, Ordering::Relaxed);
        Some(Arc::new(|_| Box::pin(async { Ok(()) })))
    }

    fn created(&self, _had_step: bool) {
        self.0.contacts.fetch_add(1, Ordering::Relaxed);
        self.0.first.notify_one();
    }
}

impl Instance {
    fn new(database: &Database) -> Self {
        Self::with(database, |_| {})
    }

    fn with(database: &Database, change: impl FnOnce(&mut Limits)) -> Self {
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let clock = now.clone();
        let read = move || {
            let now = clock.load(Ordering::Relaxed);
            Timestamp::from_millisecond(now).expect("a time")
        };
        let mut limits = Limits::of(&Config::default());
        change(&mut limits);
        let added = Arc::new(Added::default());
        Self {
            imports: ImportService::new(Options {
                database: database.clone(),
                clock: Arc::new(read),
                limits,
                creation_hook: Some(Box::new(Hook(added.clone()))),
            }),
            store: Arc::new(SqlStore::new(database.clone(), Duration::from_secs(60))),
            database: database.clone(),
            now,
            added,
        }
    }

    fn pass(&self, time: Duration) {
        let time = i64::try_from(time.as_millis()).expect("it is short");
        self.now.fetch_add(time, Ordering::Relaxed);
    }

    async fn send_to(&self, book: &Book, bytes: &[u8]) -> ImportId {
        let upload = self.imports.begin(book, Actor::operator(), "a.vcf").await;
        let mut upload = upload.expect("an editor");
        // As it comes from a socket.
        for piece in bytes.chunks(60_000) {
            upload.write(piece).await.expect("it is small");
        }
        upload.finish(false).await.expect("the book is there")
    }

    async fn send(&self, bytes: &[u8]) -> ImportId {
        self.send_to(&Book::first(), bytes).await
    }

    async fn work(&self) {
        assert!(self.imports.work_off().await.expect("it is open"));
    }

    async fn import(&self, bytes: &[u8]) -> Import {
        let id = self.send(bytes).await;
        self.work().await;
        self.find(id).await
    }

    async fn find(&self, id: ImportId) -> Import {
        self.imports.find(id).await.expect("it is there")
    }

    async fn export_of(&self, book: BookKey) -> Vec<u8> {
        let store = self.store.in_book(book);
        let (mut bytes, mut last) = (Vec::new(), 0);
        loop {
            let page = store
                .cards(&CardsOf::default(), last)
                .await
                .expect("it is open");
            if page.bytes.is_empty() {
                return bytes;
            }
            bytes.extend_from_slice(&page.bytes);
            last = page.last;
        }
    }

    async fn export(&self) -> Vec<u8> {
        self.export_of(BookKey::FIRST).await
    }

    async fn wipe(&self) {
        let mut tx = self.database.write().await.expect("it is open");
        erase(&mut tx, BookKey::FIRST).await.expect("it can be");
        tx.commit().await.expect("there is room");
    }

    async fn contacts(&self, search: &str) -> Vec<Contact> {
        let limit = 200.try_into().expect("it is not 0");
        let query = ContactQuery::parse(search, Some("name"), None, limit, Scope::Live);
        let page = self.store.list(&query.expect("valid")).await;
        page.expect("it is open").contacts
    }

    async fn total(&self) -> u64 {
        self.store.totals().await.expect("it is open").contacts
    }

    async fn count(&self, statement: &'static str) -> i64 {
        let mut reader = self.database.reader().await.expect("it is open");
        let count = query(statement).fetch_one(&mut reader).await;
        count.expect("it can be counted")
    }
}

fn caller_of(books: impl Into<Books>) -> Caller {
    let client = Client {
        address: [127, 0, 0, 1].into(),
        is_certain: true,
    };
    Caller::new(client, Identity::Local, books.into())
}

fn caller() -> Caller {
    caller_of([Book::first()])
}

fn card(number: usize) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{number}\r\nN:;Ada {number};;;\r\nFN:Ada {number}\r\n\
         EMAIL:ada{number}@example.com\r\nEND:VCARD\r\n"
    )
}

fn cards(count: usize) -> String {
    (0..count).map(card).collect()
}

fn named(name: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nEND:VCARD\n")
}

/// The cards of all clients in one file, as an export writes them.
fn corpus() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/card/tests/corpus/valid");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "vcf"))
        .collect();
    paths.sort();
    let mut bytes = Vec::new();
    for path in paths {
        bytes.extend(fs::read(path).expect("a file"));
        if !bytes.ends_with(b"\n") {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes
}

async fn an_export_that_is_imported_gives_the_same_bytes(database: TestDatabase) {
    let kith = Instance::new(&database);
    let first = kith.import(&corpus()).await;
    assert_eq!((first.state, first.broken), (ImportState::Done, 0));
    assert!(first.added > 100, "{first:?}");
    assert_eq!(first.bytes, corpus().len() as u64);
    assert_eq!(first.processed, first.bytes);
    let exported = kith.export().await;
    kith.wipe().await;
    assert_eq!(kith.total().await, 0);
    let second = kith.import(&exported).await;
    assert_eq!((second.added, second.known), (first.added, 0));
    assert!(kith.export().await == exported, "other bytes");
    assert_eq!(kith.total().await, first.added);
}

async fn the_same_file_twice_adds_nothing(database: TestDatabase) {
    let kith = Instance::new(&database);
    let file = [corpus(), cards(3).into_bytes(), card(1).into_bytes()].concat();
    let first = kith.import(&file).await;
    let exported = kith.export().await;
    for file in [&file, &exported] {
        let again = kith.import(file).await;
        assert_eq!((again.added, again.known), (0, again.read));
    }
    assert_eq!(kith.total().await, first.added);
    assert!(first.known > 0, "a card is there twice");
}

async fn cards_without_a_uid_are_known_by_what_they_say(database: TestDatabase) {
    let kith = Instance::new(&database);
    // In one file, and in the next one.
    let twice = named("Ada") + &named("Bob") + &named("Ada");
    let import = kith.import(twice.as_bytes()).await;
    assert_eq!((import.added, import.known), (2, 1));
    let written_otherwise = named("Ada").replace("3.0", "4.0").replace("FN:", "fn:");
    let import = kith.import(written_otherwise.as_bytes()).await;
    assert_eq!((import.added, import.known), (0, 1));
    // Two contacts with UIDs of their own may say the same.
    let twins = card(1) + &card(1).replace("UID:u1", "UID:u2");
    assert_eq!(kith.import(twins.as_bytes()).await.added, 2);
    // A card without one that says the same as they do is theirs.
    let copy = card(1).replace("UID:u1\r\n", "");
    assert_eq!(kith.import(copy.as_bytes()).await.known, 1);
    // A person has changed this contact since.
    let ada = &kith.contacts("ada").await[0];
    let changed = crate::services::contacts::store::conformance::fields("Eve", "eve@example.com");
    let changed = kith.store.update(
        ada.id,
        &changed,
        None,
        ada.created_at.parse().expect("a time"),
    );
    changed.await.expect("it is there");
    let import = kith.import(twice.as_bytes()).await;
    assert_eq!((import.added, import.known), (1, 2));
}

async fn contacts_of_an_earlier_release_are_known_by_what_they_say(database: TestDatabase) {
    let kith = Instance::new(&database);
    kith.import(named("Ada").as_bytes()).await;
    let mut tx = database.write().await.expect("it is open");
    for statement in [
        "UPDATE contacts SET fingerprint = NULL",
        "UPDATE installation SET derived_by = NULL",
    ] {
        let written = query(statement).execute(&mut tx).await;
        written.expect("it may be NULL");
    }
    tx.commit().await.expect("there is room");
    import_by_command(&database, &named("Ada")).await;
    assert_eq!(kith.total().await, 1);
}

async fn contacts_of_the_trash_are_not_known(database: TestDatabase) {
    let kith = Instance::new(&database);
    let file = card(1) + &named("Bob");
    kith.import(file.as_bytes()).await;
    for contact in kith.contacts("").await {
        let now = contact.created_at.parse().expect("a time");
        let actor = Actor::operator();
        let deleted = kith.store.delete(contact.id, None, now, &actor).await;
        deleted.expect("it is there");
    }
    assert_eq!(kith.import(file.as_bytes()).await.added, 2);
}

async fn what_cannot_be_read_is_told_with_its_line_and_kept(database: TestDatabase) {
    let kith = Instance::new(&database);
    let wrong = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nnonsense\r\nEND:VCARD\r\n";
    let open = "BEGIN:VCARD\r\nFN:Cy \u{e9}\r\n";
    let file = format!("Hello\r\n{}{wrong}{open}{}", card(1), card(2));
    let import = kith.import(file.as_bytes()).await;
    assert_eq!((import.added, import.broken, import.read), (2, 3, 5));
    let problems = kith.imports.problems(&import, 100).await.expect("open");
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.line, problem.reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "this text is in no card"),
            (12, "there is no colon between a name and a value"),
            (14, "the card does not end with END:VCARD"),
        ]
    );
    let (mut bytes, mut place) = (Vec::new(), -1);
    while let Some((at, body)) = kith
        .imports
        .broken_behind(&import, place)
        .await
        .expect("open")
    {
        bytes.extend(body);
        place = at;
    }
    assert_eq!(bytes, format!("Hello\r\n{wrong}{open}").into_bytes());
}

async fn what_is_no_text_of_a_column_is_imported(database: TestDatabase) {
    let kith = Instance::new(&database);
    let mut file = b"BEGIN:VCARD\nVERSION:2.1\nUID;ENCODING=QUOTED-PRINTABLE:a=00b\n\
        FN;ENCODING=QUOTED-PRINTABLE:=00\nEND:VCARD\n"
        .to_vec();
    file.extend_from_slice(b"BEGIN:VCARD\nVERSION:3.0\nFN:J\xFCrgen\nNOTE:\x01\xFF\nEND:VCARD\n");
    let import = kith.import(&file).await;
    assert_eq!((import.added, import.broken), (2, 0));
    assert_eq!(kith.export().await, file);
    let names: Vec<_> = kith
        .contacts("")
        .await
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Jürgen", "No name"]);
}

async fn imported_contacts_are_found_and_counted(database: TestDatabase) {
    let kith = Instance::new(&database);
    let import = kith.import(cards(20).as_bytes()).await;
    assert_eq!(import.added, 20);
    assert_eq!(kith.added.contacts.load(Ordering::Relaxed), 20);
    for search in ["ADA 7", "a 7", "ada7@"] {
        let found = kith.contacts(search).await;
        assert_eq!(found.last().expect("one").name, "Ada 7", "{search}");
    }
    let ada = &kith.contacts("ada7@").await[0];
    assert_eq!(
        (ada.version, ada.email.as_deref()),
        (1, Some("ada7@example.com"))
    );
    let activities = kith.store.activities(ada.id).await.expect("open");
    let events: Vec<_> = activities.into_iter().map(|one| one.event).collect();
    assert_eq!(events, [Event::Imported]);
    let tags = "SELECT count(*) FROM import_contacts";
    assert_eq!(kith.count(tags).await, 20);
    assert_eq!(kith.count("SELECT count(*) FROM import_chunks").await, 0);
}

async fn an_import_goes_on_after_a_kill(database: TestDatabase) {
    let killed = Instance::new(&database);
    let file = cards(MANY) + "nonsense\r\n";
    let id = killed.send(file.as_bytes()).await;
    tokio::select! {
        _ = killed.imports.work_off() => panic!("it was to be killed"),
        () = killed.added.first.notified() => {}
    }
    let import = killed.find(id).await;
    assert_eq!(import.state, ImportState::Running);
    assert!(
        import.added >= 500 && import.read < MANY as u64,
        "{import:?}"
    );
    // The lease of a process that was killed ends by itself.
    let other = Instance::new(&database.open_again().await);
    assert!(!other.imports.work_off().await.expect("it is open"));
    other.pass(lease::TTL + Duration::from_secs(1));
    other.work().await;
    let import = other.find(id).await;
    assert_eq!(import.state, ImportState::Done);
    let counts = (import.added, import.known, import.broken, import.read);
    assert_eq!(counts, (MANY as u64, 0, 1, MANY as u64 + 1));
    assert_eq!(other.total().await, MANY as u64);
    assert!(other.export().await == cards(MANY).into_bytes());
}

async fn two_instances_at_once_write_nothing_twice(database: TestDatabase) {
    let [one, other] = [
        Instance::new(&database),
        Instance::new(&database.open_again().await),
    ];
    let id = one.send(cards(MANY).as_bytes()).await;
    // To the other one, the lease of the first one is over.
    other.pass(lease::TTL + Duration::from_secs(1));
    let (first, second) = tokio::join!(one.imports.work_off(), async {
        one.added.first.notified().await;
        other.imports.work_off().await
    });
    first.and(second).expect("it is open");
    let import = one.find(id).await;
    assert_eq!(
        (import.state, import.added),
        (ImportState::Done, MANY as u64)
    );
    assert_eq!(one.total().await, MANY as u64);
    let seen = [&one, &other].map(|instance| instance.added.contacts.load(Ordering::Relaxed));
    assert_eq!(seen.iter().sum::<u64>(), MANY as u64);
}

async fn an_undo_removes_what_was_not_changed_since(database: TestDatabase) {
    let kith = Instance::new(&database);
    kith.import(named("Before").as_bytes()).await;
    let import = kith.import(cards(MANY).as_bytes()).await;
    let changed = &kith.contacts("ada 7").await[0];
    let deleted = &kith.contacts("ada 9").await[0];
    let fields = crate::services::contacts::store::conformance::fields("Eve", "eve@example.com");
    let now: Timestamp = changed.created_at.parse().expect("a time");
    let update = kith.store.update(changed.id, &fields, None, now).await;
    update.expect("it is there");
    let delete = kith
        .store
        .delete(deleted.id, None, now, &Actor::operator())
        .await;
    delete.expect("it is there");
    let begun = kith
        .imports
        .undo(&caller(), import.id)
        .await
        .expect("an editor");
    assert_eq!(begun.state, ImportState::Undoing);
    kith.work().await;
    let undone = kith.find(import.id).await;
    assert_eq!(undone.state, ImportState::Undone);
    assert_eq!((undone.removed, undone.kept), (MANY as u64 - 2, 2));
    let names: Vec<_> = kith
        .contacts("")
        .await
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Before", "Eve"]);
    assert!(kith.contacts("ada 8").await.is_empty());
    assert_eq!(kith.store.totals().await.expect("open").trash, 1);
    // Undone is undone.
    let again = kith
        .imports
        .undo(&caller(), import.id)
        .await
        .expect("an editor");
    assert_eq!(again, undone);
    // The file can be imported again.
    let again = kith.import(cards(MANY).as_bytes()).await;
    assert_eq!(again.added, MANY as u64 - 1, "Eve has kept her UID");
}

async fn an_undo_ends_an_import_that_is_under_way(database: TestDatabase) {
    let kith = Instance::new(&database);
    let id = kith.send(cards(MANY).as_bytes()).await;
    let (worked, undone) = tokio::join!(kith.imports.work_off(), async {
        kith.added.first.notified().await;
        kith.imports.undo(&caller(), id).await
    });
    worked.expect("it is open");
    undone.expect("an editor");
    kith.work().await;
    let import = kith.find(id).await;
    assert_eq!(
        (import.state, import.removed),
        (ImportState::Undone, import.added)
    );
    assert_eq!(kith.total().await, 0);
    assert_eq!(kith.count("SELECT count(*) FROM import_chunks").await, 0);
}

async fn an_import_that_is_cancelled_leaves_its_file_unread(database: TestDatabase) {
    let kith = Instance::new(&database);
    let id = kith.send(cards(3).as_bytes()).await;
    kith.imports.cancel(&caller(), id).await.expect("an editor");
    kith.work().await;
    let import = kith.find(id).await;
    assert_eq!((import.state, import.added), (ImportState::Cancelled, 0));
    assert!(import.finished_at.is_some());
    assert_eq!(kith.count("SELECT count(*) FROM import_chunks").await, 0);
    // One that is over stays as it is.
    let done = kith.import(cards(3).as_bytes()).await;
    kith.imports
        .cancel(&caller(), done.id)
        .await
        .expect("an editor");
    assert_eq!(kith.find(done.id).await, done);
}

async fn a_file_above_a_limit_is_refused_and_forgotten(database: TestDatabase) {
    let kith = Instance::with(&database, |limits| {
        limits.max_file = "3MiB".parse().expect("a size");
        limits.max_card = "1KiB".parse().expect("a size");
    });
    let upload = kith
        .imports
        .begin(&Book::first(), Actor::operator(), "")
        .await;
    let mut upload = upload.expect("an editor");
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..3 {
        upload.write(&mebibyte).await.expect("it is not above it");
    }
    let refused = upload.write(b"x").await.expect_err("it is too large");
    assert!(matches!(refused, ImportError::TooLarge(_)), "{refused}");
    assert!(refused.to_string().contains("3 MiB"), "{refused}");
    drop(upload);
    kith.imports.close().await;
    assert_eq!(kith.count("SELECT count(*) FROM imports").await, 0);
    assert_eq!(kith.count("SELECT count(*) FROM import_chunks").await, 0);

    let kith = Instance::with(&database, |limits| {
        limits.max_card = "1KiB".parse().expect("a size");
    });
    let long = named(&"a".repeat(1024));
    let import = kith.import(format!("{long}{}", card(1)).as_bytes()).await;
    assert_eq!((import.added, import.broken), (1, 1));
    let problems = kith.imports.problems(&import, 1).await.expect("open");
    assert_eq!(problems[0].reason, "the card is larger than 1024 bytes");
}

async fn a_file_with_too_many_cards_ends_early(database: TestDatabase) {
    let kith = Instance::with(&database, |limits| {
        limits.max_cards = 600.try_into().expect("it is not 0");
    });
    let import = kith.import(cards(601).as_bytes()).await;
    assert_eq!((import.state, import.added), (ImportState::Failed, 600));
    assert!(
        import
            .why
            .expect("a reason")
            .contains("more than 600 cards")
    );
    let exact = kith.import(cards(600).as_bytes()).await;
    assert_eq!((exact.state, exact.known), (ImportState::Done, 600));
}

async fn a_file_that_breaks_off_leaves_nothing(database: TestDatabase) {
    let kith = Instance::new(&database);
    let upload = kith
        .imports
        .begin(&Book::first(), Actor::operator(), "a\u{0}\n.vcf")
        .await;
    let mut upload = upload.expect("an editor");
    upload
        .write(&vec![b'x'; 2 << 20])
        .await
        .expect("it is small");
    assert!(
        kith.imports
            .list(&Book::first())
            .await
            .expect("an editor")
            .is_empty()
    );
    drop(upload);
    kith.imports.close().await;
    assert_eq!(kith.count("SELECT count(*) FROM imports").await, 0);
}

async fn each_book_has_imports_of_its_own(database: TestDatabase) {
    let mut tx = database.write().await.expect("it is open");
    let add = query("INSERT INTO books (seq, id, name, created_at) VALUES (7, $1, 'Other', 0)");
    let add = add.bind(vec![7_u8; 16]).execute(&mut tx).await;
    add.expect("it is new");
    tx.commit().await.expect("there is room");
    let other = Book {
        key: OTHER,
        id: BookId(uuid::Uuid::from_bytes([7; 16])),
        ..Book::first()
    };
    let kith = Instance::new(&database);
    let first = kith.import(cards(2).as_bytes()).await;
    let id = kith.send_to(&other, cards(3).as_bytes()).await;
    kith.work().await;
    assert_eq!(kith.find(id).await.added, 3);
    assert_eq!(
        (kith.total().await, kith.export_of(OTHER).await.is_empty()),
        (2, false)
    );
    let listed = kith.imports.list(&other).await.expect("an editor");
    assert_eq!(
        listed.iter().map(|import| import.id).collect::<Vec<_>>(),
        [id]
    );
    // A caller who does not see the book finds nothing, and one who may only read it changes nothing.
    let stranger = caller_of([Book::first()]);
    let viewer = Book {
        role: BookRole::Viewer,
        ..other
    };
    let reader = caller_of([viewer.clone()]);
    for (caller, id, found) in [
        (&stranger, id, false),
        (&reader, id, true),
        (&reader, first.id, false),
    ] {
        let errors = [
            kith.imports.get(caller, id).await.map(drop),
            kith.imports.cancel(caller, id).await,
            kith.imports.undo(caller, id).await.map(drop),
        ];
        for error in errors {
            match error.expect_err("it may not") {
                ImportError::NoImport => assert!(!found),
                ImportError::App(AppError::Forbidden { .. }) => assert!(found),
                other => panic!("{other}"),
            }
        }
    }
    assert!(kith.imports.list(&viewer).await.is_err());
    let begun = kith.imports.begin(&viewer, Actor::operator(), "").await;
    assert!(begun.is_err());
    // A book goes with its imports.
    let mut tx = database.write().await.expect("it is open");
    erase(&mut tx, OTHER).await.expect("it can be");
    let removed = query("DELETE FROM books WHERE seq = 7")
        .execute(&mut tx)
        .await;
    removed.expect("it is empty");
    tx.commit().await.expect("there is room");
    assert!(kith.imports.find(id).await.is_err());
}

async fn welcome_emails_are_sent_only_if_they_are_asked_for(database: TestDatabase) {
    let kith = Instance::new(&database);
    kith.import(card(1).as_bytes()).await;
    assert_eq!(kith.added.steps.load(Ordering::Relaxed), 0);
    let upload = kith
        .imports
        .begin(&Book::first(), Actor::operator(), "")
        .await;
    let mut upload = upload.expect("an editor");
    let file = cards(3) + &named("Without an address");
    upload.write(file.as_bytes()).await.expect("it is small");
    upload.finish(true).await.expect("the book is there");
    kith.work().await;
    // One of the three was known.
    assert_eq!(kith.added.steps.load(Ordering::Relaxed), 2);
    assert_eq!(kith.added.contacts.load(Ordering::Relaxed), 4);
}

async fn reports_are_removed_after_a_month(database: TestDatabase) {
    let kith = Instance::new(&database);
    let import = kith
        .import(format!("nonsense\n{}", card(1)).as_bytes())
        .await;
    let mut broken_off = kith
        .imports
        .begin(&Book::first(), Actor::operator(), "")
        .await
        .expect("an editor");
    broken_off
        .write(&vec![b'x'; 2 << 20])
        .await
        .expect("it is small");
    // A process that is killed drops nothing.
    std::mem::forget(broken_off);
    let day = Duration::from_secs(24 * 60 * 60);
    for (days, imports, chunks) in [(0, 2, 2), (2, 1, 0), (27, 1, 0), (2, 0, 0)] {
        kith.pass(day * days);
        kith.imports.sweep().await.expect("it is open");
        assert_eq!(kith.count("SELECT count(*) FROM imports").await, imports);
        assert_eq!(
            kith.count("SELECT count(*) FROM import_chunks").await,
            chunks
        );
    }
    assert!(matches!(
        kith.imports.find(import.id).await,
        Err(ImportError::NoImport)
    ));
    assert_eq!(kith.count("SELECT count(*) FROM import_problems").await, 0);
    assert_eq!(kith.total().await, 1);
}

async fn demo(database: &Database, count: u32, seed: u64, force: bool) -> Result<(), CommandError> {
    let arguments = DemoArguments {
        count: count.try_into().expect("it is not 0"),
        seed,
        book: None,
        force,
    };
    let config = Config::default();
    let command = demo::Command {
        arguments: &arguments,
        config: &config,
    };
    let mut progress = Progress::new(std::io::sink(), false);
    command.run_on(database, &mut progress).await
}

async fn a_seed_gives_the_same_people(database: TestDatabase) {
    let kith = Instance::new(&database);
    demo(&database, 700, 42, false).await.expect("it is empty");
    let people = People::new(42).take(700).map(|person| person.card());
    assert!(kith.export().await == people.collect::<String>().into_bytes());
    let refused = demo(&database, 1, 42, false).await;
    assert!(matches!(refused, Err(CommandError::NotEmpty)));
    // The same people are there already.
    demo(&database, 701, 42, true).await.expect("it may");
    assert_eq!(kith.total().await, 701);
}

/// Runs `kith import` for a file of this text.
async fn import_by_command(database: &Database, text: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("contacts.vcf");
    fs::write(&file, text).expect("there is room");
    let done = run_import(database, file).await;
    done.expect("the file is there");
}

async fn run_import(database: &Database, file: PathBuf) -> Result<(), CommandError> {
    let arguments = ImportArguments {
        file,
        book: None,
        welcome: false,
    };
    let config = Config::default();
    let command = command::Command {
        arguments: &arguments,
        config: &config,
    };
    let mut progress = Progress::new(std::io::sink(), false);
    command.run_on(database, &mut progress).await
}

async fn a_command_imports_while_others_work(database: TestDatabase) {
    let kith = Instance::new(&database);
    let text = cards(MANY) + "nonsense\n";
    // Whichever is first works it off.
    tokio::join!(import_by_command(&database, &text), async {
        for _ in 0..20 {
            let _ = kith.imports.work_off().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!(kith.total().await, MANY as u64);
    let refused = run_import(&database, "missing.vcf".into()).await;
    let refused = refused.expect_err("there is no file").to_string();
    assert!(refused.contains("missing.vcf"), "{refused}");
}
