CREATE TABLE note (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    number INTEGER CHECK (number IS NULL OR number <> 13),
    data BLOB,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE comment (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    note TEXT NOT NULL,
    FOREIGN KEY (tenant, note) REFERENCES note (tenant, id)
) STRICT;

-- What services do not do: a rule checked only at the commit.
CREATE TABLE late (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    note TEXT NOT NULL,
    FOREIGN KEY (tenant, note) REFERENCES note (tenant, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
