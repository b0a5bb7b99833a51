-- Where a person and a grant come from: null when people made them, 'import' when a roster file did. A person whom an
-- import names becomes the file's; a grant stays whose it was.
ALTER TABLE people ADD COLUMN source TEXT;
ALTER TABLE grants ADD COLUMN source TEXT;

-- Without it a database that has counted nothing yet looks an import's grants up by their role alone.
CREATE INDEX grants_by_person_and_role ON grants (person_id, role);

-- Imports of a school's people: staged batch by batch, then taken over at once. `changes` counts what was staged, so
-- that a commit knows that nothing was added to what it has checked. What was staged goes at the commit; this row stays.
CREATE TABLE people_imports (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant           TEXT COLLATE "C" NOT NULL,
    school_id        TEXT COLLATE "C" NOT NULL REFERENCES schools (id),
    staged_by        TEXT COLLATE "C" NOT NULL,
    changes          BIGINT NOT NULL,
    begun_at         BIGINT NOT NULL,
    committed_at     BIGINT,
    without_password BIGINT NOT NULL
);

CREATE INDEX people_imports_by_age ON people_imports (committed_at, begun_at);

-- One person of a file. `target` is whom committing changes. With a `reason` the row is refused, its texts are empty.
CREATE TABLE import_people (
    import_id   TEXT COLLATE "C" NOT NULL,
    batch       BIGINT NOT NULL,
    ord         BIGINT NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    person_id   TEXT COLLATE "C" NOT NULL,
    target      TEXT COLLATE "C" NOT NULL,
    given_name  TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_key   TEXT COLLATE "C" NOT NULL,
    family_key  TEXT COLLATE "C" NOT NULL,
    login       TEXT NOT NULL,
    login_key   TEXT COLLATE "C" NOT NULL,
    enabled     BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    field       TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (import_id, batch, ord)
);

CREATE INDEX import_people_by_login ON import_people (login_key, import_id);
CREATE INDEX import_people_by_target ON import_people (target, import_id);

-- Roles of the person in the same place; without begins_at from the commit on. grant_id is for the case that it is new.
CREATE TABLE import_roles (
    import_id TEXT COLLATE "C" NOT NULL,
    batch     BIGINT NOT NULL,
    ord       BIGINT NOT NULL,
    role      BIGINT NOT NULL,
    tenant    TEXT COLLATE "C" NOT NULL,
    grant_id  TEXT COLLATE "C" NOT NULL,
    begins_at BIGINT,
    ends_at   BIGINT,
    PRIMARY KEY (import_id, batch, ord, role)
);

-- People whom the file no longer names.
CREATE TABLE import_absences (
    import_id TEXT COLLATE "C" NOT NULL,
    batch     BIGINT NOT NULL,
    tenant    TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (import_id, batch, person_id)
);

CREATE INDEX import_absences_by_person ON import_absences (person_id, import_id);

ALTER TABLE people_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE people_imports FORCE ROW LEVEL SECURITY;
CREATE POLICY people_imports_of_tenant ON people_imports
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE import_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_people FORCE ROW LEVEL SECURITY;
CREATE POLICY import_people_of_tenant ON import_people
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE import_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_roles FORCE ROW LEVEL SECURITY;
CREATE POLICY import_roles_of_tenant ON import_roles
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));

ALTER TABLE import_absences ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_absences FORCE ROW LEVEL SECURITY;
CREATE POLICY import_absences_of_tenant ON import_absences
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));
