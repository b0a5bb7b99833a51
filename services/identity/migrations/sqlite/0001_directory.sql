-- Times are unix microseconds, booleans and times integers, ids text.
-- `tenant` is the person's home: a school's id, or 'platform'.

CREATE TABLE authorities (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at INT    NOT NULL
) STRICT;

CREATE TABLE schools (
    id           TEXT   NOT NULL PRIMARY KEY,
    authority_id TEXT   NOT NULL REFERENCES authorities (id),
    uai          TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    created_at   INT    NOT NULL,
    CONSTRAINT schools_uai UNIQUE (uai)
) STRICT;

-- family_key and given_key are what lists are sorted by: no accents, no case.
CREATE TABLE people (
    id          TEXT   NOT NULL PRIMARY KEY,
    tenant      TEXT   NOT NULL,
    school_id   TEXT   REFERENCES schools (id),
    given_name  TEXT   NOT NULL,
    family_name TEXT   NOT NULL,
    family_key  TEXT   NOT NULL,
    given_key   TEXT   NOT NULL,
    disabled_at INT,
    created_at  INT    NOT NULL
) STRICT;

CREATE INDEX people_by_name ON people (school_id, family_key, given_key, id);

-- A grant is never deleted: it ends.
CREATE TABLE grants (
    id           TEXT   NOT NULL PRIMARY KEY,
    tenant       TEXT   NOT NULL,
    person_id    TEXT   NOT NULL REFERENCES people (id),
    role         INT    NOT NULL,
    authority_id TEXT   REFERENCES authorities (id),
    school_id    TEXT   REFERENCES schools (id),
    begins_at    INT    NOT NULL,
    ends_at      INT,
    granted_by   TEXT,
    created_at   INT    NOT NULL,
    CHECK (authority_id IS NULL OR school_id IS NULL)
) STRICT;

CREATE INDEX grants_by_person ON grants (person_id, begins_at, id);
CREATE INDEX grants_by_role ON grants (role, begins_at);

-- login_key is casefold(NFC(login)).
CREATE TABLE accounts (
    person_id     TEXT   NOT NULL PRIMARY KEY REFERENCES people (id),
    tenant        TEXT   NOT NULL,
    login         TEXT   NOT NULL,
    login_key     TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    INT    NOT NULL,
    updated_at    INT    NOT NULL,
    CONSTRAINT accounts_login_key UNIQUE (login_key)
) STRICT;

-- Of a session token only its SHA-256 is kept.
CREATE TABLE sessions (
    token_sha256 BLOB   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL,
    tenant       TEXT   NOT NULL,
    person_id    TEXT   NOT NULL REFERENCES people (id),
    created_at   INT    NOT NULL,
    last_seen_at INT    NOT NULL,
    expires_at   INT    NOT NULL,
    ended_at     INT,
    CONSTRAINT sessions_id UNIQUE (id)
) STRICT;

CREATE INDEX sessions_by_person ON sessions (person_id, expires_at);

-- Ed25519 keys that sign principal tokens. private_key is emptied when the key retires.
CREATE TABLE signing_keys (
    key_id      TEXT   NOT NULL PRIMARY KEY,
    private_key BLOB   NOT NULL,
    public_key  BLOB   NOT NULL,
    signs_from  INT    NOT NULL,
    created_at  INT    NOT NULL
) STRICT;

-- Rows that a transaction updates to take its turn where a rule spans rows.
CREATE TABLE turns (
    name TEXT   NOT NULL PRIMARY KEY,
    turn INT    NOT NULL
) STRICT;

INSERT INTO turns (name, turn) VALUES ('platform-admins', 0);
INSERT INTO turns (name, turn) VALUES ('signing-keys', 0);
