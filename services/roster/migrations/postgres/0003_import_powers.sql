-- How much power an import gives, beside what it changes.
ALTER TABLE imports ADD COLUMN people_adopted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN administrators_new BIGINT NOT NULL DEFAULT 0;

-- Where `users.csv` has the person, for a refusal at the last moment. Goes with the plan, as the zip does.
ALTER TABLE import_people ADD COLUMN line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_people ADD COLUMN login TEXT NOT NULL DEFAULT '';
