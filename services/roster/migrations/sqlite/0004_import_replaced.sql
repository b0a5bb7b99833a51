-- The import of the school that was begun after an undecided one, which can do nothing any more.
ALTER TABLE imports ADD COLUMN replaced_by TEXT;
