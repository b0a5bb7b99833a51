-- One space per class, made when somebody of the class first asks for it.
CREATE TABLE spaces (
    space_id     TEXT   NOT NULL PRIMARY KEY,
    class_id     TEXT   NOT NULL,
    school_id    TEXT   NOT NULL,
    authority_id TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT spaces_class UNIQUE (class_id)
);

-- Folders and files. A space's root is the node whose id is the space's id and
-- whose parent is null: so every other node has a parent row to refer to, and
-- one plain unique constraint keeps names apart, in the root too.
CREATE TABLE nodes (
    node_id    TEXT   NOT NULL PRIMARY KEY,
    space_id   TEXT   NOT NULL REFERENCES spaces (space_id),
    school_id  TEXT   NOT NULL,
    parent_id  TEXT   REFERENCES nodes (node_id),
    depth      BIGINT NOT NULL CHECK (depth BETWEEN 0 AND 32),
    name       TEXT   NOT NULL,
    name_fold  TEXT   NOT NULL,
    -- Null for a folder; together or not at all.
    content_id TEXT,
    size       BIGINT,
    blake3     BLOB,
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT nodes_name UNIQUE (parent_id, name_fold),
    CHECK ((content_id IS NULL) = (size IS NULL) AND (size IS NULL) = (blake3 IS NULL))
);

-- Uploads as their callers see them; their bytes are the vault's affair.
-- state: 0 open, 1 committed (node_id says as what), 2 aborted.
CREATE TABLE uploads (
    upload_id  TEXT   NOT NULL PRIMARY KEY,
    space_id   TEXT   NOT NULL REFERENCES spaces (space_id),
    class_id   TEXT   NOT NULL,
    school_id  TEXT   NOT NULL,
    parent_id  TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    person_id  TEXT   NOT NULL,
    state      BIGINT NOT NULL CHECK (state IN (0, 1, 2)),
    node_id    TEXT,
    expires_at BIGINT NOT NULL,
    CHECK ((state = 1) = (node_id IS NOT NULL))
);

CREATE INDEX uploads_expiry ON uploads (expires_at);
