//! Bare tonic servers and channels to compare with: the same service, no mesh.
//!
//! One thing to know: [`bare::serve`], used by every benchmark that has tonic as its yardstick.

pub mod bare;
pub mod drive;
