//! The contract of Préau: messages, services and the policy of every RPC.
//!
//! Three things to know: the generated modules (`files::v1`, …), one per area; [`FILE_DESCRIPTOR_SET`],
//! the compiled contract with its options; and [`contract::Contract`], the policies decoded from it, from which
//! the mesh, the authorization matrix and the API reference are derived.
//!
//! The generated code is checked in under `src/gen`; `tests/drift.rs` regenerates it and fails on a difference,
//! so nobody needs protoc and this crate has no build script. Must not know: anything else of ours.

pub mod contract;

/// The whole contract, imports and custom options included, as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptor_set.bin");

macro_rules! generated {
    ($($(#[$doc:meta])* $area:ident => $file:literal;)*) => {$(
        $(#[$doc])*
        pub mod $area {
            /// Version 1: append-only.
            #[expect(missing_docs, clippy::allow_attributes, reason = "generated; the .proto files carry the documentation")]
            pub mod v1 {
                include!(concat!("gen/", $file));
            }
        }
    )*};
}

generated! {
    /// Releases, what schools are to have of them, and how devices get it.
    apps => "preau.apps.v1.rs";
    /// Lessons.
    classroom => "preau.classroom.v1.rs";
    /// Mesh control plane.
    control => "preau.control.v1.rs";
    /// The fleet: enrolment, commands, credentials of devices.
    devices => "preau.devices.v1.rs";
    /// Spaces, folders and files.
    files => "preau.files.v1.rs";
    /// Sessions and the directory of people.
    identity => "preau.identity.v1.rs";
    /// Calls every role answers.
    mesh => "preau.mesh.v1.rs";
    /// Classes and enrolments.
    roster => "preau.roster.v1.rs";
}

/// Options that carry the policy of a method and the nature of a field.
pub mod policy {
    /// Version 1: append-only.
    #[expect(
        missing_docs,
        reason = "generated; the .proto files carry the documentation"
    )]
    pub mod v1 {
        include!("gen/preau.policy.v1.rs");
    }
}
