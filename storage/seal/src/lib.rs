//! Sealed records: keys, format, commitment.
