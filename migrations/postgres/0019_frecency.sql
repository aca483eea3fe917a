-- How much each contact is used, lately and often: a score that is written as a time, in milliseconds since the epoch. See
-- `src/services/contacts/frecency.rs`.
ALTER TABLE contacts ADD COLUMN frecency BIGINT NOT NULL DEFAULT 0;

CREATE INDEX contacts_by_frecency ON contacts (book, in_trash, frecency, id);

-- As before, but that a use replaces no generation.
CREATE OR REPLACE FUNCTION contacts_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change RECORD;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR change IN SELECT book, count(*) FILTER (WHERE NOT in_trash) AS live, count(*) FILTER (WHERE in_trash) AS trash
            FROM new_contacts GROUP BY book ORDER BY book
        LOOP
            PERFORM book_written(change.book, change.live, change.trash);
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR change IN SELECT book, count(*) FILTER (WHERE NOT in_trash) AS live, count(*) FILTER (WHERE in_trash) AS trash
            FROM old_contacts GROUP BY book ORDER BY book
        LOOP
            PERFORM book_written(change.book, -change.live, -change.trash);
        END LOOP;
    -- A use is no change of a contact.
    ELSIF EXISTS (
        SELECT FROM new_contacts JOIN old_contacts ON old_contacts.id = new_contacts.id
        WHERE old_contacts.frecency = new_contacts.frecency
    ) THEN
        FOR change IN SELECT book, CAST(coalesce(sum(number) FILTER (WHERE NOT in_trash), 0) AS BIGINT) AS live,
                CAST(coalesce(sum(number) FILTER (WHERE in_trash), 0) AS BIGINT) AS trash
            FROM (
                SELECT book, in_trash, 1 AS number FROM new_contacts
                UNION ALL SELECT book, in_trash, -1 FROM old_contacts
            ) AS contacts GROUP BY book ORDER BY book
        LOOP
            PERFORM book_written(change.book, change.live, change.trash);
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
