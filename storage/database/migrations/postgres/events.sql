-- The last number given in each topic. Its row is what publishers queue behind, so numbers appear in their order.
CREATE TABLE event_topics (
    tenant          TEXT COLLATE "C" NOT NULL,
    topic           TEXT COLLATE "C" NOT NULL,
    last_number     BIGINT NOT NULL,
    trimmed_through BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, topic)
);

CREATE TABLE events (
    tenant       TEXT COLLATE "C" NOT NULL,
    topic        TEXT COLLATE "C" NOT NULL,
    number       BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    payload      BYTEA  NOT NULL,
    PRIMARY KEY (tenant, topic, number)
);

CREATE INDEX events_by_age ON events (published_at);

ALTER TABLE event_topics ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_topics FORCE ROW LEVEL SECURITY;
CREATE POLICY event_topics_of_tenant ON event_topics
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY events_of_tenant ON events
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));
