-- The pictures that pages show of a contact. They are made of the photo in its card when a page first asks for them.

CREATE TABLE photos (
    contact BYTEA PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    -- The value of `contacts.photo` for which they were made.
    key     TEXT  COLLATE "C" NOT NULL,
    -- JPEGs. NULL: the photo cannot be decoded.
    small   BYTEA CHECK (length(small) > 0),
    large   BYTEA CHECK (length(large) > 0),
    CHECK ((small IS NULL) = (large IS NULL))
);

-- A JPEG does not get any smaller.
ALTER TABLE photos ALTER COLUMN small SET STORAGE EXTERNAL;
ALTER TABLE photos ALTER COLUMN large SET STORAGE EXTERNAL;

-- Another photo takes the place of this one, or none does. The pictures go in the transaction that changes the card.
CREATE FUNCTION photo_replaced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM photos WHERE contact = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER photos_replaced AFTER UPDATE OF photo ON contacts
FOR EACH ROW WHEN (OLD.photo IS DISTINCT FROM NEW.photo) EXECUTE FUNCTION photo_replaced();
