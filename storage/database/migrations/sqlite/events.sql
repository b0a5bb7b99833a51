-- The last number given in each topic. Its row is what publishers queue behind, so numbers appear in their order.
CREATE TABLE event_topics (
    tenant          TEXT   NOT NULL,
    topic           TEXT   NOT NULL,
    last_number     INT    NOT NULL,
    trimmed_through INT    NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    tenant       TEXT   NOT NULL,
    topic        TEXT   NOT NULL,
    number       INT    NOT NULL,
    published_at INT    NOT NULL,
    payload      BLOB   NOT NULL,
    PRIMARY KEY (tenant, topic, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX events_by_age ON events (published_at);
