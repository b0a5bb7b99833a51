//! Authorities, schools, people, grants, accounts, sessions.
