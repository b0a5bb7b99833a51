//! The vault: chunks, uploads, manifests, placement.
