-- What caches hold against what they have: data of a kind is the same for as long as its generation
-- is. It changes in the transaction that changes the data, so that whoever has heard of a write
-- finds another generation. Generations are drawn at random and replaced whenever Kith opens the file,
-- so that none comes back: not from a backup that is restored, nor from another database that shares
-- a Redis with this one.

CREATE TABLE generations (
    tag        TEXT    PRIMARY KEY,
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO generations (tag, generation) VALUES ('contacts', random());

CREATE TRIGGER contacts_added AFTER INSERT ON contacts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'contacts';
END;

CREATE TRIGGER contacts_changed AFTER UPDATE ON contacts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'contacts';
END;

CREATE TRIGGER contacts_removed AFTER DELETE ON contacts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'contacts';
END;
