//! Workload and caller identity: SPIFFE, CA, bundles, verifiers, principal tokens.
