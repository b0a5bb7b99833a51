//! `make proto`: writes the generated code where it is checked in.

use preau_proto_codegen::{checked_in, generate_into};

fn main() -> std::io::Result<()> {
    generate_into(&checked_in())
}
