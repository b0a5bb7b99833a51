CREATE TABLE vault_tenant_key (
    tenant TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- state: 0 open, 1 committed, 2 aborted
CREATE TABLE vault_upload (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    content TEXT COLLATE "C" NOT NULL UNIQUE,
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
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    part_size BIGINT NOT NULL,
    part_count BIGINT NOT NULL,
    blake3 BYTEA NOT NULL,
    committed_at BIGINT NOT NULL
);

-- state: 0 live, 1 condemned (only ever seen inside the transaction that also deletes it)
CREATE TABLE vault_chunk (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    len BIGINT NOT NULL,
    dedup BYTEA,
    state BIGINT NOT NULL
);
CREATE UNIQUE INDEX vault_chunk_dedup ON vault_chunk (tenant, dedup) WHERE dedup IS NOT NULL;
CREATE INDEX vault_chunk_condemned ON vault_chunk (tenant) WHERE state = 1;

CREATE TABLE vault_part (
    content TEXT COLLATE "C" NOT NULL,
    idx BIGINT NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    chunk TEXT COLLATE "C" NOT NULL REFERENCES vault_chunk (id),
    len BIGINT NOT NULL,
    cv BYTEA NOT NULL,
    PRIMARY KEY (content, idx)
);
CREATE INDEX vault_part_chunk ON vault_part (chunk);

-- hash: BLAKE3 of the sealed record
CREATE TABLE vault_placement (
    chunk TEXT COLLATE "C" NOT NULL REFERENCES vault_chunk (id),
    site TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL,
    state BIGINT NOT NULL,
    PRIMARY KEY (chunk, site)
);
CREATE UNIQUE INDEX vault_placement_object ON vault_placement (site, object);

CREATE TABLE vault_doomed (
    site TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    queued_at BIGINT NOT NULL,
    PRIMARY KEY (site, object)
);

CREATE TABLE vault_orphan (
    site TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (site, object)
);

-- Row-level security: the second wall between tenants; preau.tenant is set by every transaction.
ALTER TABLE vault_tenant_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_tenant_key FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_tenant_key_tenant ON vault_tenant_key USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_upload ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_upload FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_upload_tenant ON vault_upload USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_content ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_content FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_content_tenant ON vault_content USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_chunk_tenant ON vault_chunk USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_part FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_part_tenant ON vault_part USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_placement ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_placement FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_placement_tenant ON vault_placement USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_doomed ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_doomed FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_doomed_tenant ON vault_doomed USING (current_setting('preau.tenant', true) IN (tenant, '*'));
ALTER TABLE vault_orphan ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault_orphan FORCE ROW LEVEL SECURITY;
CREATE POLICY vault_orphan_tenant ON vault_orphan USING (current_setting('preau.tenant', true) = '*');
