-- A class belongs to one school; its name is unique there under casefold(NFC).
CREATE TABLE classes (
    class_id        TEXT   NOT NULL PRIMARY KEY,
    school_id       TEXT   NOT NULL,
    authority_id    TEXT   NOT NULL,
    name            TEXT   NOT NULL,
    name_fold       TEXT   NOT NULL,
    main_teacher_id TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    CONSTRAINT classes_school_name UNIQUE (school_id, name_fold)
);

-- Who is in a class, and in what part: 1 student, 2 teacher.
CREATE TABLE enrolments (
    class_id    TEXT   NOT NULL REFERENCES classes (class_id),
    person_id   TEXT   NOT NULL,
    school_id   TEXT   NOT NULL,
    part        BIGINT NOT NULL CHECK (part IN (1, 2)),
    enrolled_at BIGINT NOT NULL,
    PRIMARY KEY (class_id, person_id)
);

-- "My classes" starts from the person.
CREATE INDEX enrolments_person ON enrolments (person_id, class_id);
