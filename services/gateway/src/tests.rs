//! The edge over a real mesh, driven by raw HTTP clients.

mod calls;
mod connections;
mod device_sessions;
mod devices;
mod downloads;
mod fleet;
mod limits;
mod pages;
mod paths;
mod principals;
mod roles;
mod secured;
mod sessions;
mod stand;
mod tls;
mod web;
