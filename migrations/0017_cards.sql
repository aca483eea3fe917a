-- The card of each contact. Its bytes are the truth; the other columns are derived from it.

-- A contact may have no address.
ALTER TABLE contacts ADD COLUMN optional_email TEXT CHECK (optional_email <> '');
UPDATE contacts SET optional_email = email;
ALTER TABLE contacts DROP COLUMN email;
ALTER TABLE contacts RENAME COLUMN optional_email TO email;

-- What the card is known by in other programs.
ALTER TABLE contacts ADD COLUMN uid TEXT;
-- A vCard. Last, because it may be long. NULL in contacts of an earlier release, until Kith has written their cards.
ALTER TABLE contacts ADD COLUMN card BLOB CHECK (length(card) > 0);

CREATE INDEX contacts_by_uid ON contacts (book, uid);
CREATE INDEX contacts_without_card ON contacts (seq) WHERE card IS NULL;

-- An earlier release would change columns, and not the card.
UPDATE installation SET min_schema = 17;
