-- What lists of schools are sorted by: no accents, no case. Empty until the service has computed it.
ALTER TABLE schools ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX schools_by_name ON schools (name_key, id);
