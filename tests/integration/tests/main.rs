//! Stories over the whole platform.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod cli;
mod crash;
mod damage;
mod disk;
mod door;
mod lifecycle;
mod matrix;
mod mesh_port;
mod postgres;
mod privacy;
mod school;
mod two_processes;
mod walking_skeleton;
