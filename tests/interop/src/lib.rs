//! Foreign clients against the gateway.
