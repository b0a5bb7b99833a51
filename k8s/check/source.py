"""What the manifests must agree with, read where the program says it."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "services/preau/src"


def roles():
    """Every role a process can take."""
    text = (PROGRAM / "config/settings.rs").read_text(encoding="utf-8")
    found = re.search(r"const ROLES: \[&str; (\d+)\] =\s*\[([^\]]*)\]", text)
    if not found:
        raise ValueError("ROLES: services/preau/src/config/settings.rs: not found: tell k8s/check/source.py")
    names = re.findall(r'"([a-z]+)"', found[2])
    assert len(names) == int(found[1]), names
    return names


def version():
    """The version of the program, which is the tag of its image."""
    with open(ROOT / "Cargo.toml", "rb") as file:
        return tomllib.load(file)["workspace"]["package"]["version"]


def drain_seconds():
    """How long a process may take to end: its gateway, its mesh, its databases, one after the other."""
    total = 0
    for file, name in (("process", "GATEWAY_DRAIN"), ("ports", "MESH_DRAIN"), ("process", "CLOSE")):
        text = (PROGRAM / f"compose/{file}.rs").read_text(encoding="utf-8")
        found = re.search(rf"const {name}: Duration = Duration::from_secs\((\d+)\)", text)
        if not found:
            raise ValueError(f"{name}: services/preau/src/compose/{file}.rs: not found: tell k8s/check/source.py")
        total += int(found[1])
    return total


def probe_seconds():
    """How long `preau probe` may take."""
    text = (PROGRAM / "cli/probe.rs").read_text(encoding="utf-8")
    found = re.search(r"const PATIENCE: Duration = Duration::from_secs\((\d+)\)", text)
    if not found:
        raise ValueError("PATIENCE: services/preau/src/cli/probe.rs: not found: tell k8s/check/source.py")
    return int(found[1])


def configuration():
    """The keys of the configuration, and the variables of the environment."""
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    keys = set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE))
    variables = set(re.findall(r"`(PREAU_[A-Z_]+)`", text))
    assert len(keys) > 10 and variables, "docs/configuration.md: not understood"
    return keys, variables


def role_folders():
    """The roles that have a folder in the base."""
    return sorted(path.parent.name for path in (ROOT / "k8s/base").glob("*/preau.toml"))
