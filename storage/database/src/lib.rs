//! One portable SQL seam over SQLite and PostgreSQL.
