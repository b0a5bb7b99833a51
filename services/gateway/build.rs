//! The pages of `ui/dist` are embedded: a new build of them is a new build of this crate.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=ui/dist");
}
