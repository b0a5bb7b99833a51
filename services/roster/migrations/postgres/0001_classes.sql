-- A class belongs to one school; its name is unique there under casefold(NFC).
-- Keys are COLLATE "C": their order must be SQLite's, or page tokens would differ.
CREATE TABLE classes (
    class_id        TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    school_id       TEXT   COLLATE "C" NOT NULL,
    authority_id    TEXT   COLLATE "C" NOT NULL,
    name            TEXT   NOT NULL,
    name_fold       TEXT   COLLATE "C" NOT NULL,
    main_teacher_id TEXT   COLLATE "C" NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT classes_school_name UNIQUE (school_id, name_fold)
);

-- Who is in a class, and in what part: 1 student, 2 teacher.
CREATE TABLE enrolments (
    class_id    TEXT   COLLATE "C" NOT NULL REFERENCES classes (class_id),
    person_id   TEXT   COLLATE "C" NOT NULL,
    school_id   TEXT   COLLATE "C" NOT NULL,
    part        BIGINT NOT NULL CHECK (part IN (1, 2)),
    enrolled_at BIGINT NOT NULL,
    PRIMARY KEY (class_id, person_id)
);

-- "My classes" starts from the person.
CREATE INDEX enrolments_person ON enrolments (person_id, class_id);

-- A statement sees the rows of the school it was scoped to, or all ('*'). No scope, no rows.
ALTER TABLE classes ENABLE ROW LEVEL SECURITY;
ALTER TABLE classes FORCE ROW LEVEL SECURITY;
CREATE POLICY classes_tenant ON classes
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE enrolments ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrolments FORCE ROW LEVEL SECURITY;
CREATE POLICY enrolments_tenant ON enrolments
    USING (current_setting('preau.tenant', true) IN ('*', school_id));
