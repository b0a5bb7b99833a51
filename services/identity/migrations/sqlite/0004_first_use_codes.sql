-- accounts.password_hash is '' until the account's owner has chosen a password: no PHC string is empty.

-- What opens such an account once: the SHA-256 of the code, bound to the person.
CREATE TABLE first_use_codes (
    person_id   TEXT NOT NULL PRIMARY KEY REFERENCES people (id),
    tenant      TEXT NOT NULL,
    code_sha256 BLOB NOT NULL,
    issued_by   TEXT NOT NULL,
    created_at  INT NOT NULL,
    expires_at  INT NOT NULL
) STRICT;
