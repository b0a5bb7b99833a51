-- Times are unix microseconds, booleans and times BIGINT, ids text. Keys collate "C", so that
-- keyset order is the embedded database's.
-- `tenant` is the person's home: a school's id, or 'platform'.

CREATE TABLE authorities (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE schools (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    authority_id TEXT COLLATE "C" NOT NULL REFERENCES authorities (id),
    uai          TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT schools_uai UNIQUE (uai)
);

-- family_key and given_key are what lists are sorted by: no accents, no case.
CREATE TABLE people (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant      TEXT COLLATE "C" NOT NULL,
    school_id   TEXT COLLATE "C" REFERENCES schools (id),
    given_name  TEXT   NOT NULL,
    family_name TEXT   NOT NULL,
    family_key  TEXT COLLATE "C" NOT NULL,
    given_key   TEXT COLLATE "C" NOT NULL,
    disabled_at BIGINT,
    created_at  BIGINT NOT NULL
);

CREATE INDEX people_by_name ON people (school_id, family_key, given_key, id);

-- A grant is never deleted: it ends.
CREATE TABLE grants (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant       TEXT COLLATE "C" NOT NULL,
    person_id    TEXT COLLATE "C" NOT NULL REFERENCES people (id),
    role         BIGINT NOT NULL,
    authority_id TEXT COLLATE "C" REFERENCES authorities (id),
    school_id    TEXT COLLATE "C" REFERENCES schools (id),
    begins_at    BIGINT NOT NULL,
    ends_at      BIGINT,
    granted_by   TEXT,
    created_at   BIGINT NOT NULL,
    CHECK (authority_id IS NULL OR school_id IS NULL)
);

CREATE INDEX grants_by_person ON grants (person_id, begins_at, id);
CREATE INDEX grants_by_role ON grants (role, begins_at);

-- login_key is casefold(NFC(login)).
CREATE TABLE accounts (
    person_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES people (id),
    tenant        TEXT COLLATE "C" NOT NULL,
    login         TEXT   NOT NULL,
    login_key     TEXT COLLATE "C" NOT NULL,
    password_hash TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    CONSTRAINT accounts_login_key UNIQUE (login_key)
);

-- Of a session token only its SHA-256 is kept.
CREATE TABLE sessions (
    token_sha256 BYTEA  NOT NULL PRIMARY KEY,
    id           TEXT COLLATE "C" NOT NULL,
    tenant       TEXT COLLATE "C" NOT NULL,
    person_id    TEXT COLLATE "C" NOT NULL REFERENCES people (id),
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    CONSTRAINT sessions_id UNIQUE (id)
);

CREATE INDEX sessions_by_person ON sessions (person_id, expires_at);

-- Ed25519 keys that sign principal tokens. private_key is emptied when the key retires.
CREATE TABLE signing_keys (
    key_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    private_key BYTEA  NOT NULL,
    public_key  BYTEA  NOT NULL,
    signs_from  BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);

-- Rows that a transaction updates to take its turn where a rule spans rows.
CREATE TABLE turns (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);

INSERT INTO turns (name, turn) VALUES ('platform-admins', 0);
INSERT INTO turns (name, turn) VALUES ('signing-keys', 0);

-- Row-level security: a transaction sees the rows of the tenant it names, or all when it is
-- the platform's ('*'): sign-in and look-ups by id, which do not know the tenant yet.
-- FORCE: the tables' owner is held to it too.

ALTER TABLE schools ENABLE ROW LEVEL SECURITY;
ALTER TABLE schools FORCE ROW LEVEL SECURITY;
CREATE POLICY schools_of_tenant ON schools
    USING (current_setting('preau.tenant', true) IN ('*', id))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', id));

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
CREATE POLICY people_of_tenant ON people
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE grants FORCE ROW LEVEL SECURITY;
CREATE POLICY grants_of_tenant ON grants
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY accounts_of_tenant ON accounts
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY sessions_of_tenant ON sessions
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));
