//! Classes and enrolments.
