-- Searches that people keep beside the list of a book, as they typed them.
CREATE TABLE saved_searches (
    book   BIGINT NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    search TEXT   COLLATE "C" NOT NULL CHECK (search <> ''),
    PRIMARY KEY (book, search)
);

-- Pages show them.
CREATE FUNCTION saved_searches_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM replace_generation('pages/' || coalesce(NEW.book, OLD.book));
    RETURN NULL;
END
$$;

CREATE TRIGGER saved_searches_written AFTER INSERT OR DELETE ON saved_searches
FOR EACH ROW EXECUTE FUNCTION saved_searches_written();
