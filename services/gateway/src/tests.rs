//! The edge over a real mesh, driven by raw HTTP clients.

mod calls;
mod connections;
mod paths;
mod principals;
mod stand;
mod web;
