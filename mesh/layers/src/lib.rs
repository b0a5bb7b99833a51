//! The mesh's tower layers and their order.
