-- The pictures that pages show of a contact. They are made of the photo in its card when a page first asks for them.

CREATE TABLE photos (
    contact BLOB NOT NULL PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    -- The value of `contacts.photo` for which they were made.
    key     TEXT NOT NULL,
    -- JPEGs. NULL: the photo cannot be decoded. The longer one is last.
    small   BLOB CHECK (length(small) > 0),
    large   BLOB CHECK (length(large) > 0),
    CHECK ((small IS NULL) = (large IS NULL))
) STRICT;

-- Another photo takes the place of this one, or none does. The pictures go in the transaction that changes the card.
CREATE TRIGGER photos_replaced AFTER UPDATE OF photo ON contacts WHEN OLD.photo IS NOT NEW.photo
BEGIN
    DELETE FROM photos WHERE contact = OLD.id;
END;
