//! The edge over a real mesh, driven by raw HTTP clients.

mod calls;
mod connections;
mod downloads;
mod limits;
mod pages;
mod paths;
mod principals;
mod roles;
mod sessions;
mod stand;
mod tls;
mod web;
