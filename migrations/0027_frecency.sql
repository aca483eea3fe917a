-- How much each contact is used, lately and often: a score that is written as a time, in milliseconds since the epoch. See
-- `src/services/contacts/frecency.rs`.
ALTER TABLE contacts ADD COLUMN frecency INTEGER NOT NULL DEFAULT 0;

CREATE INDEX contacts_by_frecency ON contacts (book, in_trash, frecency, id);

-- A use is no change of a contact: it replaces no generation.
DROP TRIGGER contacts_changed;

CREATE TRIGGER contacts_changed AFTER UPDATE ON contacts WHEN NEW.frecency = OLD.frecency
BEGIN
    UPDATE generations SET generation = random()
    WHERE tag IN ('contacts/' || ((OLD.seq >> 40) + 1), 'contacts/' || ((NEW.seq >> 40) + 1));
END;
