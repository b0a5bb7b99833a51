-- Where a person and a grant come from: null when people made them, 'import' when a roster file did. A person whom an
-- import names becomes the file's; a grant stays whose it was.
ALTER TABLE people ADD COLUMN source TEXT;
ALTER TABLE grants ADD COLUMN source TEXT;

-- Without it a database that has counted nothing yet looks an import's grants up by their role alone.
CREATE INDEX grants_by_person_and_role ON grants (person_id, role);

-- Imports of a school's people: staged batch by batch, then taken over at once. `changes` counts what was staged, so
-- that a commit knows that nothing was added to what it has checked. What was staged goes at the commit; this row stays.
CREATE TABLE people_imports (
    id               TEXT NOT NULL PRIMARY KEY,
    tenant           TEXT NOT NULL,
    school_id        TEXT NOT NULL REFERENCES schools (id),
    staged_by        TEXT NOT NULL,
    changes          INT NOT NULL,
    begun_at         INT NOT NULL,
    committed_at     INT,
    without_password INT NOT NULL
) STRICT;

CREATE INDEX people_imports_by_age ON people_imports (committed_at, begun_at);

-- One person of a file. `target` is whom committing changes. With a `reason` the row is refused, its texts are empty.
CREATE TABLE import_people (
    import_id   TEXT NOT NULL,
    batch       INT NOT NULL,
    ord         INT NOT NULL,
    tenant      TEXT NOT NULL,
    person_id   TEXT NOT NULL,
    target      TEXT NOT NULL,
    given_name  TEXT NOT NULL,
    family_name TEXT NOT NULL,
    given_key   TEXT NOT NULL,
    family_key  TEXT NOT NULL,
    login       TEXT NOT NULL,
    login_key   TEXT NOT NULL,
    enabled     INT NOT NULL,
    reason      TEXT NOT NULL,
    field       TEXT NOT NULL,
    message     TEXT NOT NULL,
    PRIMARY KEY (import_id, batch, ord)
) STRICT;

CREATE INDEX import_people_by_login ON import_people (login_key, import_id);
CREATE INDEX import_people_by_target ON import_people (target, import_id);

-- Roles of the person in the same place; without begins_at from the commit on. grant_id is for the case that it is new.
CREATE TABLE import_roles (
    import_id TEXT NOT NULL,
    batch     INT NOT NULL,
    ord       INT NOT NULL,
    role      INT NOT NULL,
    tenant    TEXT NOT NULL,
    grant_id  TEXT NOT NULL,
    begins_at INT,
    ends_at   INT,
    PRIMARY KEY (import_id, batch, ord, role)
) STRICT;

-- People whom the file no longer names.
CREATE TABLE import_absences (
    import_id TEXT NOT NULL,
    batch     INT NOT NULL,
    tenant    TEXT NOT NULL,
    person_id TEXT NOT NULL,
    PRIMARY KEY (import_id, batch, person_id)
) STRICT;

CREATE INDEX import_absences_by_person ON import_absences (person_id, import_id);
