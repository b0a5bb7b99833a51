-- One-use tokens for processes that have no identity yet. Of a secret only its SHA-256 is kept.
-- Times are unix microseconds. `roles` are separated by a space. Not tenant data: the mesh's own.
CREATE TABLE join_tokens (
    secret_sha256 BYTEA  NOT NULL PRIMARY KEY,
    id            TEXT   NOT NULL,
    roles         TEXT   NOT NULL,
    created_by    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    CONSTRAINT join_tokens_id UNIQUE (id)
);

CREATE INDEX join_tokens_by_expiry ON join_tokens (expires_at);
