"""Each rule finds what it is for: manifests as rendered, with one thing broken. RENDERED names their folder."""

import copy
import os
import unittest
from pathlib import Path

import source
from objects import COMPONENT, Objects, pod
from rules import EVERYWHERE, every_role

RENDERED = Path(os.environ["RENDERED"])


def faults(objects):
    return [fault for rule in [*EVERYWHERE, every_role] for fault in rule(objects, source)]


class Rules(unittest.TestCase):
    def setUp(self):
        self.before = Objects.read(RENDERED / "overlays-demo.yaml")
        self.objects = Objects(copy.deepcopy(self.before.all))
        self.gateway = self.objects.named("StatefulSet", "gateway")
        self.container = pod(self.gateway)["containers"][0]

    def finds(self, words):
        new = set(faults(self.objects)) - set(faults(self.before))
        self.assertTrue(any(words in fault for fault in new), f"{words!r} is not among {sorted(new)}")

    def remove(self, kind, name):
        self.objects.all.remove(self.objects.named(kind, name))

    def test_a_role_without_a_workload_is_found(self):
        self.remove("StatefulSet", "roster")
        self.finds("role roster: no workload")

    def test_a_workload_that_serves_another_role_is_found(self):
        self.container["args"][2] = "files"
        self.finds("StatefulSet gateway: serves files")

    def test_a_container_that_may_write_its_root_is_found(self):
        self.container["securityContext"]["readOnlyRootFilesystem"] = False
        self.finds("container preau: not restricted")

    def test_a_root_user_is_found(self):
        pod(self.gateway)["securityContext"]["runAsUser"] = 0
        self.finds("may run as root")

    def test_a_volume_of_the_node_is_found(self):
        pod(self.gateway)["volumes"].append({"name": "node", "hostPath": {"path": "/"}})
        self.finds("volume node")

    def test_a_token_of_the_api_is_found(self):
        self.objects.named("ServiceAccount", "gateway")["automountServiceAccountToken"] = True
        self.finds("no account of its own without a token")

    def test_service_links_are_found(self):
        del pod(self.gateway)["enableServiceLinks"]
        self.finds("service links on")

    def test_volumes_whose_keys_are_opened_are_found(self):
        del pod(self.gateway)["securityContext"]["fsGroupChangePolicy"]
        self.finds("every mount opens the keys")

    def test_missing_limits_and_another_version_are_found(self):
        del self.container["resources"]["limits"]["memory"]
        self.container["image"] = "registry.example.fr:5000/preau:latest"
        self.finds("no limits of both")
        self.finds("preau:latest is not")

    def test_no_probe_and_two_at_once_are_found(self):
        del self.container["readinessProbe"]
        self.container["livenessProbe"]["tcpSocket"] = {"port": "mesh"}
        self.finds("readinessProbe: 0 ways")
        self.finds("livenessProbe: 2 ways")

    def test_probes_that_tell_nothing_or_kill_for_others_are_found(self):
        roster = pod(self.objects.named("StatefulSet", "roster"))["containers"][0]
        roster["readinessProbe"] = {"tcpSocket": {"port": "mesh"}}
        roster["livenessProbe"]["exec"]["command"][2] = "ready"
        roster["startupProbe"]["exec"]["command"][0] = "preau"
        roster["startupProbe"]["timeoutSeconds"] = source.probe_seconds()
        self.finds("readinessProbe: an open port tells nothing")
        self.finds("readinessProbe: does not ask the process")
        self.finds("livenessProbe: kills the pod when another role is away")
        self.finds("startupProbe: not the program")
        self.finds("startupProbe: given up on")

    def test_a_control_that_is_found_only_when_ready_is_found(self):
        del self.objects.named("Service", "control")["spec"]["publishNotReadyAddresses"]
        self.finds("wait for each other")

    def test_a_missing_budget_is_found(self):
        self.remove("PodDisruptionBudget", "gateway")
        self.finds("0 disruption budgets")

    def test_pods_that_are_not_spread_are_found(self):
        pod(self.gateway)["topologySpreadConstraints"].pop()
        self.finds("not spread over kubernetes.io/hostname")

    def test_an_end_before_the_drain_is_found(self):
        pod(self.gateway)["terminationGracePeriodSeconds"] = source.drain_seconds()
        self.finds("killed while it drains")

    def test_an_open_network_is_found(self):
        self.objects.named("NetworkPolicy", "default-deny")["spec"]["ingress"] = [{}]
        self.remove("NetworkPolicy", "gateway")
        self.finds("no policy that denies everything")
        self.finds("StatefulSet gateway: no network policy of its own")

    def test_an_arrow_too_much_and_one_too_few_are_found(self):
        roster = self.objects.named("NetworkPolicy", "roster")["spec"]
        roster["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"] = ["gateway", "identity"]
        self.finds("files calls roster, and network policies say: out True, in False")
        self.finds("identity does not call roster, and network policies say: out False, in True")

    def test_a_peer_without_its_service_is_found(self):
        self.objects.named("Service", "roster")["spec"]["ports"][0]["port"] = 7444
        self.remove("Service", "identity")
        self.finds("peer roster at roster:7443: that Service has no such port")
        self.finds("peer identity at identity:7443: no Service there")

    def test_a_secret_in_the_manifests_and_an_unknown_one_are_found(self):
        self.objects.all.append({"kind": "Secret", "metadata": {"name": "kek"}, "data": {}})
        pod(self.gateway)["volumes"].append({"name": "more", "secret": {"secretName": "surprise"}})
        self.finds("Secret kek: rendered")
        self.finds("Secret surprise: README.md does not say")

    def test_a_skip_without_a_reason_is_found(self):
        self.gateway["metadata"]["annotations"]["checkov.io/skip9"] = "CKV_K8S_8=later"
        self.finds("checkov.io/skip9: no reason")

    def test_an_unknown_key_and_an_unknown_variable_are_found(self):
        volume = next(each for each in pod(self.gateway)["volumes"] if each["name"] == "config")
        self.objects.named("ConfigMap", volume["configMap"]["name"])["data"]["preau.toml"] += "colour = true\n"
        self.container["env"].append({"name": "PREAU_COLOUR", "value": "true"})
        self.finds("unknown key log.colour")
        self.finds("unknown variable PREAU_COLOUR")

    def test_labels_tell_components_apart(self):
        self.assertIs(self.objects.component("gateway"), self.gateway)
        self.gateway["spec"]["template"]["metadata"]["labels"][COMPONENT] = "roster"
        self.assertIsNone(self.objects.component("gateway"))


if __name__ == "__main__":
    unittest.main()
