//! Stories over the whole platform.

#![expect(clippy::unwrap_used, reason = "tests")]

mod agents;
mod bad_input;
mod cli;
mod crash;
mod damage;
mod demonstration;
mod disk;
mod door;
mod first_use;
mod five_hundred;
mod fleet;
mod importing;
mod imports;
mod imports_bad;
mod imports_crash;
mod imports_power;
mod lessons;
mod lifecycle;
mod many_files;
mod matrix;
mod mesh_port;
mod postgres;
mod privacy;
mod probes;
mod publishing;
mod roster_cli;
mod school;
mod tls_cli;
mod two_processes;
mod walking_skeleton;
