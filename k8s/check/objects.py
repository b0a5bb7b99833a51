"""Rendered manifests as the rules look at them: objects by kind, pods, who selects whom."""

import tomllib

import yaml

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
# These run until they are replaced; a Job ends by itself.
LASTING = ("Deployment", "StatefulSet", "DaemonSet")
COMPONENT = "app.kubernetes.io/component"


class Objects:
    """Everything that one folder renders to."""

    def __init__(self, documents):
        self.all = [document for document in documents if document]

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(yaml.safe_load_all(file))

    def of(self, *kinds):
        return [each for each in self.all if each["kind"] in kinds]

    def named(self, kind, name):
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def component(self, name):
        """The one workload that calls itself so."""
        found = [each for each in self.of(*WORKLOADS) if labels(each).get(COMPONENT) == name]
        return found[0] if len(found) == 1 else None

    def policies_of(self, workload):
        """The network policies that mean this workload's pods by their labels, not everybody."""
        return [
            policy
            for policy in self.of("NetworkPolicy")
            if policy["spec"]["podSelector"] and selects(policy["spec"]["podSelector"], labels(workload))
        ]

    def configuration(self, workload):
        """Its preau.toml, parsed."""
        for volume in pod(workload).get("volumes", []):
            if volume["name"] == "config":
                config = self.named("ConfigMap", volume["configMap"]["name"])
                return tomllib.loads(config["data"]["preau.toml"])
        return None


def pod(workload):
    return workload["spec"]["template"]["spec"]


def labels(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def containers(workload):
    return pod(workload).get("initContainers", []) + pod(workload)["containers"]


def title(each):
    return f"{each['kind']} {each['metadata']['name']}"


def selects(selector, have):
    """Whether a label selector means a pod with these labels."""
    if any(have.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for wanted in selector.get("matchExpressions", []):
        if wanted["operator"] != "In":
            raise ValueError(f"operator {wanted['operator']} of a selector: not understood by this check: teach it")
        if have.get(wanted["key"]) not in wanted["values"]:
            return False
    return True


def opens(rules, side, have, port):
    """Whether some rule of a policy's ingress ("from") or egress ("to") lets pods with these labels through."""
    return any(
        port in [each["port"] for each in rule.get("ports", [])]
        and any("podSelector" in peer and selects(peer["podSelector"], have) for peer in rule.get(side, []))
        for rule in rules
    )
