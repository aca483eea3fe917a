//! The roles of address books: each route and server function, with each method that changes something, for each kind of
//! reader of a book. A new route that changes a book fails here until it stands in one of the lists.

use super::*;
use crate::model::contact::ContactId;
use crate::services::accounts::AccountError;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::services::contacts::Contacts;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::saved_search::SavedSearch;
use crate::services::imports::ImportId;

/// What editors and owners change in a book. A contact is in its book, or in the trash of its book.
const WRITES_OF_EDITORS: &[&str] = &[
    "DELETE /api/contacts/{id}",
    "DELETE /api/contacts/{id}/photo",
    "DELETE /api/imports/{id}",
    "DELETE /api/labels/{id}",
    "DELETE /api/trash",
    "DELETE /api/trash/{id}",
    "PATCH /api/contacts/{id}",
    "PATCH /api/labels/{id}",
    "POST /api/contacts",
    "POST /api/contacts/{id}/move",
    "POST /api/contacts/{id}/restore",
    "POST /api/contacts/{id}/versions/{version}/restore",
    "POST /api/imports",
    "POST /api/labels",
    "POST /contacts/new",
    "POST /contacts/{id}/delete",
    "POST /contacts/{id}/edit",
    "POST /contacts/{id}/favourite",
    "POST /contacts/{id}/history/{version}",
    "POST /contacts/{id}/move",
    "POST /contacts/{id}/photo",
    "POST /contacts/{id}/photo/remove",
    "POST /contacts/{id}/restore",
    "POST /fn/contacts/delete",
    "POST /fn/contacts/restore",
    "POST /fn/contacts/save",
    "POST /import",
    "POST /imports/{id}/cancel",
    "POST /imports/{id}/undo",
    "POST /labels",
    "POST /labels/changes/{id}/undo",
    "POST /labels/{id}",
    "POST /labels/{id}/merge",
    "POST /labels/{id}/remove",
    "POST /searches",
    "POST /searches/forget",
    "POST /trash/empty",
    "POST /trash/{id}/delete",
    "PUT /api/contacts/{id}",
    "PUT /api/contacts/{id}/photo",
];

/// What only owners change in a book.
const WRITES_OF_OWNERS: &[&str] = &[
    "POST /books/{id}/members/{account}/remove",
    "POST /books/{id}/remove",
    "POST /books/{id}/rename",
    "POST /books/{id}/share",
];

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:stranger\r\nEND:VCARD\r\n";

/// These end the session that the next request needs.
const ENDS_SESSIONS: [&str; 2] = ["/sign-out", "/account/sessions/end-others"];

/// Accounts with a session each, on a Kith.
struct People<'a> {
    kith: &'a Kith,
    maker: Maker<'a>,
}

/// A book that is shared, with a contact and another one in its trash, two labels, and one that was removed.
struct Shared {
    book: BookId,
    contact: ContactId,
    deleted: ContactId,
    /// An import that waits for its turn: no instance works imports off here.
    import: ImportId,
    labels: [LabelId; 2],
    removed: LabelChangeId,
    /// An account that only reads it, and that no request comes from.
    guest: AccountId,
}

impl Shared {
    /// A place that does not exist.
    fn made_up() -> Self {
        let id = uuid::Uuid::now_v7();
        Self {
            book: BookId(id),
            contact: ContactId::new(id),
            deleted: ContactId::new(id),
            import: ImportId(id),
            labels: [LabelId(id); 2],
            removed: LabelChangeId(id),
            guest: AccountId(id),
        }
    }

    /// The address of a route, with what is in this book in the place of its parameters.
    fn path(&self, template: &str) -> String {
        let id = match template {
            book if book.starts_with("/books") => self.book.to_string(),
            version if version.contains("/{version}") => self.contact.to_string(),
            import if import.contains("/imports/") => self.import.to_string(),
            change if change.contains("/changes/") => self.removed.0.to_string(),
            label if label.contains("/labels") => self.labels[0].to_string(),
            deleted if deleted.ends_with("/restore") || deleted.contains("/trash/") => {
                self.deleted.to_string()
            }
            _ => self.contact.to_string(),
        };
        let path = template
            .replace("{id}", &id)
            .replace("{account}", &self.guest.to_string())
            .replace("{version}", "1");
        format!("{}?book={}", example(&path), self.book)
    }

    /// A body that every route takes what it needs from. `home` is a book that the caller may write to.
    fn body(&self, template: &str, home: BookId) -> (&'static str, Vec<u8>) {
        const JSON: &str = "application/json";
        if template.ends_with("/photo") {
            let file = png([0, 0, 200]);
            return match template.starts_with("/api") {
                true => ("image/png", file),
                false => (
                    "multipart/form-data; boundary=limit",
                    [
                        b"--limit\r\nContent-Disposition: form-data; name=photo\r\n\r\n",
                        &file[..],
                        b"\r\n--limit--\r\n",
                    ]
                    .concat(),
                ),
            };
        }
        if template.ends_with("/move") && template.starts_with("/api") {
            return (JSON, format!(r#"{{"book":"{home}"}}"#).into());
        }
        if template == "/api/imports" {
            return ("text/vcard", CARD.into());
        }
        if template == "/import" {
            let body = format!(
                "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.vcf\"\r\n\r\n{CARD}\r\n--x--\r\n"
            );
            return ("multipart/form-data; boundary=x", body.into());
        }
        if template.contains("/api/labels") {
            return (JSON, r#"{"name":"stranger"}"#.into());
        }
        let typed = r#""name":"stranger","email":"changed@example.com""#;
        if template.starts_with("/api") {
            return (JSON, format!("{{{typed}}}").into());
        }
        if template.starts_with("/fn") {
            let id = if template.ends_with("restore") {
                self.deleted
            } else {
                self.contact
            };
            let body = format!(
                r#"{{"id":"{id}","inputs":[["name","stranger"],["email","changed@example.com"]],
                    "typed":[],"welcome":false,"search":"",
                    "filter":{{"label":"","favourites":false}},"cursor":null,"around":null}}"#
            );
            return (JSON, body.into());
        }
        let form = format!(
            "name=stranger&email=changed%40example.com&role=viewer&to={home}&expected=2&favourite=1&kind=open&q={}&into={}",
            if template.ends_with("forget") {
                "kept"
            } else {
                "stranger"
            },
            self.labels[1]
        );
        ("application/x-www-form-urlencoded", form.into())
    }
}

/// A picture in one colour.
fn png(color: [u8; 3]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(8, 8, image::Rgb(color));
    image
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("memory");
    file.into_inner()
}

impl People<'_> {
    /// The contacts of the owner, in a book.
    async fn contacts(&self, owner: &str, book: BookId) -> Contacts {
        let caller = self.maker.caller(owner).await;
        self.kith.state.contacts.of(caller, Some(book))
    }

    async fn share(&self, owner: &str) -> Shared {
        let accounts = self.maker.accounts;
        let caller = self.maker.caller(owner).await;
        let book = accounts.add_book(&caller, "Shared").await.expect("room");
        for (name, role) in [
            ("editor", BookRole::Editor),
            ("viewer", BookRole::Viewer),
            ("guest", BookRole::Viewer),
        ] {
            let shared = accounts.share_book(&caller, book, name, role).await;
            shared.expect("the account exists");
        }
        // A caller sees the books of the moment when it was admitted.
        let caller = self.maker.caller(owner).await;
        let members = accounts.books(&caller).await.expect("a session");
        let members = members
            .into_iter()
            .find(|info| info.book.id == book)
            .expect("it was made")
            .members;
        let guest = members.iter().find(|member| member.name == "guest");
        let search = SavedSearch::parse("kept").expect("it makes sense");
        let kept = self.contacts(owner, book).await.keep_search(&search).await;
        kept.expect("there is room");
        Shared {
            book,
            contact: self.add_contact(owner, book).await,
            deleted: self.add_deleted_contact(owner, book).await,
            import: self.add_import(owner, book).await,
            labels: [
                self.add_label(owner, book).await,
                self.add_label(owner, book).await,
            ],
            removed: self.remove_label(owner, book).await,
            guest: guest.expect("it is shared").account,
        }
    }

    /// Makes room for the next book, unless this one is gone.
    async fn remove(&self, owner: &str, book: BookId) {
        let caller = self.maker.caller(owner).await;
        let removed = self.maker.accounts.remove_book(&caller, book).await;
        assert!(
            matches!(removed, Ok(()) | Err(AccountError::NoBook)),
            "{removed:?}"
        );
    }

    async fn add_contact(&self, owner: &str, book: BookId) -> ContactId {
        let draft = ContactInput::default()
            .with(Field::Name, "Ada")
            .with(Field::Emails, "ada@example.com");
        let contacts = self.contacts(owner, book).await;
        let created = contacts
            .create(&draft, Required::AnyField, Some(false), None)
            .await;
        let id = created.expect("room").contact.id;
        // So it has a former version.
        let photo = kith_photo::prepare(&png([200, 0, 0]), None).expect("a picture");
        let set = contacts.set_photo(id, Some(&photo), None).await;
        set.expect("it was made").id
    }

    /// A label of a name of its own.
    async fn add_label(&self, owner: &str, book: BookId) -> LabelId {
        let contacts = self.contacts(owner, book).await;
        let name = LabelName::parse(&uuid::Uuid::now_v7().to_string()).expect("a name");
        let added = contacts.add_label(&name, LabelColour::Red).await;
        added.expect("it is new").id
    }

    async fn remove_label(&self, owner: &str, book: BookId) -> LabelChangeId {
        let id = self.add_label(owner, book).await;
        let contacts = self.contacts(owner, book).await;
        let removed = contacts.remove_label(id).await;
        removed.expect("it is there").change
    }

    async fn add_deleted_contact(&self, owner: &str, book: BookId) -> ContactId {
        let id = self.add_contact(owner, book).await;
        let contacts = self.contacts(owner, book).await;
        contacts.delete(id, None).await.expect("it exists");
        id
    }

    async fn add_import(&self, owner: &str, book: BookId) -> ImportId {
        let caller = self.maker.caller(owner).await;
        let book = caller.book(Some(book)).expect("it was made");
        let imports = &self.kith.state.imports;
        let upload = imports.begin(book, caller.actor(), "contacts.vcf").await;
        let mut upload = upload.expect("an owner");
        upload.write(CARD.as_bytes()).await.expect("room");
        upload.finish(false).await.expect("the book is there")
    }

    /// Everything that the owner sees of a book: its name, its members, its contacts, its trash, and its imports.
    async fn seen(&self, owner: &str, book: BookId) -> String {
        let caller = self.maker.caller(owner).await;
        let books = self.maker.accounts.books(&caller).await;
        let books = books.expect("a session").into_iter();
        let info: Vec<_> = books.filter(|info| info.book.id == book).collect();
        let mut seen = format!("{info:?}");
        for info in &info {
            let imports = self.kith.state.imports.list(&info.book).await;
            seen += &format!("{:?}", imports.expect("they can be listed"));
        }
        let contacts = self.contacts(owner, book).await;
        seen += &format!("{:?}", contacts.saved_searches().await);
        let shows = Shows::Session(owner.to_owned());
        for path in ["/api/contacts", "/api/trash", "/api/labels"] {
            let path = format!("{path}?book={book}");
            let ask = Ask::new(&shows, &path, &Method::GET);
            let (_, text) = self.kith.text(ask).await;
            seen += &text;
        }
        seen
    }

    async fn send(
        &self,
        shows: &Shows,
        template: &str,
        method: &Method,
        shared: &Shared,
        home: BookId,
    ) -> (StatusCode, String) {
        let path = shared.path(template);
        let mut ask = Ask::new(shows, &path, method);
        if !method.is_safe() {
            ask.body = Some(shared.body(template, home));
        }
        self.kith.text(ask).await
    }

    /// The book that an account begins with.
    async fn home(&self, session: &str) -> BookId {
        self.maker.caller(session).await.books()[0].id
    }
}

/// Each route and method that is there, as `POST /contacts/{id}/move`.
async fn operations(kith: &Kith, session: &str, methods: &[Method]) -> Vec<(Method, String)> {
    let shows = Shows::Session(session.to_owned());
    let mut found = Vec::new();
    for template in templates(&kith.state) {
        if has_own_credentials(&template) || ENDS_SESSIONS.contains(&&*template) {
            continue;
        }
        for method in methods {
            let path = example(&template);
            let answer = kith.ask(Ask::new(&shows, &path, method)).await;
            if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
                found.push((method.clone(), template.clone()));
            }
        }
    }
    found
}

async fn people(kith: &Kith) -> (People<'_>, [String; 4]) {
    let maker = Maker::new(&kith.state).await;
    maker.account("admin", Role::Admin).await;
    for name in ["owner", "editor", "viewer", "guest", "stranger"] {
        maker.account(name, Role::Member).await;
    }
    let sessions = [
        maker.session("owner").await,
        maker.session("editor").await,
        maker.session("viewer").await,
        maker.session("stranger").await,
    ];
    (People { kith, maker }, sessions)
}

#[tokio::test]
async fn each_role_changes_of_a_book_what_it_may_change() {
    let kith = Kith::start().await;
    let (people, [owner, editor, viewer, stranger]) = people(&kith).await;
    let token = people.token_for_home(&owner).await;
    let mut of_editors = Vec::new();
    let mut of_owners = Vec::new();
    let mut wrong = Vec::new();
    for (method, template) in operations(&kith, &owner, &METHODS[1..]).await {
        let operation = format!("{method} {template}");
        let mut shared = people.share(&owner).await;
        let mut before = people.seen(&owner, shared.book).await;
        for (name, shows, account) in [
            ("a stranger", Shows::Session(stranger.clone()), &stranger),
            (
                "a token for another book",
                Shows::Token(token.clone()),
                &owner,
            ),
            ("a viewer", Shows::Session(viewer.clone()), &viewer),
            ("an editor", Shows::Session(editor.clone()), &editor),
            ("an owner", Shows::Session(owner.clone()), &owner),
        ] {
            let home = people.home(account).await;
            let (status, _) = people.send(&shows, &template, &method, &shared, home).await;
            let after = people.seen(&owner, shared.book).await;
            if status.is_server_error() {
                wrong.push(format!("{operation} by {name}: {status}"));
            }
            if after == before {
                continue;
            }
            match name {
                "an owner" if of_editors.last() != Some(&operation) => {
                    of_owners.push(operation.clone());
                }
                "an owner" => {}
                "an editor" => of_editors.push(operation.clone()),
                _ => wrong.push(format!("{operation} by {name} changed the book: {status}")),
            }
            if name == "an owner" {
                break;
            }
            shared.contact = people.add_contact(&owner, shared.book).await;
            shared.deleted = people.add_deleted_contact(&owner, shared.book).await;
            shared.import = people.add_import(&owner, shared.book).await;
            for label in &mut shared.labels {
                *label = people.add_label(&owner, shared.book).await;
            }
            shared.removed = people.remove_label(&owner, shared.book).await;
            before = people.seen(&owner, shared.book).await;
        }
        people.remove(&owner, shared.book).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    of_editors.sort();
    of_owners.sort();
    assert_eq!(of_editors, WRITES_OF_EDITORS);
    assert_eq!(of_owners, WRITES_OF_OWNERS);
}

#[tokio::test]
async fn a_book_of_others_and_its_contacts_answer_like_those_that_do_not_exist() {
    let kith = Kith::start().await;
    let (people, [owner, _, _, stranger]) = people(&kith).await;
    let token = people.token_for_home(&owner).await;
    let shared = people.share(&owner).await;
    let made_up = Shared::made_up();
    let mut wrong = Vec::new();
    for (method, template) in operations(&kith, &owner, &METHODS).await {
        for (name, shows, account) in [
            ("a stranger", Shows::Session(stranger.clone()), &stranger),
            (
                "a token for another book",
                Shows::Token(token.clone()),
                &owner,
            ),
        ] {
            let home = people.home(account).await;
            let real = people.send(&shows, &template, &method, &shared, home).await;
            let other = people
                .send(&shows, &template, &method, &made_up, home)
                .await;
            let (found, missing) = (hidden(&real.1, &shared), hidden(&other.1, &made_up));
            if (real.0, &found) != (other.0, &missing) {
                let common = found.bytes().zip(missing.bytes());
                let common = common.take_while(|(one, other)| one == other).count();
                let rest = |text: &str| -> String {
                    let from = text.floor_char_boundary(common.saturating_sub(80));
                    text[from..].chars().take(160).collect()
                };
                wrong.push(format!(
                    "{method} {template} by {name}: {} {}\n{} {}",
                    real.0,
                    rest(&found),
                    other.0,
                    rest(&missing)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A body without the ids that the request itself has named, without the color of the avatar, which follows from the id,
/// and without the key that each form is drawn with.
fn hidden(body: &str, shared: &Shared) -> String {
    let ids = [
        shared.book.to_string(),
        shared.contact.to_string(),
        shared.deleted.to_string(),
        shared.import.to_string(),
        shared.labels[0].to_string(),
        shared.labels[1].to_string(),
        shared.removed.0.to_string(),
        shared.guest.to_string(),
    ];
    let body = ids
        .iter()
        .fold(body.to_owned(), |body, id| body.replace(id, "ID"));
    [r#"name="key" value=""#, r#""key":""#, " hue-"]
        .iter()
        .fold(body, |body, field| without_value(&body, field))
}

/// A text without what stands between `field` and the next quotation mark.
fn without_value(text: &str, field: &str) -> String {
    let mut pieces = text.split(field);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |before, after| {
        before + after.split_once('"').map_or(after, |(_, rest)| rest)
    })
}

impl People<'_> {
    /// A token for the book that an account begins with.
    async fn token_for_home(&self, session: &str) -> String {
        let caller = self.maker.caller(session).await;
        let new = NewToken {
            name: "home",
            scope: Scope::Write,
            book: Some(caller.books()[0].id),
            expires_in: None,
        };
        let made = self.maker.accounts.create_token(&caller, new).await;
        made.expect("room").0
    }
}
