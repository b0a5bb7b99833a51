-- What a school's devices may enrol with. ended_at: when it ends, or ended: expired, revoked or used up.
CREATE TABLE enrolment_tokens (
    token_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    school_id     TEXT COLLATE "C" NOT NULL,
    authority_id  TEXT COLLATE "C" NOT NULL,
    secret_sha256 BYTEA  NOT NULL UNIQUE,
    max_uses      BIGINT NOT NULL,
    uses          BIGINT NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND max_uses),
    created_at    BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT,
    ended_at      BIGINT NOT NULL
);

CREATE INDEX enrolment_tokens_school ON enrolment_tokens (school_id, ended_at);
CREATE INDEX enrolment_tokens_ended ON enrolment_tokens (ended_at);

-- A device of a school. locked_by: the place of the last lock or unlock that is done.
CREATE TABLE devices (
    device_id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    school_id         TEXT COLLATE "C" NOT NULL,
    authority_id      TEXT COLLATE "C" NOT NULL,
    token_id          TEXT COLLATE "C" NOT NULL,
    -- Of the key that it enrolled with: enrolling again with both answers the same device.
    key_sha256        BYTEA  NOT NULL,
    name              TEXT   NOT NULL,
    -- The name folded, by which devices are listed.
    name_key          TEXT COLLATE "C" NOT NULL,
    model             TEXT   NOT NULL,
    os                TEXT   NOT NULL,
    agent_version     TEXT   NOT NULL,
    enrolled_at       BIGINT NOT NULL,
    retired_at        BIGINT,
    locked            BIGINT NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    locked_by         BIGINT NOT NULL DEFAULT 0,
    certificate_until BIGINT NOT NULL
);

CREATE UNIQUE INDEX devices_enrolled ON devices (token_id, key_sha256) WHERE retired_at IS NULL;
CREATE INDEX devices_by_name ON devices (school_id, name_key, device_id);

-- Certificates that the device authority issued, with their keys. serial: in hexadecimal.
CREATE TABLE certificates (
    serial     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device_id  TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    school_id  TEXT COLLATE "C" NOT NULL,
    public_key BYTEA  NOT NULL,
    not_after  BIGINT NOT NULL
);

CREATE INDEX certificates_device ON certificates (device_id, not_after);
CREATE INDEX certificates_end ON certificates (not_after);

-- Sessions of devices that cannot show their certificate.
CREATE TABLE device_sessions (
    token_sha256 BYTEA  NOT NULL PRIMARY KEY,
    device_id    TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    school_id    TEXT COLLATE "C" NOT NULL,
    expires_at   BIGINT NOT NULL
);

CREATE INDEX device_sessions_device ON device_sessions (device_id, expires_at);
CREATE INDEX device_sessions_end ON device_sessions (expires_at);

-- Assertions that were accepted: each is, once.
CREATE TABLE assertions (
    device_id  TEXT COLLATE "C" NOT NULL,
    jti        TEXT COLLATE "C" NOT NULL,
    school_id  TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, jti)
);

CREATE INDEX assertions_end ON assertions (expires_at);

-- What devices are told. number: the place in the device's log. kind: 1 message, 2 lock, 3 unlock. state as in the
-- contract: 1 queued, 2 sent, 3 accepted, 4 done, 5 failed, 6 expired, 7 not now. What came about when is kept beside
-- the present state: of a state that it came to several times, the last.
CREATE TABLE commands (
    command_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device_id       TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    school_id       TEXT COLLATE "C" NOT NULL,
    number          BIGINT NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    kind            BIGINT NOT NULL CHECK (kind IN (1, 2, 3)),
    body            TEXT   NOT NULL,
    state           BIGINT NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 7),
    issued_at       BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    issued_by       TEXT COLLATE "C" NOT NULL,
    changed_at      BIGINT NOT NULL,
    changes         BIGINT NOT NULL DEFAULT 0,
    reason          TEXT   NOT NULL DEFAULT '',
    sent_at         BIGINT,
    accepted_at     BIGINT,
    not_now_at      BIGINT,
    ended_at        BIGINT,
    UNIQUE (device_id, idempotency_key),
    UNIQUE (device_id, number),
    CHECK ((ended_at IS NOT NULL) = (state IN (4, 5, 6)))
);

CREATE INDEX commands_open ON commands (device_id, number) WHERE ended_at IS NULL;
CREATE INDEX commands_due ON commands (expires_at) WHERE state IN (1, 2, 7);
CREATE INDEX commands_overdue ON commands (expires_at) WHERE state = 3;
CREATE INDEX commands_ended ON commands (ended_at) WHERE ended_at IS NOT NULL;

-- The hash of what a school's devices are to have, as `apps` announced it last.
CREATE TABLE desired_states (
    school_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash      BYTEA  NOT NULL,
    revision  BIGINT NOT NULL
);

-- What a process holds while it vouches for the Watches it serves.
CREATE TABLE leases (
    lease_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    until    BIGINT NOT NULL
);

-- When a device was last seen, and the lease of the process that serves its Watch. Written for every device every
-- minute: narrow, no index but the key, and no reference that would have to be looked up. Room in
-- each page keeps new versions of a row beside the old ones.
CREATE TABLE sightings (
    device_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    school_id TEXT COLLATE "C" NOT NULL,
    seen_at   BIGINT NOT NULL,
    lease_id  TEXT COLLATE "C"
) WITH (fillfactor = 70);

-- A statement sees the rows of the school it was scoped to, or all ('*'). No scope, no rows.
ALTER TABLE enrolment_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrolment_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY enrolment_tokens_tenant ON enrolment_tokens
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE devices FORCE ROW LEVEL SECURITY;
CREATE POLICY devices_tenant ON devices
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificates FORCE ROW LEVEL SECURITY;
CREATE POLICY certificates_tenant ON certificates
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE device_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY device_sessions_tenant ON device_sessions
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE assertions ENABLE ROW LEVEL SECURITY;
ALTER TABLE assertions FORCE ROW LEVEL SECURITY;
CREATE POLICY assertions_tenant ON assertions
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE commands FORCE ROW LEVEL SECURITY;
CREATE POLICY commands_tenant ON commands
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE desired_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE desired_states FORCE ROW LEVEL SECURITY;
CREATE POLICY desired_states_tenant ON desired_states
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE sightings ENABLE ROW LEVEL SECURITY;
ALTER TABLE sightings FORCE ROW LEVEL SECURITY;
CREATE POLICY sightings_tenant ON sightings
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

-- Leases are of processes, not of schools: whose lives, everybody may see.
ALTER TABLE leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE leases FORCE ROW LEVEL SECURITY;
CREATE POLICY leases_platform ON leases
    USING (current_setting('preau.tenant', true) = '*');
CREATE POLICY leases_seen ON leases FOR SELECT
    USING (current_setting('preau.tenant', true) <> '');
