//! Bytes through the vault beside bare tonic; start-up figures.
