-- One space per class, made when somebody of the class first asks for it.
-- Keys are COLLATE "C": their order must be SQLite's, or page tokens would differ.
CREATE TABLE spaces (
    space_id     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    class_id     TEXT   COLLATE "C" NOT NULL,
    school_id    TEXT   COLLATE "C" NOT NULL,
    authority_id TEXT   COLLATE "C" NOT NULL,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT spaces_class UNIQUE (class_id)
);

-- Folders and files. A space's root is the node whose id is the space's id and
-- whose parent is null: so every other node has a parent row to refer to, and
-- one plain unique constraint keeps names apart, in the root too.
CREATE TABLE nodes (
    node_id    TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    space_id   TEXT   COLLATE "C" NOT NULL REFERENCES spaces (space_id),
    school_id  TEXT   COLLATE "C" NOT NULL,
    parent_id  TEXT   COLLATE "C" REFERENCES nodes (node_id),
    depth      BIGINT NOT NULL CHECK (depth BETWEEN 0 AND 32),
    name       TEXT   NOT NULL,
    name_fold  TEXT   COLLATE "C" NOT NULL,
    -- Null for a folder; together or not at all.
    content_id TEXT   COLLATE "C",
    size       BIGINT,
    blake3     BYTEA,
    created_by TEXT   COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT nodes_name UNIQUE (parent_id, name_fold),
    CHECK ((content_id IS NULL) = (size IS NULL) AND (size IS NULL) = (blake3 IS NULL))
);

-- Uploads as their callers see them; their bytes are the vault's affair.
-- state: 0 open, 1 committed (node_id says as what), 2 aborted.
CREATE TABLE uploads (
    upload_id  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    space_id   TEXT   COLLATE "C" NOT NULL REFERENCES spaces (space_id),
    class_id   TEXT   COLLATE "C" NOT NULL,
    school_id  TEXT   COLLATE "C" NOT NULL,
    parent_id  TEXT   COLLATE "C" NOT NULL,
    name       TEXT   NOT NULL,
    person_id  TEXT   COLLATE "C" NOT NULL,
    state      BIGINT NOT NULL CHECK (state IN (0, 1, 2)),
    node_id    TEXT   COLLATE "C",
    expires_at BIGINT NOT NULL,
    CHECK ((state = 1) = (node_id IS NOT NULL))
);

CREATE INDEX uploads_expiry ON uploads (expires_at);

-- A statement sees the rows of the school it was scoped to, or all ('*'). No scope, no rows.
ALTER TABLE spaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE spaces FORCE ROW LEVEL SECURITY;
CREATE POLICY spaces_tenant ON spaces
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE nodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE nodes FORCE ROW LEVEL SECURITY;
CREATE POLICY nodes_tenant ON nodes
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY uploads_tenant ON uploads
    USING (current_setting('preau.tenant', true) IN ('*', school_id));
