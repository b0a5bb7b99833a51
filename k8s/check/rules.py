"""What must hold for every pod, and for the roles among each other. Each rule answers what is wrong, in words."""

from objects import COMPONENT, LASTING, WORKLOADS, containers, labels, opens, pod, selects, title

ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
# Where the image has the program, and what its pods mount.
PROGRAM, CONFIG = "/usr/local/bin/preau", ["--config", "/etc/preau/preau.toml"]
RESTRICTED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# The Secrets that README.md says how to make. None is rendered: none has its value in the repository.
SECRETS = {"database", "first-admin", "gateway-tls", "join", "kek"}
# Named among the peers because the loopback gateway beside control would otherwise warn of it at every start, and
# closed all the same: making join tokens takes control and identity.
CLOSED = {("control", "roster"), ("control", "files"), ("control", "classroom"), ("control", "devices"),
          ("control", "apps")}


def restricted(objects, _source):
    for each in objects.of(*WORKLOADS):
        context = pod(each).get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("runAsUser", 0) < 10000:
            yield f"{title(each)}: may run as root, or as a user that the node has too"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{title(each)}: no seccomp profile"
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            if pod(each).get(host):
                yield f"{title(each)}: {host}"
        allowed = {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "name"}
        for volume in pod(each).get("volumes", []):
            if not set(volume) <= allowed:
                yield f"{title(each)}: volume {volume['name']}: not of a kind that restricted pods have here"
        for container in containers(each):
            if container.get("securityContext") != RESTRICTED_CONTAINER:
                yield f"{title(each)}: container {container['name']}: not restricted"


def accounts(objects, _source):
    for each in objects.of(*WORKLOADS):
        name = pod(each).get("serviceAccountName", "default")
        account = objects.named("ServiceAccount", name)
        if account is None or account.get("automountServiceAccountToken") is not False:
            yield f"{title(each)}: no account of its own without a token"
        if pod(each).get("automountServiceAccountToken") is not False:
            yield f"{title(each)}: mounts a token of the Kubernetes API"
        if pod(each).get("enableServiceLinks") is not False:
            yield f"{title(each)}: service links on: the program refuses PREAU_ variables that it does not know"


def volumes(objects, _source):
    for each in objects.of(*WORKLOADS):
        claims = [volume for volume in pod(each).get("volumes", []) if "persistentVolumeClaim" in volume]
        claims += each["spec"].get("volumeClaimTemplates", [])
        if claims and pod(each)["securityContext"].get("fsGroupChangePolicy") != "OnRootMismatch":
            yield f"{title(each)}: every mount opens the keys on the volume to the group: the program refuses such keys"


def resources(objects, source):
    for each in objects.of(*WORKLOADS):
        for container in containers(each):
            for side in ("requests", "limits"):
                if not {"cpu", "memory"} <= set(container.get("resources", {}).get(side, {})):
                    yield f"{title(each)}: container {container['name']}: no {side} of both processor and memory"
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in container["image"] and tag != source.version():
                image = f"image {container['image']} is not {source.version()}"
                yield f"{title(each)}: container {container['name']}: {image}"


def probes(objects, source):
    for each in objects.of(*LASTING):
        for name in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = pod(each)["containers"][0].get(name, {})
            how = set(probe) & {"tcpSocket", "httpGet", "grpc", "exec"}
            if len(how) != 1:
                yield f"{title(each)}: {name}: {len(how)} ways to probe instead of one"
            yield from asked(f"{title(each)}: {name}", name == "readinessProbe", probe, source)


def asked(where, readiness, probe, source):
    """Whether a role elsewhere is there decides who is sent traffic, never who is killed."""
    command = probe.get("exec", {}).get("command", [])
    if "tcpSocket" in probe:
        yield f"{where}: an open port tells nothing: the program has it before it serves"
    if readiness and command[:3] != [PROGRAM, "probe", "ready"]:
        yield f"{where}: does not ask the process whether it is ready"
    if not readiness and "ready" in command:
        yield f"{where}: kills the pod when another role is away"
    if command and (command[0] != PROGRAM or command[3:] != CONFIG):
        yield f"{where}: not the program with the configuration of its pod"
    if command and probe.get("timeoutSeconds", 1) <= source.probe_seconds():
        yield f"{where}: given up on before the program gives up ({source.probe_seconds()} s)"


def budgets(objects, _source):
    for each in objects.of(*LASTING):
        found = [one for one in objects.of("PodDisruptionBudget") if selects(one["spec"]["selector"], labels(each))]
        if len(found) != 1:
            yield f"{title(each)}: {len(found)} disruption budgets instead of one"
        elif found[0]["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{title(each)}: its budget keeps broken pods on a node that is drained"


def spread(objects, _source):
    for each in objects.of(*LASTING):
        constraints = pod(each).get("topologySpreadConstraints", [])
        fitting = {one["topologyKey"] for one in constraints if selects(one["labelSelector"], labels(each))}
        missing = {ZONE, NODE} - fitting
        if missing:
            yield f"{title(each)}: not spread over {', '.join(sorted(missing))}"


def ending(objects, source):
    for each in objects.of(*LASTING):
        stop = pod(each)["containers"][0].get("lifecycle", {}).get("preStop", {})
        sleep = stop.get("sleep", {}).get("seconds", 0)
        needed = sleep + source.drain_seconds()
        if sleep == 0:
            yield f"{title(each)}: ends before others know that it is going: give it a preStop"
        if pod(each).get("terminationGracePeriodSeconds", 30) <= needed:
            yield f"{title(each)}: killed while it drains: preStop and drain take {needed} s"


def closed_network(objects, _source):
    both = {"Ingress", "Egress"}
    whole = [one["spec"] for one in objects.of("NetworkPolicy") if one["spec"]["podSelector"] == {}]
    if not any(set(spec["policyTypes"]) == both and not {"ingress", "egress"} & set(spec) for spec in whole):
        yield "no policy that denies everything by default"
    for each in objects.of(*LASTING):
        types = [set(policy["spec"]["policyTypes"]) for policy in objects.policies_of(each)]
        if both not in types:
            yield f"{title(each)}: no network policy of its own"


def secrets(objects, _source):
    for each in objects.of("Secret"):
        yield f"{title(each)}: rendered: a secret's value is in the repository"
    for each in objects.of(*WORKLOADS):
        named = {volume["secret"]["secretName"] for volume in pod(each).get("volumes", []) if "secret" in volume}
        for container in containers(each):
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {})
                if "secretKeyRef" in source:
                    named.add(source["secretKeyRef"]["name"])
        for unknown in sorted(named - SECRETS):
            yield f"{title(each)}: Secret {unknown}: README.md does not say how to make it"


def skips(objects, _source):
    for each in objects.all:
        for key, value in each["metadata"].get("annotations", {}).items():
            reason = value.partition("=")[2]
            if key.startswith("checkov.io/skip") and len(reason.split()) < 5:
                yield f"{title(each)}: {key}: no reason"


def configuration(objects, source):
    keys, variables = source.configuration()
    for each in objects.of(*WORKLOADS):
        for key in flat(objects.configuration(each) or {}):
            if key not in keys and key.rpartition(".")[0] != "mesh.peers":
                yield f"{title(each)}: preau.toml: unknown key {key}"
        for container in containers(each):
            for variable in container.get("env", []):
                if variable["name"].startswith("PREAU_") and variable["name"] not in variables:
                    yield f"{title(each)}: unknown variable {variable['name']}"


def flat(table, before=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield before + key


def every_role(objects, source):
    """For what renders a whole platform."""
    for role in source.roles():
        workload = objects.component(role)
        if workload is None:
            yield f"role {role}: no workload with the label {COMPONENT}: {role}"
            continue
        args = pod(workload)["containers"][0]["args"]
        served = args[args.index("--roles") + 1].split(",")
        if role not in served:
            yield f"{title(workload)}: serves {', '.join(served)}"
        yield from arrows(objects, source, role, workload)


def arrows(objects, source, role, workload):
    """A role reaches those that its preau.toml names, and the network lets it; nobody else."""
    peers = objects.configuration(workload)["mesh"]["peers"]
    for other in source.roles():
        callee = objects.component(other)
        if callee is None or other == role:
            continue
        leaving = [rule for one in objects.policies_of(workload) for rule in one["spec"].get("egress", [])]
        coming = [rule for one in objects.policies_of(callee) for rule in one["spec"].get("ingress", [])]
        out = opens(leaving, "to", labels(callee), "mesh")
        into = opens(coming, "from", labels(workload), "mesh")
        wanted = other in peers and (role, other) not in CLOSED
        if (out, into) != (wanted, wanted):
            says = "calls" if wanted else "does not call"
            yield f"{role} {says} {other}, and network policies say: out {out}, in {into}"
        if other in peers:
            yield from address(objects, role, other, peers[other], callee)


def first_start(objects, _source):
    """control is ready by the keys of identity, which joins at control: one of them is found before it is ready."""
    control = objects.named("Service", "control")
    if control is not None and control["spec"].get("publishNotReadyAddresses") is not True:
        yield "Service control: found only when ready: control and identity wait for each other at the first start"


def address(objects, role, other, peer, callee):
    name, _, port = peer.partition(":")
    service = objects.named("Service", name)
    if service is None or not selects({"matchLabels": service["spec"]["selector"]}, labels(callee)):
        yield f"{role}: peer {other} at {peer}: no Service there that leads to it"
    elif port not in [str(one["port"]) for one in service["spec"]["ports"]]:
        yield f"{role}: peer {other} at {peer}: that Service has no such port"


EVERYWHERE = [
    restricted,
    accounts,
    volumes,
    resources,
    probes,
    first_start,
    budgets,
    spread,
    ending,
    closed_network,
    secrets,
    skips,
    configuration,
]
