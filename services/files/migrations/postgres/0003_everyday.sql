-- Personal spaces. A space is held by a class (kind 1) or by a person (kind 2), whose id is holder_id: a holder has one.
-- school_id is the tenant: a class's school, a person's school, or for somebody without one their authority or
-- themselves. A person's space has no authority ('').
ALTER TABLE spaces RENAME COLUMN class_id TO holder_id;
ALTER TABLE spaces ADD COLUMN kind BIGINT NOT NULL DEFAULT 1 CHECK (kind IN (1, 2));

-- Who may commit is decided by the upload's space.
ALTER TABLE uploads DROP COLUMN class_id;

-- The trash. A deleted node and all below it have trash_id, the deleted node's id. The deleted node itself also says
-- when, by whom and from which folder; it hangs from the root under a folded name that no live node can have, so that
-- its old name is free and its old folder can go.
ALTER TABLE nodes ADD COLUMN trash_id TEXT COLLATE "C";
ALTER TABLE nodes ADD COLUMN trashed_at BIGINT;
ALTER TABLE nodes ADD COLUMN trashed_by TEXT COLLATE "C";
ALTER TABLE nodes ADD COLUMN trashed_from TEXT COLLATE "C";

CREATE INDEX nodes_trash ON nodes (space_id, trashed_at, node_id) WHERE trashed_at IS NOT NULL;
CREATE INDEX nodes_trash_age ON nodes (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX nodes_trash_tree ON nodes (trash_id) WHERE trash_id IS NOT NULL;

-- A content has as many references as there are nodes with its id; its bytes go with the last.
CREATE INDEX nodes_content ON nodes (content_id) WHERE content_id IS NOT NULL;

-- What seals download links. Whoever reads this table can make links: it is as secret as the files' rows are.
CREATE TABLE link_keys (
    key_id     BYTEA  NOT NULL PRIMARY KEY,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
