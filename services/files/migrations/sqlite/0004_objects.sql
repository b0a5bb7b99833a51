-- Bytes that another service keeps here, for the platform: no space, no name. owner: the workload that created it.
-- state: 0 open, 1 committed. The id is its upload's.
CREATE TABLE objects (
    object_id  TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    owner      TEXT   NOT NULL,
    size       BIGINT NOT NULL,
    part_size  BIGINT NOT NULL,
    part_count BIGINT NOT NULL,
    state      BIGINT NOT NULL CHECK (state IN (0, 1)),
    content_id TEXT,
    blake3     BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((state = 1) = (content_id IS NOT NULL AND blake3 IS NOT NULL))
);

CREATE INDEX objects_expiry ON objects (expires_at) WHERE state = 0;
