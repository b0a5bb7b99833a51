CREATE TABLE note (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    number BIGINT CONSTRAINT note_number CHECK (number IS NULL OR number <> 13),
    data BYTEA,
    PRIMARY KEY (tenant, id)
);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY note_tenant ON note USING (current_setting('preau.tenant', true) IN (tenant, '*'));

CREATE TABLE comment (
    id TEXT COLLATE "C" PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    FOREIGN KEY (tenant, note) REFERENCES note (tenant, id)
);

-- What services do not do: a rule checked only at the commit.
CREATE TABLE late (
    id TEXT COLLATE "C" PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    FOREIGN KEY (tenant, note) REFERENCES note (tenant, id) DEFERRABLE INITIALLY DEFERRED
);
