//! Sites: object stores with a residency.
