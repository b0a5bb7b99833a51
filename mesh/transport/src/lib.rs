//! The mesh's listener and connector.
