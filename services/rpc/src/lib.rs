//! Where the vocabulary meets the mesh: callers and failures on the wire.
