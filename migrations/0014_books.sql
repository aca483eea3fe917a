-- Address books: what belongs together, and who may see it.

CREATE TABLE books (
    -- Never leaves the database. The first one is that of a Kith without accounts.
    seq        INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name       TEXT    NOT NULL CHECK (name <> ''),
    created_at INTEGER NOT NULL,
    -- The account that begins with this book.
    home_of    BLOB    UNIQUE REFERENCES accounts (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE book_members (
    book      INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    account   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role      TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'owner')),
    -- NULL: it made the book, or the account that shared it is gone.
    shared_by BLOB    REFERENCES accounts (id) ON DELETE SET NULL,
    PRIMARY KEY (book, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX book_members_of_account ON book_members (account);
CREATE INDEX book_members_by_sharer ON book_members (shared_by) WHERE shared_by IS NOT NULL;

-- The first admin has taken over what was there; every other account begins with an empty book.
INSERT INTO books (seq, id, name, created_at, home_of)
VALUES (1, x'00000000000070008000000000000001', 'Contacts', CAST(unixepoch('subsec') * 1000 AS INTEGER),
    (SELECT id FROM accounts WHERE role = 'admin' ORDER BY created_at, id LIMIT 1));
INSERT INTO books (id, name, created_at, home_of)
SELECT randomblob(16), 'Contacts', created_at, id FROM accounts
WHERE id NOT IN (SELECT home_of FROM books WHERE home_of IS NOT NULL) ORDER BY created_at, id;
INSERT INTO book_members (book, account, role) SELECT seq, home_of, 'owner' FROM books WHERE home_of IS NOT NULL;

-- A token for one book; NULL: for all that its account sees.
ALTER TABLE api_tokens ADD COLUMN book INTEGER REFERENCES books (seq) ON DELETE CASCADE;

-- The number of a contact says which book it is in: each book has 2^40 of them. So a search reads only what the search
-- tables have of one book, and takes no longer because of the others.
ALTER TABLE contacts ADD COLUMN book INTEGER GENERATED ALWAYS AS ((seq >> 40) + 1) VIRTUAL;

DROP INDEX contacts_by_name;
DROP INDEX contacts_by_created;
DROP INDEX contacts_by_updated;
CREATE INDEX contacts_by_name ON contacts (book, in_trash, search_key, id);
CREATE INDEX contacts_by_created ON contacts (book, in_trash, created_at, id);
CREATE INDEX contacts_by_updated ON contacts (book, in_trash, updated_at, id);

-- How many contacts each book has.
DROP TRIGGER contacts_counted_in;
DROP TRIGGER contacts_counted_over;
DROP TRIGGER contacts_counted_out;
ALTER TABLE contact_counts RENAME TO former_counts;
CREATE TABLE contact_counts (
    book     INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    in_trash INTEGER NOT NULL CHECK (in_trash IN (0, 1)),
    contacts INTEGER NOT NULL CHECK (contacts >= 0),
    PRIMARY KEY (book, in_trash)
) STRICT, WITHOUT ROWID;
INSERT INTO contact_counts (book, in_trash, contacts) SELECT 1, in_trash, contacts FROM former_counts;
INSERT INTO contact_counts (book, in_trash, contacts)
SELECT seq, column1, 0 FROM books, (VALUES (0), (1)) WHERE seq <> 1;
DROP TABLE former_counts;

CREATE TRIGGER contacts_counted_in AFTER INSERT ON contacts
BEGIN
    UPDATE contact_counts SET contacts = contacts + 1
    WHERE book = (NEW.seq >> 40) + 1 AND in_trash = (NEW.deleted_at IS NOT NULL);
END;

CREATE TRIGGER contacts_counted_over AFTER UPDATE OF deleted_at, seq ON contacts
WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL) OR OLD.seq <> NEW.seq
BEGIN
    UPDATE contact_counts SET contacts = contacts - 1
    WHERE book = (OLD.seq >> 40) + 1 AND in_trash = (OLD.deleted_at IS NOT NULL);
    UPDATE contact_counts SET contacts = contacts + 1
    WHERE book = (NEW.seq >> 40) + 1 AND in_trash = (NEW.deleted_at IS NOT NULL);
END;

CREATE TRIGGER contacts_counted_out AFTER DELETE ON contacts
BEGIN
    UPDATE contact_counts SET contacts = contacts - 1
    WHERE book = (OLD.seq >> 40) + 1 AND in_trash = (OLD.deleted_at IS NOT NULL);
END;

-- Each book has generations of its own: `contacts/1` and `pages/1`.
DROP TRIGGER contacts_added;
DROP TRIGGER contacts_changed;
DROP TRIGGER contacts_removed;
DROP TRIGGER pages_of_contacts;
DROP TRIGGER pages_of_activities;
DELETE FROM generations WHERE tag IN ('contacts', 'pages');
INSERT INTO generations (tag, generation)
SELECT column1 || seq, random() FROM books, (VALUES ('contacts/'), ('pages/'));

CREATE TRIGGER contacts_added AFTER INSERT ON contacts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'contacts/' || ((NEW.seq >> 40) + 1);
END;

CREATE TRIGGER contacts_changed AFTER UPDATE ON contacts
BEGIN
    UPDATE generations SET generation = random()
    WHERE tag IN ('contacts/' || ((OLD.seq >> 40) + 1), 'contacts/' || ((NEW.seq >> 40) + 1));
END;

CREATE TRIGGER contacts_removed AFTER DELETE ON contacts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'contacts/' || ((OLD.seq >> 40) + 1);
END;

CREATE TRIGGER pages_of_contacts AFTER UPDATE ON generations WHEN NEW.tag LIKE 'contacts/%'
BEGIN
    UPDATE generations SET generation = random() WHERE tag = replace(NEW.tag, 'contacts/', 'pages/');
END;

CREATE TRIGGER pages_of_activities AFTER INSERT ON activities
BEGIN
    UPDATE generations SET generation = random()
    WHERE tag = (SELECT 'pages/' || book FROM contacts WHERE id = NEW.contact);
END;

CREATE TRIGGER books_added AFTER INSERT ON books
BEGIN
    INSERT INTO contact_counts (book, in_trash, contacts) VALUES (NEW.seq, 0, 0), (NEW.seq, 1, 0);
    INSERT INTO generations (tag, generation) VALUES ('contacts/' || NEW.seq, random()), ('pages/' || NEW.seq, random());
END;

-- Its number comes back, and with it the keys of what is cached.
CREATE TRIGGER books_removed AFTER DELETE ON books
BEGIN
    DELETE FROM generations WHERE tag IN ('contacts/' || OLD.seq, 'pages/' || OLD.seq);
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER books_with_contacts_stay BEFORE DELETE ON books
WHEN EXISTS (SELECT 1 FROM contacts WHERE book = OLD.seq)
BEGIN
    SELECT RAISE(ABORT, 'the book has contacts');
END;

-- What a caller may see is cached with the session or the token.
CREATE TRIGGER books_changed AFTER UPDATE ON books
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER book_members_added AFTER INSERT ON book_members
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER book_members_changed AFTER UPDATE ON book_members
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER book_members_removed AFTER DELETE ON book_members
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

-- The first account takes over the first book, and each later one begins with a book of its own.
CREATE TRIGGER accounts_begin_with_a_book AFTER INSERT ON accounts
BEGIN
    UPDATE books SET home_of = NEW.id WHERE seq = 1 AND NOT EXISTS (SELECT 1 FROM book_members);
    INSERT INTO books (id, name, created_at, home_of)
    SELECT randomblob(16), 'Contacts', NEW.created_at, NEW.id
    WHERE NOT EXISTS (SELECT 1 FROM books WHERE home_of = NEW.id);
    INSERT INTO book_members (book, account, role) SELECT seq, NEW.id, 'owner' FROM books WHERE home_of = NEW.id;
END;

-- Older programs would show everything to everyone.
UPDATE installation SET min_schema = 14 WHERE min_schema < 14;
