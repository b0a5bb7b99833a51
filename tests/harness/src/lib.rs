//! Starts the binary and drives it through its public surfaces.
