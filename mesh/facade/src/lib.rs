//! The mesh as a service author sees it.
