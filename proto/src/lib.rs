//! The contract of Préau: messages, services, policies.
