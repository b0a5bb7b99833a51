//! Both sides over real loopback sockets, with a certificate authority of their own.

mod denying;
mod draining;
mod reaching;
mod refusing;
mod replacing;
mod stalling;
mod support;
