//! Classes and enrolments: types and rules. No I/O, no wire, no SQL.

mod class;
mod enrolment;

pub(crate) use class::{Class, School};
pub(crate) use enrolment::{Member, MyClass, Refusal, Standing};
