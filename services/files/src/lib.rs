//! Spaces, folders, uploads, reads.
