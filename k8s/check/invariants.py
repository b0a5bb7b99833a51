"""invariants.py RENDERED...: asserts what schemas and scanners do not know. One line for each thing that is wrong."""

import sys
from pathlib import Path

import source
from objects import Objects
from rules import EVERYWHERE, every_role


def faults(path):
    """What is wrong with one rendered folder. A first start is not a whole platform."""
    objects = Objects.read(path)
    rules = EVERYWHERE + ([] if path.stem.endswith("bootstrap") else [every_role])
    return [fault for rule in rules for fault in rule(objects, source)]


def main(paths):
    found = [f"{path.stem}: {fault}" for path in paths for fault in faults(path)]
    missing = sorted(set(source.roles()) - set(source.role_folders()))
    found += [f"role {role}: no folder k8s/base/{role}: README.md says how to add one" for role in missing]
    for fault in found:
        print(f"error: {fault}", file=sys.stderr)
    print(f"{len(paths)} renders, {len(EVERYWHERE) + 1} rules, {len(found)} faults")
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main([Path(path) for path in sys.argv[1:]]))
