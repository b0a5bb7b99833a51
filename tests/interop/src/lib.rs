//! Foreign clients against the gateway: what other people's libraries do with
//! our contract and our bytes.
//!
//! Two clients, each a program of its own: `python/client.py` (grpcio, native
//! gRPC over HTTP/2) and `node/client.mjs` (connect-web's gRPC-web transport over
//! HTTP/1.1). `tests/main.rs` generates their code from `proto/`, starts a
//! platform and runs them. A missing tool fails; nothing is skipped.
