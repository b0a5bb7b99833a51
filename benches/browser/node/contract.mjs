// The contract's services from its descriptor set: no generated code to keep.

import { readFileSync } from "node:fs";

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** A function from a service's full name to its description. */
export function services(path) {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return (name) => {
    const service = registry.getService(name);
    if (!service) throw new Error(`${path}: no service ${name}`);
    return service;
  };
}
