//! The pages of `ui/dist` are embedded: a new build of them is a new build of this crate.

fn main() {
    // A path that is not there counts as changed every time; an empty folder does not. Where none can be made, the
    // crate is only built more often than it need be.
    let _ = std::fs::create_dir_all("ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=ui/dist");
}
