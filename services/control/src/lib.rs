//! Mesh control plane: identity issuing and join tokens.
