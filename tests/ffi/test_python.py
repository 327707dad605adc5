# SPDX-License-Identifier: MIT
"""The Python binding against the built library, which HIDP_LIBRARY names.

    test_python.py DIRECTORY_OF_HIDP_PY
"""

import ctypes
import json
import sys
import threading
import unittest

import layout

sys.path.insert(0, sys.argv.pop(1))
import hidp  # noqa: E402

STRUCTS = {
    "hidp_diagnostic": hidp._Diagnostic,
    "hidp_plan_options": hidp.PlanOptions,
    "hidp_plan_figures": hidp.Figures,
    "hidp_node_figures": hidp.NodeFigures,
    "hidp_task_info": hidp.Task,
    "hidp_node_desc": hidp.NodeDesc,
}

MODEL = {
    "format": "hidp-model",
    "version": 1,
    "name": "small",
    "layers": [
        {"name": "image", "op": "input", "shape": [1, 3, 64, 64]},
        {
            "name": "first",
            "op": "conv",
            "inputs": ["image"],
            "out_channels": 32,
            "kernel": [3, 3],
            "pad": [1, 1, 1, 1],
        },
        {"name": "act", "op": "activation", "function": "relu", "inputs": ["first"]},
        {
            "name": "second",
            "op": "conv",
            "inputs": ["act"],
            "out_channels": 32,
            "kernel": [3, 3],
            "stride": [2, 2],
        },
        {"name": "pool", "op": "global_pool", "inputs": ["second"]},
        {"name": "scores", "op": "dense", "inputs": ["pool"], "out_channels": 10},
    ],
}
CLUSTER = "cpu:4; 2*cpu:8,gpu:40 | lan 940M 0.25ms"


class Binding(unittest.TestCase):
    def setUp(self):
        self.context = hidp.Context()
        self.cluster = self.context.cluster(CLUSTER)

    def model(self):
        return self.context.model_from_json(json.dumps(MODEL))

    def test_structs_are_those_of_the_library(self):
        for name, struct in STRUCTS.items():
            self.assertEqual(ctypes.sizeof(struct), layout.SIZES[name], name)
            fields = {field[0]: getattr(struct, field[0]).offset for field in struct._fields_}
            self.assertEqual(fields, layout.OFFSETS[name], name)

    def test_version(self):
        self.assertRegex(hidp.version(), r"^\d+\.\d+\.\d+$")

    def test_cluster(self):
        self.assertEqual(self.cluster.node_count, 3)
        self.assertEqual([self.cluster.processor_count(n) for n in range(3)], [1, 2, 2])
        self.assertEqual(self.cluster.find(self.cluster.node_name(2)), 2)

    def test_wrong_cluster_string(self):
        with self.assertRaises(hidp.Error) as raised:
            self.context.cluster("cpu:4; cpu:soon | lan 940M 0.25ms")
        self.assertEqual(raised.exception.status, -9)
        self.assertGreater(raised.exception.column, 1)
        self.assertIn(raised.exception.message, str(raised.exception))

    def test_objects_outlive_what_they_were_made_from(self):
        cluster = hidp.Context().cluster("cpu:4")
        self.assertEqual(cluster.node_count, 1)


@unittest.skipUnless(hidp.has_json(), "the library was built without JSON")
class Planning(Binding):
    def test_model(self):
        model = self.model()
        self.assertEqual(model.name, "small")
        self.assertEqual(model.layer_count, 5)  # the activation is fused into the convolution
        self.assertEqual(model.find("act"), model.find("first"))
        again = self.context.model_from_json(model.to_json())
        self.assertEqual(again.to_json(), model.to_json())

    def test_cluster_as_json(self):
        again = self.context.cluster_from_json(self.cluster.to_json())
        self.assertEqual(again.to_json(), self.cluster.to_json())

    def test_wrong_model(self):
        wrong = json.loads(json.dumps(MODEL))
        wrong["layers"][3]["inputs"] = ["nowhere"]
        with self.assertRaises(hidp.Error) as raised:
            self.context.model_from_json(json.dumps(wrong, indent=1))
        self.assertEqual(raised.exception.status, -4)
        self.assertGreater(raised.exception.line, 1)

    def test_plan(self):
        model = self.model()
        single = hidp.plan(model, self.cluster, strategy="single").figures
        plan = hidp.plan(model, self.cluster)
        figures = plan.figures
        plan.verify()
        self.assertGreater(figures.latency_s, 0)
        self.assertLessEqual(figures.latency_s, single.latency_s)
        self.assertLessEqual(figures.lower_bound, figures.objective)
        self.assertEqual(figures.proven, figures.gap == 0)
        ends = [task.end_s if task.computes else task.arrival_s for task in plan.tasks]
        self.assertEqual(max(ends), figures.latency_s)
        weights = sum(plan.node_figures(n).weight_bytes for n in range(3))
        self.assertGreaterEqual(weights, 4 * (32 * 27 + 32 + 32 * 288 + 32 + 330))

    def test_objectives(self):
        model = self.model()
        of = {o: hidp.plan(model, self.cluster, o).figures for o in ("latency", "period", "energy")}
        contiguous = hidp.plan(model, self.cluster, "period", contiguous=True).figures
        self.assertLessEqual(of["period"].period_s, contiguous.period_s)
        self.assertLessEqual(of["latency"].latency_s, of["period"].latency_s)
        self.assertLessEqual(of["period"].period_s, of["latency"].period_s)
        self.assertLessEqual(of["energy"].objective, of["latency"].energy_j)

    def test_limits_and_exclusions(self):
        model = self.model()
        with self.assertRaises(hidp.Error) as raised:
            hidp.plan(model, self.cluster, latency_limit_s=1e-9)
        self.assertEqual(raised.exception.status, -8)
        alone = hidp.plan(model, self.cluster, excluded_nodes=[1, 2])
        self.assertEqual({task.node for task in alone.tasks if task.computes}, {0})

    def test_reports(self):
        plan = hidp.plan(self.model(), self.cluster)
        self.assertIn("stage", plan.explain().lower())
        self.assertIn("stage", plan.to_table().lower())
        self.assertTrue(plan.to_svg().lstrip().startswith("<"))
        self.assertTrue(json.loads(plan.to_trace()))
        again = self.context.plan_from_json(plan.to_json())
        self.assertEqual(again.figures.latency_s, plan.figures.latency_s)

    def test_threads(self):
        model = self.model()
        found = [None] * 4

        def work(number):
            found[number] = hidp.plan(model, self.cluster).figures.latency_s

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(found), {found[0]})


if __name__ == "__main__":
    unittest.main()
