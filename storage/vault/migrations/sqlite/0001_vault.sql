CREATE TABLE vault_tenant_key (
    tenant TEXT NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- state: 0 open, 1 committed, 2 aborted
CREATE TABLE vault_upload (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    content TEXT NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    part_size BIGINT NOT NULL,
    part_count BIGINT NOT NULL,
    received BIGINT NOT NULL,
    state BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX vault_upload_expiry ON vault_upload (expires_at);

CREATE TABLE vault_content (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    size BIGINT NOT NULL,
    part_size BIGINT NOT NULL,
    part_count BIGINT NOT NULL,
    blake3 BLOB NOT NULL,
    committed_at BIGINT NOT NULL
);

-- state: 0 live, 1 condemned (only ever seen inside the transaction that also deletes it)
CREATE TABLE vault_chunk (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    salt BLOB NOT NULL,
    len BIGINT NOT NULL,
    dedup BLOB,
    state BIGINT NOT NULL
);
CREATE UNIQUE INDEX vault_chunk_dedup ON vault_chunk (tenant, dedup) WHERE dedup IS NOT NULL;
CREATE INDEX vault_chunk_condemned ON vault_chunk (tenant) WHERE state = 1;

CREATE TABLE vault_part (
    content TEXT NOT NULL,
    idx BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    chunk TEXT NOT NULL REFERENCES vault_chunk (id),
    len BIGINT NOT NULL,
    cv BLOB NOT NULL,
    PRIMARY KEY (content, idx)
) WITHOUT ROWID;
CREATE INDEX vault_part_chunk ON vault_part (chunk);

-- hash: BLAKE3 of the sealed record
CREATE TABLE vault_placement (
    chunk TEXT NOT NULL REFERENCES vault_chunk (id),
    site TEXT NOT NULL,
    tenant TEXT NOT NULL,
    object TEXT NOT NULL,
    hash BLOB NOT NULL,
    state BIGINT NOT NULL,
    PRIMARY KEY (chunk, site)
) WITHOUT ROWID;
CREATE UNIQUE INDEX vault_placement_object ON vault_placement (site, object);

CREATE TABLE vault_doomed (
    site TEXT NOT NULL,
    object TEXT NOT NULL,
    tenant TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    PRIMARY KEY (site, object)
) WITHOUT ROWID;

CREATE TABLE vault_orphan (
    site TEXT NOT NULL,
    object TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (site, object)
) WITHOUT ROWID;
