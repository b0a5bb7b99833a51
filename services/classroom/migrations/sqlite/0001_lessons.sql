-- A lesson of a class. Whoever changes anything of a lesson raises its revision first: the changes of one lesson
-- queue behind that row.
CREATE TABLE lessons (
    lesson_id     TEXT   NOT NULL PRIMARY KEY,
    school_id     TEXT   NOT NULL,
    authority_id  TEXT   NOT NULL,
    class_id      TEXT   NOT NULL,
    class_name    TEXT   NOT NULL,
    teacher_id    TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    -- When it is over at the latest.
    ends_at       BIGINT NOT NULL,
    ended_at      BIGINT,
    revision      BIGINT NOT NULL DEFAULT 0,
    focus_teacher TEXT,
    focus_message TEXT,
    focus_until   BIGINT
);

-- A class has one lesson at a time.
CREATE UNIQUE INDEX lessons_open ON lessons (class_id) WHERE ended_at IS NULL;
CREATE INDEX lessons_school ON lessons (school_id) WHERE ended_at IS NULL;
CREATE INDEX lessons_end ON lessons (ends_at) WHERE ended_at IS NULL;
CREATE INDEX lessons_focus ON lessons (focus_until) WHERE focus_until IS NOT NULL;
CREATE INDEX lessons_ended ON lessons (ended_at) WHERE ended_at IS NOT NULL;

-- Who came or raised a hand. part: 1 student, 2 teacher. presence: 1 here, 2 offline, 3 absent. hand: the revision at which it was raised.
CREATE TABLE participants (
    lesson_id TEXT   NOT NULL REFERENCES lessons (lesson_id),
    person_id TEXT   NOT NULL,
    school_id TEXT   NOT NULL,
    part      BIGINT NOT NULL CHECK (part IN (1, 2)),
    presence  BIGINT NOT NULL CHECK (presence IN (1, 2, 3)),
    hand      BIGINT,
    PRIMARY KEY (lesson_id, person_id)
);

-- What a process holds while it vouches for the Watches it serves. Dead: it did not renew in time.
CREATE TABLE leases (
    lease_id TEXT   NOT NULL PRIMARY KEY,
    until    BIGINT NOT NULL,
    dead     BIGINT NOT NULL DEFAULT 0
);

-- The open Watches of a lesson. gone_at: when one that was closed counts no longer.
CREATE TABLE attendances (
    attendance_id TEXT   NOT NULL PRIMARY KEY,
    lesson_id     TEXT   NOT NULL REFERENCES lessons (lesson_id),
    person_id     TEXT   NOT NULL,
    school_id     TEXT   NOT NULL,
    lease_id      TEXT   NOT NULL REFERENCES leases (lease_id),
    gone_at       BIGINT
);

CREATE INDEX attendances_lesson ON attendances (lesson_id, person_id);
CREATE INDEX attendances_lease ON attendances (lease_id);
CREATE INDEX attendances_gone ON attendances (gone_at) WHERE gone_at IS NOT NULL;

-- What teachers pushed: a link or a node.
CREATE TABLE pushes (
    lesson_id TEXT   NOT NULL REFERENCES lessons (lesson_id),
    push_id   TEXT   NOT NULL,
    school_id TEXT   NOT NULL,
    link      TEXT,
    node_id   TEXT,
    title     TEXT   NOT NULL,
    pushed_at BIGINT NOT NULL,
    PRIMARY KEY (lesson_id, push_id),
    CHECK ((link IS NULL) <> (node_id IS NULL))
);

-- What each pupil did with it. state: 1 received, 2 opened.
CREATE TABLE receipts (
    lesson_id TEXT   NOT NULL,
    push_id   TEXT   NOT NULL,
    person_id TEXT   NOT NULL,
    school_id TEXT   NOT NULL,
    state     BIGINT NOT NULL CHECK (state IN (1, 2)),
    given_at  BIGINT NOT NULL,
    PRIMARY KEY (lesson_id, push_id, person_id),
    FOREIGN KEY (lesson_id, push_id) REFERENCES pushes (lesson_id, push_id)
);
