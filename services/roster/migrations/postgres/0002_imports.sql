-- A class and an enrolment remember that a roster named them; without a mark they were made by hand.
ALTER TABLE classes ADD COLUMN sourced_id TEXT COLLATE "C";
CREATE UNIQUE INDEX classes_sourced ON classes (school_id, sourced_id) WHERE sourced_id IS NOT NULL;

ALTER TABLE enrolments ADD COLUMN source TEXT CHECK (source = 'import');
CREATE INDEX enrolments_imported ON enrolments (school_id, class_id) WHERE source = 'import';

-- Who the people of a school's rosters are. `enabled`: as the last import that was applied left them.
CREATE TABLE people_sources (
    school_id  TEXT   COLLATE "C" NOT NULL,
    sourced_id TEXT   COLLATE "C" NOT NULL,
    person_id  TEXT   COLLATE "C" NOT NULL,
    enabled    BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    PRIMARY KEY (school_id, sourced_id)
);

-- The lock of a school's imports, and how often what they start from has changed.
CREATE TABLE import_schools (
    school_id  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL
);

-- State: 1 uploading, 2 invalid, 3 ready, 4 applying, 5 applied. `generation`: of the school when it became ready.
CREATE TABLE imports (
    import_id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    school_id           TEXT   COLLATE "C" NOT NULL,
    authority_id        TEXT   COLLATE "C" NOT NULL,
    state               BIGINT NOT NULL CHECK (state BETWEEN 1 AND 5),
    size                BIGINT NOT NULL CHECK (size > 0),
    created_by          TEXT   COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    applied_at          BIGINT,
    generation          BIGINT,
    problem_count       BIGINT NOT NULL DEFAULT 0,
    people_new          BIGINT NOT NULL DEFAULT 0,
    people_changed      BIGINT NOT NULL DEFAULT 0,
    people_unchanged    BIGINT NOT NULL DEFAULT 0,
    people_disabled     BIGINT NOT NULL DEFAULT 0,
    people_without_role BIGINT NOT NULL DEFAULT 0,
    classes_new         BIGINT NOT NULL DEFAULT 0,
    classes_changed     BIGINT NOT NULL DEFAULT 0,
    classes_unchanged   BIGINT NOT NULL DEFAULT 0,
    classes_emptied     BIGINT NOT NULL DEFAULT 0,
    enrolments_added    BIGINT NOT NULL DEFAULT 0,
    enrolments_removed  BIGINT NOT NULL DEFAULT 0,
    enrolments_unchanged BIGINT NOT NULL DEFAULT 0,
    needs_confirmation  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX imports_school ON imports (school_id, import_id);
CREATE INDEX imports_applying ON imports (import_id) WHERE state = 4;

CREATE TABLE import_problems (
    import_id TEXT   COLLATE "C" NOT NULL REFERENCES imports (import_id),
    position  BIGINT NOT NULL,
    school_id TEXT   COLLATE "C" NOT NULL,
    file      TEXT   NOT NULL,
    line      BIGINT NOT NULL,
    in_column TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    message   TEXT   NOT NULL,
    PRIMARY KEY (import_id, position)
);

-- The zip, until the import is applied, another begins, or a day has passed.
CREATE TABLE import_parts (
    import_id  TEXT   COLLATE "C" NOT NULL REFERENCES imports (import_id),
    part_index BIGINT NOT NULL,
    school_id  TEXT   COLLATE "C" NOT NULL,
    data       BYTEA  NOT NULL,
    PRIMARY KEY (import_id, part_index)
);

-- What a valid import will do, as it is kept between validation and application. `asked_id` is the id that the
-- directory is asked for, the same at every validation; `person_id` is whom the directory says it is.
CREATE TABLE import_people (
    import_id  TEXT   COLLATE "C" NOT NULL REFERENCES imports (import_id),
    sourced_id TEXT   COLLATE "C" NOT NULL,
    school_id  TEXT   COLLATE "C" NOT NULL,
    asked_id   TEXT   COLLATE "C" NOT NULL,
    person_id  TEXT   COLLATE "C" NOT NULL,
    enabled    BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    PRIMARY KEY (import_id, sourced_id)
);
CREATE INDEX import_people_person ON import_people (import_id, person_id);

CREATE TABLE import_classes (
    import_id       TEXT   COLLATE "C" NOT NULL REFERENCES imports (import_id),
    sourced_id      TEXT   COLLATE "C" NOT NULL,
    school_id       TEXT   COLLATE "C" NOT NULL,
    class_id        TEXT   COLLATE "C" NOT NULL,
    name            TEXT   NOT NULL,
    main_teacher_id TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (import_id, sourced_id)
);

CREATE INDEX import_classes_class ON import_classes (import_id, class_id);

CREATE TABLE import_enrolments (
    import_id        TEXT   COLLATE "C" NOT NULL REFERENCES imports (import_id),
    class_sourced_id TEXT   COLLATE "C" NOT NULL,
    person_id        TEXT   COLLATE "C" NOT NULL,
    school_id        TEXT   COLLATE "C" NOT NULL,
    part             BIGINT NOT NULL CHECK (part IN (1, 2)),
    PRIMARY KEY (import_id, class_sourced_id, person_id)
);

ALTER TABLE people_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE people_sources FORCE ROW LEVEL SECURITY;
CREATE POLICY people_sources_tenant ON people_sources
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_schools ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_schools FORCE ROW LEVEL SECURITY;
CREATE POLICY import_schools_tenant ON import_schools
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE imports FORCE ROW LEVEL SECURITY;
CREATE POLICY imports_tenant ON imports
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_problems ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_problems FORCE ROW LEVEL SECURITY;
CREATE POLICY import_problems_tenant ON import_problems
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY import_parts_tenant ON import_parts
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_people FORCE ROW LEVEL SECURITY;
CREATE POLICY import_people_tenant ON import_people
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_classes ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_classes FORCE ROW LEVEL SECURITY;
CREATE POLICY import_classes_tenant ON import_classes
    USING (current_setting('preau.tenant', true) IN ('*', school_id));

ALTER TABLE import_enrolments ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_enrolments FORCE ROW LEVEL SECURITY;
CREATE POLICY import_enrolments_tenant ON import_enrolments
    USING (current_setting('preau.tenant', true) IN ('*', school_id));
