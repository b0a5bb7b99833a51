-- accounts.password_hash is '' until the account's owner has chosen a password: no PHC string is empty.

-- What opens such an account once: the SHA-256 of the code, bound to the person.
CREATE TABLE first_use_codes (
    person_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES people (id),
    tenant      TEXT COLLATE "C" NOT NULL,
    code_sha256 BYTEA NOT NULL,
    issued_by   TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

ALTER TABLE first_use_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE first_use_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY first_use_codes_of_tenant ON first_use_codes
    USING (current_setting('preau.tenant', true) IN ('*', tenant))
    WITH CHECK (current_setting('preau.tenant', true) IN ('*', tenant));
