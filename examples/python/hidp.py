# SPDX-License-Identifier: MIT
"""libhidp from Python, with nothing but ctypes.

    import hidp

    context = hidp.Context()
    model = context.model_from_json(open("model.json").read())
    cluster = context.cluster("2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms")
    plan = hidp.plan(model, cluster, objective="latency")
    print(plan.figures.latency_s, plan.figures.gap)
    print(plan.explain())

Objects are immutable and may be shared between threads; memory is given back when
Python drops them. Calls that fail raise hidp.Error, which names the thing and the
reason. The module loads the library that the variable HIDP_LIBRARY names, else
libhidp.so.0 from where the system finds libraries.
"""

import ctypes
import os
import weakref
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t
from ctypes import c_uint32, c_uint64, c_void_p

OBJECTIVES = {"latency": 0, "period": 1, "energy": 2, "weighted": 3}
STRATEGIES = {"auto": 0, "paper": 1, "single": 2}

_STREAM = 1 << 0
_INPUT_AT = 1 << 1
_OUTPUT_AT = 1 << 2
_CONTIGUOUS = 1 << 4
_PROVEN = 1 << 0
_COMPUTE = 1


class _Struct(ctypes.Structure):
    """A struct of the library that begins with its own size."""

    def __init__(self):
        super().__init__()
        self.struct_size = ctypes.sizeof(self)

    def __repr__(self):
        fields = ((name, getattr(self, name)) for name, *_ in self._fields_ if name != "struct_size")
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in fields)})"


class _Diagnostic(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("line", c_uint32),
        ("column", c_uint32),
        ("subject", c_char * 128),
        ("message", c_char * 376),
    ]


class PlanOptions(_Struct):
    """struct hidp_plan_options; plan() fills in the common fields from its arguments."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("objective", c_uint32),
        ("strategy", c_uint32),
        ("leader", c_uint32),
        ("input_node", c_uint32),
        ("output_node", c_uint32),
        ("reserved", c_uint32),
        ("latency_weight", c_double),
        ("period_weight", c_double),
        ("energy_weight", c_double),
        ("latency_limit_s", c_double),
        ("period_limit_s", c_double),
        ("energy_limit_j", c_double),
        ("migration_weight", c_double),
        ("pin_layers", POINTER(c_uint32)),
        ("pin_nodes", POINTER(c_uint32)),
        ("pin_processors", POINTER(c_uint32)),
        ("pin_count", c_size_t),
        ("excluded_nodes", POINTER(c_uint32)),
        ("excluded_processors", POINTER(c_uint32)),
        ("excluded_count", c_size_t),
        ("resident_layers", POINTER(c_uint32)),
        ("resident_nodes", POINTER(c_uint32)),
        ("resident_count", c_size_t),
        ("previous", c_void_p),
        ("work_limit", c_uint64),
    ]


class Figures(_Struct):
    """struct hidp_plan_figures: what a plan costs; smaller is better."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("latency_s", c_double),
        ("period_s", c_double),
        ("energy_j", c_double),
        ("objective", c_double),
        ("lower_bound", c_double),
        ("gap", c_double),
        ("migration_s", c_double),
        ("migration_bytes", c_uint64),
        ("transfer_bytes", c_uint64),
        ("work", c_uint64),
    ]

    @property
    def proven(self):
        """No plan of the plan space is better."""
        return bool(self.flags & _PROVEN)


class NodeFigures(_Struct):
    """struct hidp_node_figures: what a plan asks of a node."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("memory_bytes", c_uint64),
        ("weight_bytes", c_uint64),
        ("transmit_s", c_double),
        ("receive_s", c_double),
        ("energy_j", c_double),
    ]


class Task(_Struct):
    """struct hidp_task_info: one bar of the timeline."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("stage", c_uint32),
        ("share", c_uint32),
        ("step", c_uint32),
        ("slice", c_uint32),
        ("node", c_uint32),
        ("processor", c_uint32),
        ("to", c_uint32),
        ("layer", c_uint32),
        ("layer_count", c_uint32),
        ("medium", c_uint32),
        ("row_begin", c_int64),
        ("row_end", c_int64),
        ("start_s", c_double),
        ("end_s", c_double),
        ("arrival_s", c_double),
        ("wait_s", c_double),
        ("bytes", c_uint64),
    ]

    @property
    def computes(self):
        """True for a slice on a processor, False for a message on a link."""
        return self.kind == _COMPUTE


class NodeDesc(_Struct):
    """struct hidp_node_desc."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("name", c_char_p),
        ("memory_bytes", c_uint64),
        ("memory_bandwidth_Bps", c_double),
        ("sync_s", c_double),
        ("nic_bandwidth_Bps", c_double),
        ("load_bandwidth_Bps", c_double),
        ("power_idle_w", c_double),
        ("power_transmit_w", c_double),
        ("power_receive_w", c_double),
        ("receive_buffers", c_uint32),
        ("send_buffers", c_uint32),
    ]


class Error(Exception):
    """A call failed: status is its code; subject, message, line and column say more."""

    def __init__(self, status, diagnostic=None):
        self.status = status
        self.subject = diagnostic.subject.decode(errors="replace") if diagnostic else ""
        self.message = diagnostic.message.decode(errors="replace") if diagnostic else ""
        self.line = diagnostic.line if diagnostic else 0
        self.column = diagnostic.column if diagnostic else 0
        self.reason = _lib.hidp_status_string(status).decode()
        place = f"line {self.line}, column {self.column}" if self.line else ""
        super().__init__(": ".join(x for x in (self.reason, place, self.subject, self.message) if x))


_STATUS = c_int32
_OUT = POINTER(c_void_p)
_DIAGNOSTIC = POINTER(_Diagnostic)
_TEXT_OUT = (c_char_p, c_size_t, POINTER(c_size_t))

# name: (what it returns, what it takes)
_FUNCTIONS = {
    "hidp_version_string": (c_char_p,),
    "hidp_feature_supported": (ctypes.c_bool, c_uint32, c_uint32),
    "hidp_status_string": (c_char_p, _STATUS),
    "hidp_context_new": (_STATUS, c_void_p, _OUT),
    "hidp_context_unref": (None, c_void_p),
    "hidp_model_from_json": (_STATUS, c_void_p, c_char_p, c_size_t, c_uint32, _OUT, _DIAGNOSTIC),
    "hidp_model_to_json": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_model_name": (c_char_p, c_void_p),
    "hidp_model_layer_count": (c_uint32, c_void_p),
    "hidp_model_find": (_STATUS, c_void_p, c_char_p, POINTER(c_uint32)),
    "hidp_model_unref": (None, c_void_p),
    "hidp_cluster_from_string": (_STATUS, c_void_p, c_char_p, _OUT, _DIAGNOSTIC),
    "hidp_cluster_from_json": (
        _STATUS, c_void_p, c_char_p, c_size_t, c_void_p, c_void_p, _OUT, _DIAGNOSTIC,
    ),
    "hidp_cluster_to_json": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_cluster_node_count": (c_uint32, c_void_p),
    "hidp_cluster_processor_count": (c_uint32, c_void_p, c_uint32),
    "hidp_cluster_node": (_STATUS, c_void_p, c_uint32, POINTER(NodeDesc)),
    "hidp_cluster_find": (_STATUS, c_void_p, c_char_p, POINTER(c_uint32)),
    "hidp_cluster_unref": (None, c_void_p),
    "hidp_plan": (
        _STATUS, c_void_p, c_void_p, c_void_p, POINTER(PlanOptions), _OUT, _DIAGNOSTIC,
    ),
    "hidp_plan_unref": (None, c_void_p),
    "hidp_plan_verify": (_STATUS, c_void_p, _DIAGNOSTIC),
    "hidp_plan_get_figures": (_STATUS, c_void_p, POINTER(Figures)),
    "hidp_plan_get_node_figures": (_STATUS, c_void_p, c_uint32, POINTER(NodeFigures)),
    "hidp_plan_task_count": (c_uint32, c_void_p),
    "hidp_plan_get_task": (_STATUS, c_void_p, c_uint32, POINTER(Task)),
    "hidp_plan_explain": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_plan_to_json": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_plan_to_table": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_plan_to_svg": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_plan_to_trace": (_STATUS, c_void_p, *_TEXT_OUT),
    "hidp_plan_from_json": (_STATUS, c_void_p, c_char_p, c_size_t, _OUT, _DIAGNOSTIC),
}  # fmt: skip


def _load():
    library = ctypes.CDLL(os.environ.get("HIDP_LIBRARY", "libhidp.so.0"))
    for name, (returns, *takes) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = returns
        function.argtypes = takes
    return library


_lib = _load()


def _check(status, diagnostic=None):
    if status != 0:
        raise Error(status, diagnostic)


def _make(function, *arguments):
    """Calls a function that ends with an output pointer and a diagnostic; the pointer."""
    made = c_void_p()
    diagnostic = _Diagnostic()
    _check(function(*arguments, byref(made), byref(diagnostic)), diagnostic)
    return made


def _text(function, handle):
    """The whole text of a function that writes into a buffer."""
    needed = c_size_t()
    _check(function(handle, None, 0, byref(needed)))
    buffer = ctypes.create_string_buffer(needed.value + 1)
    _check(function(handle, buffer, len(buffer), None))
    return buffer.value.decode()


class _Object:
    """Owns one reference to an object of the library."""

    _unref = None

    def __init__(self, handle):
        self._as_parameter_ = handle
        weakref.finalize(self, getattr(_lib, self._unref), handle)


class Model(_Object):
    _unref = "hidp_model_unref"

    @property
    def name(self):
        return _lib.hidp_model_name(self).decode()

    @property
    def layer_count(self):
        return _lib.hidp_model_layer_count(self)

    def find(self, name):
        """Number of the layer that holds the described layer of that name."""
        layer = c_uint32()
        _check(_lib.hidp_model_find(self, name.encode(), byref(layer)))
        return layer.value

    def to_json(self):
        return _text(_lib.hidp_model_to_json, self)


class Cluster(_Object):
    _unref = "hidp_cluster_unref"

    @property
    def node_count(self):
        return _lib.hidp_cluster_node_count(self)

    def node_name(self, node):
        desc = NodeDesc()
        _check(_lib.hidp_cluster_node(self, node, byref(desc)))
        return desc.name.decode()

    def processor_count(self, node):
        return _lib.hidp_cluster_processor_count(self, node)

    def find(self, name):
        """Number of the node of that name."""
        node = c_uint32()
        _check(_lib.hidp_cluster_find(self, name.encode(), byref(node)))
        return node.value

    def to_json(self):
        return _text(_lib.hidp_cluster_to_json, self)


class Plan(_Object):
    _unref = "hidp_plan_unref"

    @property
    def figures(self):
        figures = Figures()
        _check(_lib.hidp_plan_get_figures(self, byref(figures)))
        return figures

    def node_figures(self, node):
        figures = NodeFigures()
        _check(_lib.hidp_plan_get_node_figures(self, node, byref(figures)))
        return figures

    @property
    def tasks(self):
        """The timeline, in the order in which the plan is carried out."""
        tasks = []
        for number in range(_lib.hidp_plan_task_count(self)):
            task = Task()
            _check(_lib.hidp_plan_get_task(self, number, byref(task)))
            tasks.append(task)
        return tasks

    def verify(self):
        """Raises Error unless the independent verifier agrees with the plan."""
        diagnostic = _Diagnostic()
        _check(_lib.hidp_plan_verify(self, byref(diagnostic)), diagnostic)

    def explain(self):
        return _text(_lib.hidp_plan_explain, self)

    def to_json(self):
        return _text(_lib.hidp_plan_to_json, self)

    def to_table(self):
        return _text(_lib.hidp_plan_to_table, self)

    def to_svg(self):
        return _text(_lib.hidp_plan_to_svg, self)

    def to_trace(self):
        return _text(_lib.hidp_plan_to_trace, self)


class Context(_Object):
    """Where objects are made; they keep it alive."""

    _unref = "hidp_context_unref"

    def __init__(self):
        made = c_void_p()
        _check(_lib.hidp_context_new(None, byref(made)))
        super().__init__(made)

    def model_from_json(self, text, flags=0):
        data = text.encode()
        return Model(_make(_lib.hidp_model_from_json, self, data, len(data), flags))

    def cluster(self, line):
        """A cluster from a line of text."""
        return Cluster(_make(_lib.hidp_cluster_from_string, self, line.encode()))

    def cluster_from_json(self, text):
        data = text.encode()
        return Cluster(_make(_lib.hidp_cluster_from_json, self, data, len(data), None, None))

    def plan_from_json(self, text):
        data = text.encode()
        return Plan(_make(_lib.hidp_plan_from_json, self, data, len(data)))


def version():
    """The version of the library that is running."""
    return _lib.hidp_version_string().decode()


def has_json():
    """Was the library built with JSON?"""
    return _lib.hidp_feature_supported(8, 1)


def plan(model, cluster, objective="latency", strategy="auto", stream=False, leader=0, input_node=None,
         output_node=None, latency_limit_s=0, period_limit_s=0, energy_limit_j=0, weights=None,
         excluded_nodes=(), contiguous=False):  # fmt: skip
    """The best plan for a model on a cluster.

    objective is a key of OBJECTIVES, strategy of STRATEGIES; weights are those of
    latency, period and energy for the objective "weighted". Limits of 0 are none.
    A contiguous plan has every layer on one processor, and no way through the model
    leads from the layers of a processor to others and back.
    """
    options = PlanOptions()
    options.objective = OBJECTIVES[objective]
    options.strategy = STRATEGIES[strategy]
    options.leader = leader
    if stream:
        options.flags |= _STREAM
    if contiguous:
        options.flags |= _CONTIGUOUS
    if input_node is not None:
        options.flags |= _INPUT_AT
        options.input_node = input_node
    if output_node is not None:
        options.flags |= _OUTPUT_AT
        options.output_node = output_node
    options.latency_limit_s = latency_limit_s
    options.period_limit_s = period_limit_s
    options.energy_limit_j = energy_limit_j
    if weights is not None:
        options.latency_weight, options.period_weight, options.energy_weight = weights
    excluded = (c_uint32 * len(excluded_nodes))(*excluded_nodes)
    if excluded_nodes:
        options.excluded_nodes = excluded
        options.excluded_count = len(excluded)
    return Plan(_make(_lib.hidp_plan, model, cluster, None, byref(options)))
