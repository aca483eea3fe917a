-- The card of each contact. Its bytes are the truth; the other columns are derived from it.

-- A contact may have no address.
ALTER TABLE contacts ALTER COLUMN email DROP NOT NULL;

-- What the card is known by in other programs.
ALTER TABLE contacts ADD COLUMN uid TEXT COLLATE "C";
-- A vCard. NULL in contacts of an earlier release, until Kith has written their cards.
ALTER TABLE contacts ADD COLUMN card BYTEA CHECK (length(card) > 0);

CREATE INDEX contacts_by_uid ON contacts (book, uid);
CREATE INDEX contacts_without_card ON contacts (seq) WHERE card IS NULL;

-- An earlier release would change columns, and not the card.
UPDATE installation SET min_schema = 10;
