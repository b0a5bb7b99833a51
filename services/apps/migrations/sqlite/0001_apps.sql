-- Whose signature on a release counts. tenant of publishers, releases and discarded objects: 'platform'.
CREATE TABLE publishers (
    key_id     TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    public_key BLOB   NOT NULL,
    added_at   BIGINT NOT NULL,
    added_by   TEXT   NOT NULL
);

-- A version of an app, as its publisher signed it: manifest and signature are those very bytes. state: 0 uploading,
-- 1 available. expires_at: when an upload that goes on no further is given up.
CREATE TABLE releases (
    release_id TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    app        TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    size       BIGINT NOT NULL,
    manifest   BLOB   NOT NULL,
    signature  BLOB   NOT NULL,
    key_id     TEXT   NOT NULL REFERENCES publishers (key_id),
    -- Where files keeps the bytes.
    object_id  TEXT,
    state      BIGINT NOT NULL CHECK (state IN (0, 1)),
    created_at BIGINT NOT NULL,
    created_by TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (app, version),
    CHECK (state = 0 OR object_id IS NOT NULL)
);

CREATE INDEX releases_by_app ON releases (app, created_at, release_id);
CREATE INDEX releases_uploading ON releases (expires_at) WHERE state = 0;

-- Objects that no release refers to any more, until files has let go of them.
CREATE TABLE discarded_objects (
    object_id TEXT   NOT NULL PRIMARY KEY,
    tenant    TEXT   NOT NULL
);

-- What a school's devices are to have.
CREATE TABLE assignments (
    school_id   TEXT   NOT NULL,
    app         TEXT   NOT NULL,
    release_id  TEXT   NOT NULL REFERENCES releases (release_id),
    assigned_at BIGINT NOT NULL,
    assigned_by TEXT   NOT NULL,
    PRIMARY KEY (school_id, app)
);

-- The hash of it. revision counts its changes; announced is the last one that devices is known to have heard of.
-- Whoever changes an assignment holds the school's row first.
CREATE TABLE desired_states (
    school_id TEXT   NOT NULL PRIMARY KEY,
    revision  BIGINT NOT NULL,
    announced BIGINT NOT NULL,
    hash      BLOB   NOT NULL
);

CREATE INDEX desired_states_unannounced ON desired_states (school_id) WHERE announced < revision;

-- What each device last said of each app. state: 1 fetching, 2 installed, 3 failed, 4 removed.
CREATE TABLE installations (
    school_id   TEXT   NOT NULL,
    device_id   TEXT   NOT NULL,
    app         TEXT   NOT NULL,
    release_id  TEXT,
    version     TEXT   NOT NULL,
    state       BIGINT NOT NULL CHECK (state IN (1, 2, 3, 4)),
    reason      TEXT   NOT NULL,
    reported_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, device_id, app)
);

CREATE INDEX installations_by_app ON installations (school_id, app, device_id);
