//! Columns to domain types and back.

use std::str::FromStr;

use preau_kernel::access::{Role, Scope};
use preau_kernel::clock::Timestamp;
use preau_kernel::names::Name;
use preau_storage_database::Row;

use super::StoreError;
use crate::domain::directory::Home;
use crate::domain::grants::{DatedGrant, On, Period};

/// Reads typed columns of one table's row; a value that does not parse is damage, not a panic.
pub(super) struct Columns<'a> {
    row: &'a Row,
    table: &'static str,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a Row, table: &'static str) -> Columns<'a> {
        Columns { row, table }
    }

    pub(super) fn parse<T: FromStr>(&self, at: usize, what: &'static str) -> Result<T, StoreError> {
        self.row.str(at)?.parse().map_err(|_| self.damaged(what))
    }

    pub(super) fn parse_opt<T: FromStr>(
        &self,
        at: usize,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let text = self.row.opt_text(at)?;
        text.map(|text| text.parse().map_err(|_| self.damaged(what)))
            .transpose()
    }

    pub(super) fn name(&self, at: usize) -> Result<Name, StoreError> {
        Name::parse(self.row.str(at)?).map_err(|_| self.damaged("name"))
    }

    pub(super) fn time(&self, at: usize) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.row.int(at)?))
    }

    pub(super) fn time_opt(&self, at: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.row.opt_int(at)?.map(Timestamp))
    }

    /// A school's id at `at` and its authority's beside it; both null for the platform.
    pub(super) fn home(&self, at: usize) -> Result<Home, StoreError> {
        let school = self.parse_opt(at, "school id")?;
        let authority = self.parse_opt(at + 1, "authority id")?;
        match (school, authority) {
            (None, None) => Ok(Home::Platform),
            (Some(id), Some(authority)) => Ok(Home::School { id, authority }),
            _ => Err(self.damaged("home")),
        }
    }

    pub(super) fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Damaged {
            table: self.table,
            what,
        }
    }
}

/// The columns of [`grant`], for statements that join `grants g` with the grant's `schools gs`.
macro_rules! grant_columns {
    () => {
        "g.id, g.person_id, g.role, g.authority_id, g.school_id, gs.authority_id, g.begins_at, g.ends_at"
    };
}
pub(super) use grant_columns;

/// A grant from the columns of [`grant_columns`].
pub(super) fn grant(row: &Row) -> Result<DatedGrant, StoreError> {
    let columns = Columns::of(row, "grants");
    let on = match (
        columns.parse_opt(3, "authority id")?,
        columns.parse_opt(4, "school id")?,
    ) {
        (None, None) => On {
            scope: Scope::Platform,
            authority: None,
        },
        (Some(id), None) => On {
            scope: Scope::Authority(id),
            authority: Some(id),
        },
        (None, Some(id)) => On {
            scope: Scope::School(id),
            authority: columns.parse_opt(5, "authority id")?,
        },
        (Some(_), Some(_)) => return Err(columns.damaged("scope")),
    };
    Ok(DatedGrant {
        id: columns.parse(0, "grant id")?,
        person: columns.parse(1, "person id")?,
        role: role(row.int(2)?).ok_or_else(|| columns.damaged("role"))?,
        on,
        period: Period {
            begins: columns.time(6)?,
            ends: columns.time_opt(7)?,
        },
    })
}

/// The scope's two columns: an authority's id, a school's id; both null for the platform.
pub(super) fn scope_columns(scope: Scope) -> (Option<String>, Option<String>) {
    match scope {
        Scope::Platform => (None, None),
        Scope::Authority(id) => (Some(id.to_string()), None),
        Scope::School(id) => (None, Some(id.to_string())),
    }
}

/// Roles are stored by the contract's numbers, which never change.
pub(super) fn role_number(role: Role) -> i64 {
    i64::from(i32::from(preau_rpc::convert::wire_role(role)))
}

pub(super) fn role(number: i64) -> Option<Role> {
    let wire = preau_proto::policy::v1::Role::try_from(i32::try_from(number).ok()?).ok()?;
    preau_rpc::convert::role(wire)
}
