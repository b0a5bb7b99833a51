//! Stories over the whole platform.
