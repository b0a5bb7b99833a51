-- Whose signature on a release counts. tenant of publishers, releases and discarded objects: 'platform'.
CREATE TABLE publishers (
    key_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant     TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    public_key BYTEA  NOT NULL,
    added_at   BIGINT NOT NULL,
    added_by   TEXT COLLATE "C" NOT NULL
);

-- A version of an app, as its publisher signed it: manifest and signature are those very bytes. state: 0 uploading,
-- 1 available. expires_at: when an upload that goes on no further is given up.
CREATE TABLE releases (
    release_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant     TEXT COLLATE "C" NOT NULL,
    app        TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    size       BIGINT NOT NULL,
    manifest   BYTEA  NOT NULL,
    signature  BYTEA  NOT NULL,
    key_id     TEXT COLLATE "C" NOT NULL REFERENCES publishers (key_id),
    -- Where files keeps the bytes.
    object_id  TEXT COLLATE "C",
    state      BIGINT NOT NULL CHECK (state IN (0, 1)),
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (app, version),
    CHECK (state = 0 OR object_id IS NOT NULL)
);

CREATE INDEX releases_by_app ON releases (app, created_at, release_id);
CREATE INDEX releases_uploading ON releases (expires_at) WHERE state = 0;

-- Objects that no release refers to any more, until files has let go of them.
CREATE TABLE discarded_objects (
    object_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant    TEXT COLLATE "C" NOT NULL
);

-- What a school's devices are to have.
CREATE TABLE assignments (
    school_id   TEXT COLLATE "C" NOT NULL,
    app         TEXT COLLATE "C" NOT NULL,
    release_id  TEXT COLLATE "C" NOT NULL REFERENCES releases (release_id),
    assigned_at BIGINT NOT NULL,
    assigned_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (school_id, app)
);

-- The hash of it. revision counts its changes; announced is the last one that devices is known to have heard of.
-- Whoever changes an assignment holds the school's row first.
CREATE TABLE desired_states (
    school_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    revision  BIGINT NOT NULL,
    announced BIGINT NOT NULL,
    hash      BYTEA  NOT NULL
);

CREATE INDEX desired_states_unannounced ON desired_states (school_id) WHERE announced < revision;

-- What each device last said of each app. state: 1 fetching, 2 installed, 3 failed, 4 removed.
CREATE TABLE installations (
    school_id   TEXT COLLATE "C" NOT NULL,
    device_id   TEXT COLLATE "C" NOT NULL,
    app         TEXT COLLATE "C" NOT NULL,
    release_id  TEXT COLLATE "C",
    version     TEXT COLLATE "C" NOT NULL,
    state       BIGINT NOT NULL CHECK (state IN (1, 2, 3, 4)),
    reason      TEXT   NOT NULL,
    reported_at BIGINT NOT NULL,
    PRIMARY KEY (school_id, device_id, app)
);

CREATE INDEX installations_by_app ON installations (school_id, app, device_id);

-- A statement sees the rows of the tenant it was scoped to, or all ('*'). No scope, no rows. The catalogue is read by
-- every tenant and written by the platform alone.
ALTER TABLE publishers ENABLE ROW LEVEL SECURITY;
ALTER TABLE publishers FORCE ROW LEVEL SECURITY;
CREATE POLICY publishers_tenant ON publishers
    USING (current_setting('preau.tenant', true) IN ('*', tenant));
CREATE POLICY publishers_read ON publishers FOR SELECT
    USING (current_setting('preau.tenant', true) <> '');

ALTER TABLE releases ENABLE ROW LEVEL SECURITY;
ALTER TABLE releases FORCE ROW LEVEL SECURITY;
CREATE POLICY releases_tenant ON releases
    USING (current_setting('preau.tenant', true) IN ('*', tenant));
CREATE POLICY releases_read ON releases FOR SELECT
    USING (current_setting('preau.tenant', true) <> '');

ALTER TABLE discarded_objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE discarded_objects FORCE ROW LEVEL SECURITY;
CREATE POLICY discarded_objects_tenant ON discarded_objects
    USING (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE assignments FORCE ROW LEVEL SECURITY;
CREATE POLICY assignments_tenant ON assignments
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE desired_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE desired_states FORCE ROW LEVEL SECURITY;
CREATE POLICY desired_states_tenant ON desired_states
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE installations ENABLE ROW LEVEL SECURITY;
ALTER TABLE installations FORCE ROW LEVEL SECURITY;
CREATE POLICY installations_tenant ON installations
    USING (current_setting('preau.tenant', true) IN ('*', school_id));
