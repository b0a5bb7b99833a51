//! The edge: gRPC-web and native gRPC to the mesh.
