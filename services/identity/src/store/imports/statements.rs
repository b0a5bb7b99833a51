//! What an import does, in SQL over all its rows at once: 20,000 people are a dozen statements.
//!
//! Staging tells what committing will do by the same conditions. Every statement takes, as far as it names them,
//! $1 the import, $2 its school, $3 now, $4 who staged it, $5 the number of the role SCHOOL_ADMIN, $6 and $7 the first
//! and the last batch that is looked at. `s` is a staged person, `p` the person, `g` a grant, `r` a staged role.

macro_rules! looked_at {
    () => {
        "s.import_id = $1 AND s.batch BETWEEN $6 AND $7"
    };
}

macro_rules! open {
    ($grant:literal) => {
        concat!(
            "(",
            $grant,
            ".ends_at IS NULL OR ",
            $grant,
            ".ends_at > $3)"
        )
    };
}

// Whoever administers beyond the school: not a file's to rename, to disable or to give another login.
macro_rules! above {
    ($person:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM grants x WHERE x.person_id = ",
            $person,
            " AND ",
            open!("x"),
            " AND x.role >= $5 AND COALESCE(x.school_id, '') <> $2)"
        )
    };
}

// Never disabled: whoever staged the import, else nobody could repair it.
macro_rules! spared {
    () => {
        concat!("(p.id = $4 OR ", above!("p.id"), ")")
    };
}

macro_rules! is_switched_off {
    () => {
        concat!(
            "(s.enabled = 0 AND p.disabled_at IS NULL AND NOT ",
            spared!(),
            ")"
        )
    };
}

macro_rules! person_changes {
    () => {
        concat!(
            "(((p.given_name <> s.given_name OR p.family_name <> s.family_name) AND NOT ",
            above!("p.id"),
            ") OR (s.enabled = 1 AND p.disabled_at IS NOT NULL) OR ",
            is_switched_off!(),
            ")"
        )
    };
}

macro_rules! named_by_file {
    ($column:literal) => {
        concat!(
            $column,
            " = CASE WHEN ",
            above!("p.id"),
            " THEN p.",
            $column,
            " ELSE s.",
            $column,
            " END, "
        )
    };
}

macro_rules! same_place {
    () => {
        "r.import_id = s.import_id AND r.batch = s.batch AND r.ord = s.ord"
    };
}

// A grant of an earlier import that is still open, and not the stager's own.
macro_rules! imported_grant {
    () => {
        concat!(
            "g.source = 'import' AND g.school_id = $2 AND g.person_id <> $4 AND ",
            open!("g")
        )
    };
}

macro_rules! grant_ends {
    () => {
        concat!(
            "g.person_id = s.target AND ",
            imported_grant!(),
            " AND NOT EXISTS (SELECT 1 FROM import_roles r WHERE ",
            same_place!(),
            " AND r.role = g.role)"
        )
    };
}

// `+ 0`: or PostgreSQL, before it has counted the staged roles, looks them up by the role instead of their place.
macro_rules! grant_is_redated {
    () => {
        concat!(
            same_place!(),
            " AND g.person_id = s.target AND g.role = r.role + 0 AND ",
            imported_grant!(),
            " AND (g.begins_at <> COALESCE(r.begins_at, g.begins_at)
                   OR g.ends_at IS DISTINCT FROM r.ends_at)"
        )
    };
}

// Not where an import's grant is open already, which is redated, nor where people granted as much.
macro_rules! role_is_granted {
    () => {
        concat!(
            same_place!(),
            " AND (r.ends_at IS NULL OR r.ends_at > $3) AND NOT EXISTS (
                SELECT 1 FROM grants g
                WHERE g.person_id = s.target AND g.role = r.role AND g.school_id = $2 AND ",
            open!("g"),
            " AND (g.source = 'import'
                   OR (g.begins_at <= COALESCE(r.begins_at, $3)
                       AND COALESCE(g.ends_at, 9223372036854775807)
                           >= COALESCE(r.ends_at, 9223372036854775807))))"
        )
    };
}

// Nobody who may sign in and administers the school now.
macro_rules! no_administrator {
    () => {
        concat!(
            "(p.id IS NULL OR p.disabled_at IS NOT NULL OR NOT EXISTS (
                SELECT 1 FROM grants g WHERE g.person_id = s.target AND g.role + 0 = $5
                   AND g.school_id = $2 AND g.begins_at <= $3 AND ",
            open!("g"),
            "))"
        )
    };
}

// By a grant that the file gives or redates, or because somebody who has one may sign in again. One that begins later
// counts when the file gives it, not each time the file says it again.
macro_rules! administers_then {
    () => {
        concat!(
            "(s.enabled = 1 AND (EXISTS (SELECT 1 FROM import_roles r WHERE r.role + 0 = $5 AND ",
            role_is_granted!(),
            ") OR EXISTS (SELECT 1 FROM import_roles r, grants g WHERE r.role + 0 = $5 AND ",
            grant_is_redated!(),
            ") OR (p.disabled_at IS NOT NULL AND (
                EXISTS (SELECT 1 FROM import_roles r WHERE r.role + 0 = $5 AND ",
            same_place!(),
            " AND ",
            open!("r"),
            ") OR EXISTS (SELECT 1 FROM grants g WHERE g.person_id = s.target AND g.role + 0 = $5
                             AND g.school_id = $2 AND g.source IS NULL AND ",
            open!("g"),
            ")))))"
        )
    };
}

/// Somebody of the school whom people created and whose login a new person of the file has becomes that person.
pub(super) const ADOPT: &str = "UPDATE import_people AS s SET target = a.person_id
    FROM accounts a JOIN people q ON q.id = a.person_id
    WHERE s.import_id = $1 AND s.batch BETWEEN $6 AND $7 AND s.reason = ''
      AND a.login_key = s.login_key AND q.school_id = $2 AND q.source IS NULL
      AND NOT EXISTS (SELECT 1 FROM people p WHERE p.id = s.person_id)";

/// Batch, place, role, period and person asked for of each grant that would be given or get other dates.
pub(super) const GRANTS_WANTED: &str = concat!(
    "SELECT s.batch, s.ord, r.role, COALESCE(r.begins_at, $3), r.ends_at, s.person_id
     FROM import_people s, import_roles r WHERE ",
    looked_at!(),
    " AND ",
    role_is_granted!(),
    " UNION ALL
     SELECT s.batch, s.ord, r.role, COALESCE(r.begins_at, g.begins_at), r.ends_at, s.person_id
     FROM import_people s, import_roles r, grants g WHERE ",
    looked_at!(),
    " AND ",
    grant_is_redated!()
);

/// Place, person asked for, person changed and outcome of each, as if none were refused, whether they become an
/// administrator of the school, and whether they are disabled.
pub(super) const OUTCOMES: &str = concat!(
    "SELECT s.ord, s.person_id, s.target,
            CASE WHEN p.id IS NULL THEN 'new' WHEN s.target <> s.person_id THEN 'adopted'
                 WHEN a.login IS NULL OR a.login <> s.login OR ",
    person_changes!(),
    " OR EXISTS (SELECT 1 FROM grants g WHERE ",
    grant_ends!(),
    ") OR EXISTS (SELECT 1 FROM import_roles r, grants g WHERE ",
    grant_is_redated!(),
    ") OR EXISTS (SELECT 1 FROM import_roles r WHERE ",
    role_is_granted!(),
    ") THEN 'changed' ELSE 'unchanged' END,
            CASE WHEN ",
    no_administrator!(),
    " AND ",
    administers_then!(),
    " THEN 1 ELSE 0 END, CASE WHEN p.id IS NOT NULL AND ",
    is_switched_off!(),
    " THEN 1 ELSE 0 END
     FROM import_people s LEFT JOIN people p ON p.id = s.target
     LEFT JOIN accounts a ON a.person_id = s.target
     WHERE ",
    looked_at!(),
    " ORDER BY s.ord"
);

macro_rules! is_absent {
    () => {
        concat!(
            "p.school_id = $2 AND p.disabled_at IS NULL
             AND EXISTS (SELECT 1 FROM import_absences b
                         WHERE b.import_id = $1 AND b.person_id = p.id)
             AND NOT EXISTS (SELECT 1 FROM import_people s
                             WHERE s.import_id = $1 AND s.target = p.id) AND NOT ",
            spared!()
        )
    };
}

/// How many of the absent would be disabled.
pub(super) const DISABLED: &str = concat!(
    "SELECT COUNT(*) FROM people p WHERE ",
    is_absent!(),
    " AND EXISTS (SELECT 1 FROM import_absences b
          WHERE b.import_id = $1 AND b.person_id = p.id AND b.batch BETWEEN $6 AND $7)"
);

macro_rules! refusal {
    ($reason:literal, $field:literal, $rest:expr) => {
        concat!(
            " UNION ALL SELECT s.batch, s.ord, s.person_id, '",
            $reason,
            "', '",
            $field,
            "', '' FROM import_people s ",
            $rest,
            " AND ",
            looked_at!()
        )
    };
}

/// Why rows are refused: batch, place, person asked for, reason, field, message. Those of the first row first, 5000 at most.
///
/// A place in the import is one number, not a pair, or SQLite would look it up by the pair and read half the import.
///
/// Somebody whom an earlier import named has to be named again, or be absent: so while only one batch is looked at, a
/// login of theirs may still be given up by a batch to come.
pub(super) const REFUSALS: &str = concat!(
    "SELECT s.batch, s.ord, s.person_id, s.reason, s.field, s.message FROM import_people s
     WHERE s.reason <> '' AND ",
    looked_at!(),
    refusal!(
        "PERSON_TWICE",
        "person_id",
        "WHERE EXISTS (SELECT 1 FROM import_people t WHERE t.import_id = s.import_id
             AND t.target = s.target AND (t.batch * 1000 + t.ord) < (s.batch * 1000 + s.ord))"
    ),
    refusal!(
        "PERSON_ELSEWHERE",
        "person_id",
        "JOIN people p ON p.id = s.person_id WHERE COALESCE(p.school_id, '') <> $2"
    ),
    refusal!(
        "LOGIN_TAKEN",
        "login",
        "WHERE s.login_key <> '' AND EXISTS (SELECT 1 FROM import_people t
             WHERE t.import_id = s.import_id AND t.login_key = s.login_key
               AND (t.batch * 1000 + t.ord) < (s.batch * 1000 + s.ord))"
    ),
    refusal!(
        "LOGIN_TAKEN",
        "login",
        "JOIN accounts o ON o.login_key = s.login_key JOIN people q ON q.id = o.person_id
         WHERE o.person_id <> s.target
           AND NOT (COALESCE(q.school_id, '') = $2
                    AND EXISTS (SELECT 1 FROM import_people t
                                WHERE t.import_id = s.import_id AND t.target = o.person_id))
           AND NOT ($6 = $7 AND COALESCE(q.school_id, '') = $2 AND COALESCE(q.source, '') = 'import'
                    AND NOT EXISTS (SELECT 1 FROM import_absences b
                                    WHERE b.import_id = $1 AND b.person_id = q.id))"
    ),
    refusal!(
        "PERSON_CHANGED",
        "login",
        "LEFT JOIN accounts a ON a.person_id = s.target
         WHERE s.target <> s.person_id AND COALESCE(a.login_key, '') <> s.login_key"
    ),
    refusal!(
        "PERSON_ABOVE",
        "login",
        concat!(
            "JOIN accounts a ON a.person_id = s.target
             WHERE s.reason = '' AND a.login_key <> s.login_key AND ",
            above!("s.target")
        )
    ),
    " ORDER BY 1, 2 LIMIT 5000"
);

/// The statements that take an import over, in their order.
pub(super) const COMMIT: [&str; 11] = [
    // Logins that change are given up first, so that two people can swap theirs: no login has a slash.
    "UPDATE accounts AS a SET login_key = '/' || a.person_id FROM import_people s
     WHERE s.import_id = $1 AND s.target = a.person_id AND s.login_key <> a.login_key",
    // Whoever is there already conflicts. Joined instead, a table that was empty when this began is read for every row.
    "INSERT INTO people (id, tenant, school_id, given_name, family_name, given_key, family_key,
                         disabled_at, created_at, source)
     SELECT s.target, $2, $2, s.given_name, s.family_name, s.given_key, s.family_key,
            CASE WHEN s.enabled = 1 THEN NULL ELSE $3 END, $3, 'import'
     FROM import_people s WHERE s.import_id = $1 ON CONFLICT DO NOTHING",
    concat!(
        "UPDATE people AS p SET ",
        named_by_file!("given_name"),
        named_by_file!("family_name"),
        named_by_file!("given_key"),
        named_by_file!("family_key"),
        "source = 'import',
             disabled_at = CASE WHEN s.enabled = 1 THEN NULL WHEN p.disabled_at IS NOT NULL
                                THEN p.disabled_at WHEN ",
        spared!(),
        " THEN NULL ELSE $3 END
         FROM import_people s WHERE s.import_id = $1 AND p.id = s.target
           AND p.school_id = $2 AND (p.source IS NULL OR ",
        person_changes!(),
        ")"
    ),
    "UPDATE accounts AS a SET login = s.login, login_key = s.login_key, updated_at = $3
     FROM import_people s WHERE s.import_id = $1 AND s.target = a.person_id
       AND (a.login <> s.login OR a.login_key <> s.login_key)",
    "INSERT INTO accounts (person_id, tenant, login, login_key, password_hash, created_at, updated_at)
     SELECT s.target, $2, s.login, s.login_key, '', $3, $3
     FROM import_people s WHERE s.import_id = $1 ON CONFLICT DO NOTHING",
    concat!("UPDATE people AS p SET disabled_at = $3 WHERE ", is_absent!()),
    "UPDATE sessions SET ended_at = $3 WHERE ended_at IS NULL AND person_id IN
         (SELECT p.id FROM people p WHERE p.school_id = $2 AND p.disabled_at IS NOT NULL)",
    concat!(
        "UPDATE grants AS g SET ends_at = $3 FROM import_people s WHERE s.import_id = $1 AND ",
        grant_ends!()
    ),
    concat!(
        "UPDATE grants AS g SET begins_at = COALESCE(r.begins_at, g.begins_at),
             ends_at = CASE WHEN r.ends_at < $3 THEN $3 ELSE r.ends_at END
         FROM import_people s, import_roles r WHERE s.import_id = $1 AND ",
        grant_is_redated!()
    ),
    concat!(
        "INSERT INTO grants (id, tenant, person_id, role, school_id, begins_at, ends_at, granted_by,
                             created_at, source)
         SELECT r.grant_id, $2, s.target, r.role, $2, COALESCE(r.begins_at, $3), r.ends_at, $4, $3,
                'import'
         FROM import_people s, import_roles r WHERE s.import_id = $1 AND ",
        role_is_granted!()
    ),
    // A code handed out before was meant for less: whoever holds it must not become an administrator by it.
    concat!(
        "DELETE FROM first_use_codes WHERE person_id IN (
             SELECT s.target FROM import_people s, import_roles r, grants g
             WHERE s.import_id = $1 AND ",
        same_place!(),
        " AND r.role + 0 >= $5 AND g.id = r.grant_id)"
    ),
];

/// Grants of earlier imports to those who are absent now.
pub(super) const END_GRANTS_OF_ABSENT: &str = concat!(
    "UPDATE grants AS g SET ends_at = $3 WHERE ",
    imported_grant!(),
    " AND EXISTS (SELECT 1 FROM import_absences b
                  WHERE b.import_id = $1 AND b.person_id = g.person_id)
      AND NOT EXISTS (SELECT 1 FROM import_people s
                      WHERE s.import_id = $1 AND s.target = g.person_id)"
);
