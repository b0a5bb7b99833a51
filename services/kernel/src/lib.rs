//! Shared vocabulary: ids, principal, relations, errors, paging.
