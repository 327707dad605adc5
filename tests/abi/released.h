/* SPDX-License-Identifier: MIT */
/*
 * The interface as programs were compiled against it, frozen by tests/abi/renew.py.
 * old_program.c uses this in place of the headers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* hidp/export.h */
#if defined(__GNUC__)
#define HIDP_API __attribute__((visibility("default")))
#else
#define HIDP_API
#endif
#ifdef __cplusplus
#define HIDP_BEGIN_DECLS extern "C" {
#define HIDP_END_DECLS }
#else
#define HIDP_BEGIN_DECLS
#define HIDP_END_DECLS
#endif

/* hidp/status.h */
HIDP_BEGIN_DECLS
typedef int32_t hidp_status;
enum hidp_status_value {
	HIDP_OK = 0,
	HIDP_ERR_NOMEM = -1,
	HIDP_ERR_ARGUMENT = -2,
	HIDP_ERR_ABI = -3,
	HIDP_ERR_MODEL = -4,
	HIDP_ERR_CLUSTER = -5,
	HIDP_ERR_COST = -6,
	HIDP_ERR_PLAN = -7,
	HIDP_ERR_INFEASIBLE = -8,
	HIDP_ERR_SYNTAX = -9,
	HIDP_ERR_LIMIT = -10,
	HIDP_ERR_UNSUPPORTED = -11,
	HIDP_ERR_CLOSED = -12,
	HIDP_ERR_TRANSPORT = -13,
	HIDP_ERR_TIMEOUT = -14,
	HIDP_ERR_CANCELLED = -15,
	HIDP_ERR_BUSY = -16
};
HIDP_API const char *hidp_status_string(hidp_status status);
struct hidp_diagnostic {
	uint32_t struct_size;
	hidp_status status;
	uint32_t line;
	uint32_t column;
	char subject[128];
	char message[376];
};
#define HIDP_DIAGNOSTIC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_diagnostic), 0, 0, 0, { 0 }, { 0 }                              \
	}
HIDP_END_DECLS

/* hidp/context.h */
HIDP_BEGIN_DECLS
struct hidp_context;
enum hidp_log_level_value {
	HIDP_LOG_NONE = 0,
	HIDP_LOG_WARNING = 1,
	HIDP_LOG_INFO = 2,
	HIDP_LOG_DEBUG = 3
};
typedef uint32_t hidp_log_level;
typedef void (*hidp_log_fn)(void *user_data, hidp_log_level level, const char *component,
                            const char *text);
typedef void *(*hidp_alloc_fn)(void *user_data, size_t size, size_t alignment);
typedef void (*hidp_free_fn)(void *user_data, void *pointer, size_t size, size_t alignment);
struct hidp_context_options {
	uint32_t struct_size;
	uint32_t flags;
	hidp_alloc_fn alloc;
	hidp_free_fn free;
	void *alloc_user_data;
	hidp_log_fn log;
	void *log_user_data;
	hidp_log_level log_level;
	uint32_t reserved;
};
#define HIDP_CONTEXT_OPTIONS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_context_options), 0, 0, 0, 0, 0, 0, 0, 0                        \
	}
HIDP_API hidp_status hidp_context_new(const struct hidp_context_options *options,
                                      struct hidp_context **context_out);
HIDP_API struct hidp_context *hidp_context_ref(struct hidp_context *context);
HIDP_API void hidp_context_unref(struct hidp_context *context);
HIDP_END_DECLS

/* hidp/model.h */
HIDP_BEGIN_DECLS
struct hidp_model;
struct hidp_model_builder;
typedef uint32_t hidp_layer_id;
#define HIDP_LAYER_NONE UINT32_MAX
#define HIDP_MODEL_LAYERS_MAX 65536u
#define HIDP_LAYER_INPUTS_MAX 1024u
#define HIDP_NAME_MAX 255u
enum hidp_dtype_value {
	HIDP_DTYPE_DEFAULT = 0,
	HIDP_DTYPE_FP32 = 1,
	HIDP_DTYPE_FP16 = 2,
	HIDP_DTYPE_BF16 = 3,
	HIDP_DTYPE_INT8 = 4
};
typedef uint32_t hidp_dtype;
enum hidp_op_value {
	HIDP_OP_INPUT = 1,
	HIDP_OP_CONV = 2,
	HIDP_OP_DENSE = 3,
	HIDP_OP_MATMUL = 4,
	HIDP_OP_MAX_POOL = 5,
	HIDP_OP_AVERAGE_POOL = 6,
	HIDP_OP_GLOBAL_POOL = 7,
	HIDP_OP_ACTIVATION = 8,
	HIDP_OP_BINARY = 9,
	HIDP_OP_CONCAT = 10,
	HIDP_OP_SLICE = 11,
	HIDP_OP_PAD = 12,
	HIDP_OP_RESIZE = 13,
	HIDP_OP_BATCH_NORM = 14,
	HIDP_OP_LAYER_NORM = 15,
	HIDP_OP_SOFTMAX = 16,
	HIDP_OP_ATTENTION = 17,
	HIDP_OP_RESHAPE = 18,
	HIDP_OP_FLATTEN = 19,
	HIDP_OP_TRANSPOSE = 20,
	HIDP_OP_CUSTOM = 21,
	HIDP_OP_EMBEDDING = 22
};
typedef uint32_t hidp_op;
enum hidp_axis_value {
	HIDP_AXIS_BATCH = 0,
	HIDP_AXIS_CHANNELS = 1,
	HIDP_AXIS_ROWS = 2,
	HIDP_AXIS_WIDTH = 3
};
typedef uint32_t hidp_axis;
enum hidp_activation_value {
	HIDP_ACTIVATION_RELU = 1,
	HIDP_ACTIVATION_RELU6 = 2,
	HIDP_ACTIVATION_SIGMOID = 3,
	HIDP_ACTIVATION_SILU = 4,
	HIDP_ACTIVATION_HARD_SIGMOID = 5,
	HIDP_ACTIVATION_HARD_SWISH = 6,
	HIDP_ACTIVATION_TANH = 7,
	HIDP_ACTIVATION_GELU = 8,
	HIDP_ACTIVATION_LEAKY_RELU = 9,
	HIDP_ACTIVATION_ELU = 10,
	HIDP_ACTIVATION_SOFTPLUS = 11,
	HIDP_ACTIVATION_CLIP = 12,
	HIDP_ACTIVATION_EXP = 13,
	HIDP_ACTIVATION_LOG = 14,
	HIDP_ACTIVATION_SQRT = 15,
	HIDP_ACTIVATION_ABS = 16,
	HIDP_ACTIVATION_ERF = 17,
	HIDP_ACTIVATION_LINEAR = 18,
	HIDP_ACTIVATION_POWER = 19,
	HIDP_ACTIVATION_RECIPROCAL = 20,
	HIDP_ACTIVATION_SIGN = 21,
	HIDP_ACTIVATION_FLOOR = 22,
	HIDP_ACTIVATION_CEIL = 23,
	HIDP_ACTIVATION_ROUND = 24,
	HIDP_ACTIVATION_SIN = 25,
	HIDP_ACTIVATION_COS = 26,
	HIDP_ACTIVATION_SOFTSIGN = 27
};
typedef uint32_t hidp_activation;
enum hidp_binary_value {
	HIDP_BINARY_ADD = 1,
	HIDP_BINARY_SUB = 2,
	HIDP_BINARY_MUL = 3,
	HIDP_BINARY_DIV = 4,
	HIDP_BINARY_MIN = 5,
	HIDP_BINARY_MAX = 6,
	HIDP_BINARY_POW = 7
};
typedef uint32_t hidp_binary;
enum hidp_resize_value {
	HIDP_RESIZE_NEAREST = 1,
	HIDP_RESIZE_BILINEAR = 2,
	HIDP_RESIZE_NEAREST_FLOOR = 3,
	HIDP_RESIZE_BILINEAR_CORNERS = 4
};
typedef uint32_t hidp_resize;
enum hidp_op_class_value {
	HIDP_CLASS_NONE = 0,
	HIDP_CLASS_CONV3X3 = 1,
	HIDP_CLASS_CONV = 2,
	HIDP_CLASS_DEPTHWISE = 3,
	HIDP_CLASS_GEMM = 4,
	HIDP_CLASS_DENSE = 5,
	HIDP_CLASS_ELEMENTWISE = 6,
	HIDP_CLASS_CUSTOM = 7
};
typedef uint32_t hidp_op_class;
#define HIDP_CLASS_COUNT 8u
struct hidp_shape {
	int64_t batch;
	int64_t channels;
	int64_t rows;
	int64_t width;
};
struct hidp_row_rule {
	int64_t stride;
	int64_t divisor;
	int64_t pad;
	int64_t extent;
};
enum hidp_layer_flag {
	HIDP_LAYER_OUTPUT = 1u << 0,
	HIDP_LAYER_CEIL_MODE = 1u << 1,
	HIDP_LAYER_NO_BIAS = 1u << 2,
	HIDP_LAYER_TRANSPOSE_B = 1u << 3,
	HIDP_LAYER_OWN_CHANNELS = 1u << 4,
	HIDP_LAYER_EXCLUDE_PAD = 1u << 5,
	HIDP_LAYER_MEMORY_MEASURED = 1u << 6,
	HIDP_LAYER_CHANNELS_LAST = 1u << 7
};
struct hidp_layer_desc {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	hidp_op op;
	hidp_dtype dtype;
	const hidp_layer_id *inputs;
	uint32_t input_count;
	hidp_axis axis;
	struct hidp_shape shape;
	int64_t out_channels;
	int64_t kernel[2];
	int64_t stride[2];
	int64_t dilation[2];
	int64_t pad[4];
	int64_t groups;
	int64_t begin;
	int64_t end;
	uint32_t perm[3];
	uint32_t heads;
	uint32_t function;
	hidp_op_class op_class;
	double alpha;
	double beta;
	double flops;
	double weight_bytes;
	double workspace_bytes;
	const struct hidp_row_rule *row_rules;
	int64_t channel_grain;
	uint32_t colocation;
	uint32_t reserved;
};
#define HIDP_LAYER_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_layer_desc), 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, { 0, 0 },  \
		        { 0, 0 }, { 0, 0 }, { 0, 0, 0, 0 }, 0, 0, 0, { 0, 0, 0 }, 0, 0, 0, 0, 0,   \
		        0, 0, 0, 0, 0, 0, 0                                                        \
	}
HIDP_API void hidp_layer_desc_init(struct hidp_layer_desc *desc, size_t struct_size);
enum hidp_model_flag {
	HIDP_MODEL_KEEP_UNFUSED = 1u << 0
};
struct hidp_model_options {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	hidp_dtype dtype;
	uint32_t reserved;
};
#define HIDP_MODEL_OPTIONS_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_model_options), 0, 0, 0, 0                                      \
	}
HIDP_API hidp_status hidp_model_builder_new(struct hidp_context *context,
                                            const struct hidp_model_options *options,
                                            struct hidp_model_builder **builder_out);
HIDP_API void hidp_model_builder_destroy(struct hidp_model_builder *builder);
HIDP_API hidp_status hidp_model_builder_add(struct hidp_model_builder *builder,
                                            const struct hidp_layer_desc *desc,
                                            hidp_layer_id *id_out,
                                            struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_model_builder_seal(struct hidp_model_builder *builder,
                                             struct hidp_model **model_out,
                                             struct hidp_diagnostic *diagnostic);
HIDP_API struct hidp_model *hidp_model_ref(struct hidp_model *model);
HIDP_API void hidp_model_unref(struct hidp_model *model);
struct hidp_layer_info {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	hidp_op op;
	hidp_op_class op_class;
	hidp_dtype dtype;
	uint32_t input_count;
	uint32_t part_count;
	uint32_t consumer_count;
	struct hidp_shape shape;
	double flops;
	uint64_t output_bytes;
	uint64_t weight_bytes;
	uint64_t workspace_bytes;
	int64_t channel_grain;
	uint32_t colocation;
	uint32_t reserved;
};
#define HIDP_LAYER_INFO_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_layer_info), 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0,   \
		        0, 0, 0, 0                                                                 \
	}
HIDP_API const char *hidp_model_name(const struct hidp_model *model);
HIDP_API uint32_t hidp_model_layer_count(const struct hidp_model *model);
HIDP_API hidp_status hidp_model_layer(const struct hidp_model *model, hidp_layer_id layer,
                                      struct hidp_layer_info *info_out);
HIDP_API hidp_status hidp_model_layer_input(const struct hidp_model *model, hidp_layer_id layer,
                                            uint32_t index, hidp_layer_id *input_out,
                                            struct hidp_row_rule *rule_out,
                                            bool *own_channels_out);
HIDP_API hidp_status hidp_model_part(const struct hidp_model *model, hidp_layer_id layer,
                                     uint32_t index, struct hidp_layer_desc *desc_out);
HIDP_API hidp_status hidp_model_find(const struct hidp_model *model, const char *name,
                                     hidp_layer_id *layer_out);
HIDP_API void hidp_row_rule_apply(const struct hidp_row_rule *rule, int64_t rows, int64_t begin,
                                  int64_t end, int64_t *begin_out, int64_t *end_out);
HIDP_API hidp_status hidp_model_from_json(struct hidp_context *context, const char *text,
                                          size_t length, uint32_t flags,
                                          struct hidp_model **model_out,
                                          struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_model_to_json(const struct hidp_model *model, char *buffer, size_t size,
                                        size_t *needed_out);
HIDP_END_DECLS

/* hidp/cluster.h */
HIDP_BEGIN_DECLS
struct hidp_cluster;
struct hidp_cluster_builder;
typedef uint32_t hidp_node_id;
typedef uint32_t hidp_processor_id;
typedef uint32_t hidp_medium_id;
#define HIDP_NODE_NONE UINT32_MAX
#define HIDP_PROCESSOR_NONE UINT32_MAX
#define HIDP_MEDIUM_NONE UINT32_MAX
#define HIDP_CLUSTER_NODES_MAX 1024u
#define HIDP_NODE_PROCESSORS_MAX 64u
#define HIDP_PROCESSOR_CORES_MAX 4096u
enum hidp_processor_kind_value {
	HIDP_PROCESSOR_CPU = 0,
	HIDP_PROCESSOR_GPU = 1,
	HIDP_PROCESSOR_NPU = 2,
	HIDP_PROCESSOR_DSP = 3,
	HIDP_PROCESSOR_OTHER = 4
};
typedef uint32_t hidp_processor_kind;
enum hidp_node_flag {
	HIDP_NODE_UNAVAILABLE = 1u << 0,
	HIDP_NODE_TRANSFERS_ARE_WORK = 1u << 1,
	HIDP_NODE_HUB = 1u << 2
};
struct hidp_node_desc {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	uint64_t memory_bytes;
	double memory_bandwidth_Bps;
	double sync_s;
	double nic_bandwidth_Bps;
	double load_bandwidth_Bps;
	double power_idle_w;
	double power_transmit_w;
	double power_receive_w;
	uint32_t receive_buffers;
	uint32_t send_buffers;
};
#define HIDP_NODE_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_node_desc), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                  \
	}
struct hidp_processor_desc {
	uint32_t struct_size;
	uint32_t flags;
	const char *name;
	hidp_processor_kind kind;
	uint32_t core_count;
	const uint32_t *core_ids;
	double rate_flops[16];
	double bandwidth_Bps[16];
	double overhead_s;
	double load;
	double power_active_w;
	uint64_t memory_bytes;
	double copy_bandwidth_Bps;
};
#define HIDP_PROCESSOR_DESC_INIT                                                                   \
	{                                                                                          \
		sizeof(struct hidp_processor_desc), 0, 0, 0, 0, 0, { 0 }, { 0 }, 0, 0, 0, 0, 0     \
	}
enum hidp_link_flag {
	HIDP_LINK_BOTH_WAYS = 1u << 0
};
struct hidp_link_desc {
	uint32_t struct_size;
	uint32_t flags;
	hidp_node_id from;
	hidp_node_id to;
	double bandwidth_Bps;
	double latency_s;
	hidp_dtype wire_dtype;
	hidp_medium_id medium;
};
#define HIDP_LINK_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_link_desc), 0, 0, 0, 0, 0, 0, HIDP_MEDIUM_NONE                  \
	}
HIDP_API void hidp_node_desc_init(struct hidp_node_desc *desc, size_t struct_size);
HIDP_API void hidp_processor_desc_init(struct hidp_processor_desc *desc, size_t struct_size);
HIDP_API void hidp_link_desc_init(struct hidp_link_desc *desc, size_t struct_size);
HIDP_API hidp_status hidp_cluster_builder_new(struct hidp_context *context,
                                              struct hidp_cluster_builder **builder_out);
HIDP_API hidp_status hidp_cluster_builder_from(const struct hidp_cluster *cluster,
                                               struct hidp_cluster_builder **builder_out);
HIDP_API void hidp_cluster_builder_destroy(struct hidp_cluster_builder *builder);
HIDP_API hidp_status hidp_cluster_builder_add_node(struct hidp_cluster_builder *builder,
                                                   const struct hidp_node_desc *desc,
                                                   hidp_node_id *id_out,
                                                   struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_add_processor(struct hidp_cluster_builder *builder,
                                                        hidp_node_id node,
                                                        const struct hidp_processor_desc *desc,
                                                        hidp_processor_id *id_out,
                                                        struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_add_medium(struct hidp_cluster_builder *builder,
                                                     const char *name, hidp_medium_id *id_out,
                                                     struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_add_link(struct hidp_cluster_builder *builder,
                                                   const struct hidp_link_desc *desc,
                                                   struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_link_all(struct hidp_cluster_builder *builder,
                                                   const struct hidp_link_desc *desc,
                                                   struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_remove_link(struct hidp_cluster_builder *builder,
                                                      hidp_node_id from, hidp_node_id to,
                                                      struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_set_available(struct hidp_cluster_builder *builder,
                                                        hidp_node_id node, bool available,
                                                        struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_set_load(struct hidp_cluster_builder *builder,
                                                   hidp_node_id node, hidp_processor_id processor,
                                                   double load,
                                                   struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_builder_seal(struct hidp_cluster_builder *builder,
                                               struct hidp_cluster **cluster_out,
                                               struct hidp_diagnostic *diagnostic);
HIDP_API struct hidp_cluster *hidp_cluster_ref(struct hidp_cluster *cluster);
HIDP_API void hidp_cluster_unref(struct hidp_cluster *cluster);
HIDP_API uint32_t hidp_cluster_node_count(const struct hidp_cluster *cluster);
HIDP_API uint32_t hidp_cluster_processor_count(const struct hidp_cluster *cluster,
                                               hidp_node_id node);
HIDP_API uint32_t hidp_cluster_medium_count(const struct hidp_cluster *cluster);
HIDP_API hidp_status hidp_cluster_node(const struct hidp_cluster *cluster, hidp_node_id node,
                                       struct hidp_node_desc *desc_out);
HIDP_API hidp_status hidp_cluster_processor(const struct hidp_cluster *cluster, hidp_node_id node,
                                            hidp_processor_id processor,
                                            struct hidp_processor_desc *desc_out);
HIDP_API hidp_status hidp_cluster_link(const struct hidp_cluster *cluster, hidp_node_id from,
                                       hidp_node_id to, struct hidp_link_desc *desc_out);
HIDP_API hidp_node_id hidp_cluster_next_hop(const struct hidp_cluster *cluster, hidp_node_id from,
                                            hidp_node_id to);
HIDP_API const char *hidp_cluster_medium_name(const struct hidp_cluster *cluster,
                                              hidp_medium_id medium);
HIDP_API hidp_status hidp_cluster_find(const struct hidp_cluster *cluster, const char *name,
                                       hidp_node_id *node_out);
HIDP_API hidp_status hidp_cluster_from_string(struct hidp_context *context, const char *text,
                                              struct hidp_cluster **cluster_out,
                                              struct hidp_diagnostic *diagnostic);
typedef hidp_status (*hidp_profile_fn)(void *user_data, const char *name, const char **text_out,
                                       size_t *length_out);
HIDP_API hidp_status hidp_cluster_from_json(struct hidp_context *context, const char *text,
                                            size_t length, hidp_profile_fn profile,
                                            void *user_data, struct hidp_cluster **cluster_out,
                                            struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cluster_to_json(const struct hidp_cluster *cluster, char *buffer,
                                          size_t size, size_t *needed_out);
HIDP_END_DECLS

/* hidp/options.h */
HIDP_BEGIN_DECLS
struct hidp_plan;
enum hidp_objective_value {
	HIDP_OBJECTIVE_LATENCY = 0,
	HIDP_OBJECTIVE_PERIOD = 1,
	HIDP_OBJECTIVE_ENERGY = 2,
	HIDP_OBJECTIVE_WEIGHTED = 3
};
typedef uint32_t hidp_objective;
enum hidp_strategy_value {
	HIDP_STRATEGY_AUTO = 0,
	HIDP_STRATEGY_PAPER = 1,
	HIDP_STRATEGY_SINGLE = 2
};
typedef uint32_t hidp_strategy;
enum hidp_plan_flag {
	HIDP_PLAN_STREAM = 1u << 0,
	HIDP_PLAN_INPUT_AT = 1u << 1,
	HIDP_PLAN_OUTPUT_AT = 1u << 2,
	HIDP_PLAN_RESIDENT = 1u << 3,
	HIDP_PLAN_CONTIGUOUS = 1u << 4
};
struct hidp_plan_options {
	uint32_t struct_size;
	uint32_t flags;
	hidp_objective objective;
	hidp_strategy strategy;
	hidp_node_id leader;
	hidp_node_id input_node;
	hidp_node_id output_node;
	uint32_t reserved;
	double latency_weight;
	double period_weight;
	double energy_weight;
	double latency_limit_s;
	double period_limit_s;
	double energy_limit_j;
	double migration_weight;
	const hidp_layer_id *pin_layers;
	const hidp_node_id *pin_nodes;
	const hidp_processor_id *pin_processors;
	size_t pin_count;
	const hidp_node_id *excluded_nodes;
	const hidp_processor_id *excluded_processors;
	size_t excluded_count;
	const hidp_layer_id *resident_layers;
	const hidp_node_id *resident_nodes;
	size_t resident_count;
	const struct hidp_plan *previous;
	uint64_t work_limit;
};
#define HIDP_PLAN_OPTIONS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_plan_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                               \
	}
HIDP_API void hidp_plan_options_init(struct hidp_plan_options *options, size_t struct_size);
HIDP_END_DECLS

/* hidp/cost.h */
HIDP_BEGIN_DECLS
struct hidp_cost;
struct hidp_cost_builder;
enum hidp_cost_flag {
	HIDP_COST_UNSUPPORTED = 1u << 0
};
struct hidp_cost_entry {
	uint32_t struct_size;
	uint32_t flags;
	double seconds;
	double row_fixed_s;
	double channel_fixed_s;
};
#define HIDP_COST_ENTRY_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_cost_entry), 0, 0, 0, 0                                         \
	}
HIDP_API void hidp_cost_entry_init(struct hidp_cost_entry *entry, size_t struct_size);
typedef hidp_status (*hidp_cost_fn)(void *user_data, hidp_layer_id layer, hidp_node_id node,
                                    hidp_processor_id processor, struct hidp_cost_entry *entry);
HIDP_API hidp_status hidp_cost_builder_new(const struct hidp_model *model,
                                            const struct hidp_cluster *cluster,
                                           struct hidp_cost_builder **builder_out);
HIDP_API void hidp_cost_builder_destroy(struct hidp_cost_builder *builder);
HIDP_API hidp_status hidp_cost_builder_set(struct hidp_cost_builder *builder, hidp_layer_id layer,
                                           hidp_node_id node, hidp_processor_id processor,
                                           const struct hidp_cost_entry *entry,
                                           struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cost_builder_set_callback(struct hidp_cost_builder *builder,
                                                    hidp_cost_fn callback, void *user_data);
HIDP_API hidp_status hidp_cost_builder_seal(struct hidp_cost_builder *builder,
                                            struct hidp_cost **cost_out,
                                            struct hidp_diagnostic *diagnostic);
HIDP_API struct hidp_cost *hidp_cost_ref(struct hidp_cost *cost);
HIDP_API void hidp_cost_unref(struct hidp_cost *cost);
HIDP_API hidp_status hidp_cost_get(const struct hidp_model *model,
                                   const struct hidp_cluster *cluster,
                                   const struct hidp_cost *cost, hidp_layer_id layer,
                                   hidp_node_id node, hidp_processor_id processor,
                                   struct hidp_cost_entry *entry_out);
HIDP_API hidp_status hidp_cost_builder_add_json(struct hidp_cost_builder *builder,
                                                const char *text, size_t length, hidp_node_id node,
                                                struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cost_from_json(const struct hidp_model *model,
                                         const struct hidp_cluster *cluster, const char *text,
                                         size_t length, struct hidp_cost **cost_out,
                                         struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_cost_to_json(const struct hidp_model *model,
                                       const struct hidp_cluster *cluster,
                                       const struct hidp_cost *cost, char *buffer, size_t size,
                                       size_t *needed_out);
HIDP_END_DECLS

/* hidp/plan.h */
HIDP_BEGIN_DECLS
struct hidp_plan;
struct hidp_plan_builder;
enum hidp_stage_kind_value {
	HIDP_STAGE_SINGLE = 1,
	HIDP_STAGE_SPLIT = 2,
	HIDP_STAGE_BRANCH = 3,
	HIDP_STAGE_REPLICA = 4
};
typedef uint32_t hidp_stage_kind;
enum hidp_step_kind_value {
	HIDP_STEP_SINGLE = 1,
	HIDP_STEP_ROWS = 2,
	HIDP_STEP_CHANNELS = 3,
	HIDP_STEP_BRANCH = 4
};
typedef uint32_t hidp_step_kind;
#define HIDP_STEP_LAYERS_MAX 4u
#define HIDP_PLAN_ROUTES_MAX 256u
struct hidp_stage_desc {
	uint32_t struct_size;
	uint32_t flags;
	hidp_stage_kind kind;
	hidp_layer_id first_layer;
	uint32_t layer_count;
	uint32_t share_count;
	int64_t row_units;
};
#define HIDP_STAGE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_stage_desc), 0, 0, 0, 0, 0, 0                                   \
	}
struct hidp_share_desc {
	uint32_t struct_size;
	uint32_t flags;
	hidp_node_id node;
	uint32_t step_count;
	int64_t row_begin;
	int64_t row_end;
	double fraction;
	const hidp_layer_id *layers;
	uint32_t layer_count;
	uint32_t reserved;
};
#define HIDP_SHARE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_share_desc), 0, 0, 0, 0, 0, 0, 0, 0, 0                          \
	}
struct hidp_step_desc {
	uint32_t struct_size;
	uint32_t flags;
	hidp_step_kind kind;
	uint32_t layer_count;
	uint32_t slice_count;
	uint32_t reserved;
};
#define HIDP_STEP_DESC_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_step_desc), 0, 0, 0, 0, 0                                       \
	}
struct hidp_slice_desc {
	uint32_t struct_size;
	uint32_t flags;
	hidp_processor_id processor;
	uint32_t layer_count;
	int64_t begin;
	int64_t end;
	const hidp_layer_id *layers;
};
#define HIDP_SLICE_DESC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_slice_desc), 0, 0, 0, 0, 0, 0                                   \
	}
HIDP_API hidp_status hidp_plan_builder_new(const struct hidp_model *model,
                                           const struct hidp_cluster *cluster,
                                           const struct hidp_cost *cost,
                                           const struct hidp_plan_options *options,
                                           struct hidp_plan_builder **builder_out,
                                           struct hidp_diagnostic *diagnostic);
HIDP_API void hidp_plan_builder_destroy(struct hidp_plan_builder *builder);
HIDP_API hidp_status hidp_plan_builder_add_stage(struct hidp_plan_builder *builder,
                                                 const struct hidp_stage_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_builder_add_share(struct hidp_plan_builder *builder,
                                                 const struct hidp_share_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_builder_add_step(struct hidp_plan_builder *builder,
                                                const struct hidp_step_desc *desc,
                                                struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_builder_add_slice(struct hidp_plan_builder *builder,
                                                 const struct hidp_slice_desc *desc,
                                                 struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_builder_seal(struct hidp_plan_builder *builder,
                                            struct hidp_plan **plan_out,
                                            struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_evaluate(const struct hidp_plan *plan,
                                        const struct hidp_cluster *cluster,
                                        const struct hidp_cost *cost,
                                        const struct hidp_plan_options *options,
                                        struct hidp_plan **plan_out,
                                        struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_verify(const struct hidp_plan *plan,
                                      struct hidp_diagnostic *diagnostic);
HIDP_API struct hidp_plan *hidp_plan_ref(struct hidp_plan *plan);
HIDP_API void hidp_plan_unref(struct hidp_plan *plan);
HIDP_API const struct hidp_model *hidp_plan_model(const struct hidp_plan *plan);
HIDP_API const struct hidp_cluster *hidp_plan_cluster(const struct hidp_plan *plan);
HIDP_API const struct hidp_cost *hidp_plan_cost(const struct hidp_plan *plan);
HIDP_API hidp_status hidp_plan_get_options(const struct hidp_plan *plan,
                                           struct hidp_plan_options *options_out);
HIDP_API uint32_t hidp_plan_stage_count(const struct hidp_plan *plan);
HIDP_API hidp_status hidp_plan_get_stage(const struct hidp_plan *plan, uint32_t stage,
                                         struct hidp_stage_desc *desc_out);
HIDP_API hidp_status hidp_plan_get_share(const struct hidp_plan *plan, uint32_t stage,
                                         uint32_t share, struct hidp_share_desc *desc_out);
HIDP_API hidp_status hidp_plan_get_share_rows(const struct hidp_plan *plan, uint32_t stage,
                                              uint32_t share, hidp_layer_id layer,
                                              int64_t *begin_out, int64_t *end_out);
HIDP_API hidp_status hidp_plan_get_step(const struct hidp_plan *plan, uint32_t stage,
                                        uint32_t share, uint32_t step,
                                        struct hidp_step_desc *desc_out);
HIDP_API hidp_status hidp_plan_get_slice(const struct hidp_plan *plan, uint32_t stage,
                                         uint32_t share, uint32_t step, uint32_t slice,
                                         struct hidp_slice_desc *desc_out);
HIDP_END_DECLS

/* hidp/figures.h */
HIDP_BEGIN_DECLS
enum hidp_figures_flag {
	HIDP_FIGURES_PROVEN = 1u << 0
};
struct hidp_plan_figures {
	uint32_t struct_size;
	uint32_t flags;
	double latency_s;
	double period_s;
	double energy_j;
	double objective;
	double lower_bound;
	double gap;
	double migration_s;
	uint64_t migration_bytes;
	uint64_t transfer_bytes;
	uint64_t work;
};
#define HIDP_PLAN_FIGURES_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_plan_figures), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                  \
	}
struct hidp_node_figures {
	uint32_t struct_size;
	uint32_t flags;
	uint64_t memory_bytes;
	uint64_t weight_bytes;
	double transmit_s;
	double receive_s;
	double energy_j;
};
#define HIDP_NODE_FIGURES_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_node_figures), 0, 0, 0, 0, 0, 0                                 \
	}
struct hidp_processor_figures {
	uint32_t struct_size;
	uint32_t flags;
	uint64_t memory_bytes;
	double busy_s;
};
#define HIDP_PROCESSOR_FIGURES_INIT                                                                \
	{                                                                                          \
		sizeof(struct hidp_processor_figures), 0, 0, 0                                  \
	}
enum hidp_task_kind_value {
	HIDP_TASK_COMPUTE = 1,
	HIDP_TASK_TRANSFER = 2,
	HIDP_TASK_SEND = 3,
	HIDP_TASK_RECEIVE = 4
};
typedef uint32_t hidp_task_kind;
struct hidp_task_info {
	uint32_t struct_size;
	hidp_task_kind kind;
	uint32_t stage;
	uint32_t share;
	uint32_t step;
	uint32_t slice;
	hidp_node_id node;
	hidp_processor_id processor;
	hidp_node_id to;
	hidp_layer_id layer;
	uint32_t layer_count;
	hidp_medium_id medium;
	int64_t row_begin;
	int64_t row_end;
	double start_s;
	double end_s;
	double arrival_s;
	double wait_s;
	uint64_t bytes;
};
#define HIDP_TASK_INFO_INIT                                                                        \
	{                                                                                          \
		sizeof(struct hidp_task_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0                                                                          \
	}
HIDP_API hidp_status hidp_plan_get_figures(const struct hidp_plan *plan,
                                           struct hidp_plan_figures *figures_out);
HIDP_API hidp_status hidp_plan_get_node_figures(const struct hidp_plan *plan, hidp_node_id node,
                                                struct hidp_node_figures *figures_out);
HIDP_API hidp_status hidp_plan_get_processor_figures(const struct hidp_plan *plan,
                                                     hidp_node_id node,
                                                     hidp_processor_id processor,
                                                     struct hidp_processor_figures *figures_out);
HIDP_API hidp_status hidp_plan_get_medium_busy(const struct hidp_plan *plan, hidp_medium_id medium,
                                               double *busy_s_out);
HIDP_API uint32_t hidp_plan_task_count(const struct hidp_plan *plan);
HIDP_API hidp_status hidp_plan_get_task(const struct hidp_plan *plan, uint32_t task,
                                        struct hidp_task_info *info_out);
HIDP_END_DECLS

/* hidp/program.h */
HIDP_BEGIN_DECLS
struct hidp_programs;
#define HIDP_TASK_NONE UINT32_MAX
#define HIDP_MESSAGE_NONE UINT32_MAX
#define HIDP_BUFFER_NONE UINT32_MAX
#define HIDP_OPERAND_OUTPUT UINT32_MAX
#define HIDP_BUFFER_ALIGNMENT 64u
#define HIDP_BUFFER_TAIL 64u
HIDP_API uint32_t hidp_plan_route_count(const struct hidp_plan *plan);
HIDP_API hidp_status hidp_plan_get_route_fraction(const struct hidp_plan *plan, uint32_t route,
                                                  double *fraction_out);
HIDP_API hidp_status hidp_programs_new(const struct hidp_plan *plan, uint32_t route,
                                       hidp_node_id node, struct hidp_programs **programs_out,
                                       struct hidp_diagnostic *diagnostic);
HIDP_API struct hidp_programs *hidp_programs_ref(struct hidp_programs *programs);
HIDP_API void hidp_programs_unref(struct hidp_programs *programs);
HIDP_API const struct hidp_plan *hidp_programs_plan(const struct hidp_programs *programs);
struct hidp_programs_info {
	uint32_t struct_size;
	uint32_t flags;
	hidp_node_id node;
	uint32_t route;
	uint32_t task_count;
	uint32_t buffer_count;
	uint32_t message_count;
	uint32_t reserved;
	uint64_t memory_bytes;
	uint64_t live_bytes;
};
#define HIDP_PROGRAMS_INFO_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_programs_info), 0, 0, 0, 0, 0, 0, 0, 0, 0                       \
	}
HIDP_API hidp_status hidp_programs_get_info(const struct hidp_programs *programs,
                                            struct hidp_programs_info *info_out);
enum hidp_buffer_flag {
	HIDP_BUFFER_INPUT = 1u << 0,
	HIDP_BUFFER_OUTPUT = 1u << 1
};
struct hidp_buffer_info {
	uint32_t struct_size;
	uint32_t flags;
	hidp_layer_id layer;
	hidp_dtype dtype;
	struct hidp_shape shape;
	int64_t row_begin;
	int64_t row_end;
	uint64_t offset;
	uint64_t bytes;
	uint64_t batch_stride;
	uint64_t row_stride;
	uint64_t pixel_stride;
};
#define HIDP_BUFFER_INFO_INIT                                                                      \
	{                                                                                          \
		sizeof(struct hidp_buffer_info), 0, 0, 0, { 0, 0, 0, 0 }, 0, 0, 0, 0, 0, 0, 0      \
	}
HIDP_API hidp_status hidp_programs_get_buffer(const struct hidp_programs *programs,
                                              uint32_t buffer, struct hidp_buffer_info *info_out);
struct hidp_program_task {
	uint32_t struct_size;
	hidp_task_kind kind;
	hidp_processor_id processor;
	uint32_t stage;
	uint32_t share;
	uint32_t step;
	uint32_t slice;
	uint32_t call_count;
	uint32_t copy_count;
	uint32_t message;
	hidp_node_id peer;
	uint32_t buffer;
	int64_t row_begin;
	int64_t row_end;
	uint32_t part_count;
	hidp_dtype wire_dtype;
	uint64_t bytes;
	uint32_t dependency_count;
	uint32_t dependent_count;
	const uint32_t *dependencies;
	const uint32_t *dependents;
};
#define HIDP_PROGRAM_TASK_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_program_task), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
		        0, 0, 0, 0                                                                 \
	}
HIDP_API hidp_status hidp_programs_get_task(const struct hidp_programs *programs, uint32_t task,
                                            struct hidp_program_task *task_out);
HIDP_API uint32_t hidp_programs_next_task(const struct hidp_programs *programs,
                                          hidp_task_kind kind, hidp_processor_id processor,
                                          uint32_t after);
HIDP_API hidp_status hidp_programs_get_part(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t part, int64_t *row_begin_out,
                                            int64_t *row_end_out);
struct hidp_call {
	uint32_t struct_size;
	uint32_t flags;
	hidp_layer_id layer;
	uint32_t input_count;
	int64_t row_begin;
	int64_t row_end;
	int64_t channel_begin;
	int64_t channel_end;
};
#define HIDP_CALL_INIT                                                                             \
	{                                                                                          \
		sizeof(struct hidp_call), 0, 0, 0, 0, 0, 0, 0                                      \
	}
HIDP_API hidp_status hidp_programs_get_call(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t call, struct hidp_call *call_out);
HIDP_API hidp_status hidp_programs_get_operand(const struct hidp_programs *programs, uint32_t task,
                                               uint32_t call, uint32_t operand,
                                               uint32_t *buffer_out);
HIDP_API hidp_status hidp_programs_get_copy(const struct hidp_programs *programs, uint32_t task,
                                            uint32_t copy, uint32_t *from_out, uint32_t *to_out,
                                            int64_t *row_begin_out, int64_t *row_end_out);
HIDP_END_DECLS

/* hidp/session.h */
HIDP_BEGIN_DECLS
struct hidp_kernels;
struct hidp_session;
struct hidp_transport;
#define HIDP_SESSION_SLOTS_MAX 256u
enum hidp_session_flag {
	HIDP_SESSION_UNPINNED = 1u << 0
};
struct hidp_session_options {
	uint32_t struct_size;
	uint32_t flags;
	hidp_node_id node;
	uint32_t slots;
	double spin_s;
	uint64_t plan_id;
};
#define HIDP_SESSION_OPTIONS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_session_options), 0, 0, 0, 0, 0                                 \
	}
HIDP_API hidp_status hidp_session_new(const struct hidp_plan *plan,
                                      const struct hidp_session_options *options,
                                      struct hidp_session **session_out,
                                      struct hidp_diagnostic *diagnostic);
HIDP_API void hidp_session_destroy(struct hidp_session *session);
HIDP_API hidp_status hidp_session_set_kernels(struct hidp_session *session,
                                              hidp_processor_id processor,
                                              const struct hidp_kernels *kernels, void *user_data);
HIDP_API hidp_status hidp_session_set_transport(struct hidp_session *session,
                                                const struct hidp_transport *transport,
                                                void *user_data);
HIDP_API hidp_status hidp_session_start(struct hidp_session *session,
                                        struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_session_submit(struct hidp_session *session, const void *const *inputs,
                                         uint32_t input_count, uint64_t *request_out);
HIDP_API hidp_status hidp_session_wait(struct hidp_session *session, uint64_t request,
                                       double timeout_s, void *const *outputs,
                                       uint32_t output_count);
HIDP_API hidp_status hidp_session_cancel(struct hidp_session *session, uint64_t request);
HIDP_API void hidp_session_close(struct hidp_session *session);
struct hidp_session_progress {
	uint32_t struct_size;
	uint32_t route;
	uint32_t task_count;
	uint32_t tasks_done;
	double elapsed_s;
};
#define HIDP_SESSION_PROGRESS_INIT                                                                 \
	{                                                                                          \
		sizeof(struct hidp_session_progress), 0, 0, 0, 0                                   \
	}
HIDP_API hidp_status hidp_session_get_progress(struct hidp_session *session, uint64_t request,
                                               struct hidp_session_progress *progress_out);
struct hidp_session_statistics {
	uint32_t struct_size;
	uint32_t flags;
	uint64_t requests;
	uint64_t failed;
	uint64_t messages_sent;
	uint64_t messages_received;
	uint64_t messages_refused;
	uint64_t messages_held;
	uint64_t memory_bytes;
};
#define HIDP_SESSION_STATISTICS_INIT                                                               \
	{                                                                                          \
		sizeof(struct hidp_session_statistics), 0, 0, 0, 0, 0, 0, 0, 0                     \
	}
HIDP_API hidp_status hidp_session_get_statistics(const struct hidp_session *session,
                                                 struct hidp_session_statistics *statistics_out);
HIDP_API const struct hidp_programs *hidp_session_programs(const struct hidp_session *session,
                                                           uint32_t route);
struct hidp_task_statistics {
	uint32_t struct_size;
	uint32_t flags;
	uint64_t count;
	double total_s;
	double least_s;
	double most_s;
	double last_begin_s;
	double last_end_s;
};
#define HIDP_TASK_STATISTICS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_task_statistics), 0, 0, 0, 0, 0, 0, 0                           \
	}
HIDP_API hidp_status hidp_session_get_task_statistics(const struct hidp_session *session,
                                                      uint32_t route, uint32_t task,
                                                      struct hidp_task_statistics *statistics_out);
HIDP_END_DECLS

/* hidp/agent.h */
HIDP_BEGIN_DECLS
struct hidp_agent;
struct hidp_kernels;
struct hidp_transport;
enum hidp_agent_state_value {
	HIDP_AGENT_IDLE = 0,
	HIDP_AGENT_ANALYSE = 1,
	HIDP_AGENT_EXPLORE = 2,
	HIDP_AGENT_OFFLOAD = 3,
	HIDP_AGENT_MAP = 4,
	HIDP_AGENT_EXECUTE = 5,
	HIDP_AGENT_RECOVER = 6
};
typedef uint32_t hidp_agent_state;
typedef void (*hidp_agent_state_fn)(void *user_data, hidp_agent_state state, uint64_t plan_id,
                                    const char *text);
typedef hidp_status (*hidp_agent_plan_fn)(void *user_data, const struct hidp_model *model,
                                          const struct hidp_cluster *cluster,
                                          const struct hidp_plan_options *options,
                                          struct hidp_plan **plan_out,
                                          struct hidp_diagnostic *diagnostic);
struct hidp_agent_options {
	uint32_t struct_size;
	uint32_t flags;
	hidp_node_id node;
	uint32_t slots;
	hidp_agent_state_fn on_state;
	void *state_data;
	double spin_s;
	double heartbeat_s;
	double silence_s;
	double ready_s;
	double attempt_s;
};
#define HIDP_AGENT_OPTIONS_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_agent_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                    \
	}
HIDP_API hidp_status hidp_agent_new(struct hidp_context *context,
                                    const struct hidp_cluster *cluster,
                                    const struct hidp_agent_options *options,
                                    struct hidp_agent **agent_out,
                                    struct hidp_diagnostic *diagnostic);
HIDP_API void hidp_agent_destroy(struct hidp_agent *agent);
HIDP_API hidp_status hidp_agent_set_transport(struct hidp_agent *agent,
                                              const struct hidp_transport *transport,
                                              void *user_data);
HIDP_API hidp_status hidp_agent_add_model(struct hidp_agent *agent, const struct hidp_model *model,
                                          const struct hidp_kernels *kernels, void *user_data);
HIDP_API hidp_status hidp_agent_set_planner(struct hidp_agent *agent, hidp_agent_plan_fn planner,
                                            void *user_data);
HIDP_API hidp_status hidp_agent_start(struct hidp_agent *agent, struct hidp_diagnostic *diagnostic);
typedef void (*hidp_agent_progress_fn)(void *user_data, uint32_t attempt, double part_done);
struct hidp_agent_request {
	uint32_t struct_size;
	uint32_t flags;
	uint32_t model;
	uint32_t input_count;
	uint32_t output_count;
	uint32_t reserved;
	const struct hidp_plan_options *options;
	const void *const *inputs;
	void *const *outputs;
	double deadline_s;
	hidp_agent_progress_fn on_progress;
	void *progress_data;
};
#define HIDP_AGENT_REQUEST_INIT                                                                    \
	{                                                                                          \
		sizeof(struct hidp_agent_request), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                 \
	}
struct hidp_agent_report {
	uint32_t struct_size;
	uint32_t attempts;
	uint64_t plan_id;
	double latency_s;
	double predicted_s;
	double planning_s;
	double preparing_s;
	double total_s;
};
#define HIDP_AGENT_REPORT_INIT                                                                     \
	{                                                                                          \
		sizeof(struct hidp_agent_report), 0, 0, 0, 0, 0, 0, 0                              \
	}
HIDP_API hidp_status hidp_agent_run(struct hidp_agent *agent,
                                    const struct hidp_agent_request *request,
                                    struct hidp_agent_report *report,
                                    struct hidp_diagnostic *diagnostic);
struct hidp_link_times {
	uint32_t struct_size;
	uint32_t rounds;
	uint64_t bytes;
	double latency_s;
	double bandwidth_Bps;
	double back_bandwidth_Bps;
};
#define HIDP_LINK_TIMES_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_link_times), 0, 0, 0, 0, 0                                      \
	}
HIDP_API hidp_status hidp_agent_measure_link(struct hidp_agent *agent, hidp_node_id node,
                                             double time_s, struct hidp_link_times *times_out,
                                             struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_agent_plan(struct hidp_agent *agent, struct hidp_plan **plan_out);
HIDP_API hidp_status hidp_agent_get_task_statistics(struct hidp_agent *agent, uint32_t route,
                                                    uint32_t task,
                                                    struct hidp_task_statistics *statistics_out);
HIDP_API void hidp_agent_close(struct hidp_agent *agent);
HIDP_END_DECLS

/* hidp/planner.h */
HIDP_BEGIN_DECLS
struct hidp_planner;
HIDP_API hidp_status hidp_plan(const struct hidp_model *model, const struct hidp_cluster *cluster,
                               const struct hidp_cost *cost,
                               const struct hidp_plan_options *options,
                               struct hidp_plan **plan_out, struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_planner_new(struct hidp_context *context,
                                      struct hidp_planner **planner_out);
HIDP_API void hidp_planner_destroy(struct hidp_planner *planner);
HIDP_API hidp_status hidp_planner_plan(struct hidp_planner *planner,
                                       const struct hidp_model *model,
                                       const struct hidp_cluster *cluster,
                                       const struct hidp_cost *cost,
                                       const struct hidp_plan_options *options,
                                       struct hidp_plan **plan_out,
                                       struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_explain(const struct hidp_plan *plan, char *buffer, size_t size,
                                       size_t *needed_out);
HIDP_END_DECLS

/* hidp/report.h */
HIDP_BEGIN_DECLS
HIDP_API hidp_status hidp_plan_to_json(const struct hidp_plan *plan, char *buffer, size_t size,
                                       size_t *needed_out);
HIDP_API hidp_status hidp_plan_from_json(struct hidp_context *context, const char *text,
                                         size_t length, struct hidp_plan **plan_out,
                                         struct hidp_diagnostic *diagnostic);
HIDP_API hidp_status hidp_plan_to_table(const struct hidp_plan *plan, char *buffer, size_t size,
                                        size_t *needed_out);
HIDP_API hidp_status hidp_plan_to_svg(const struct hidp_plan *plan, char *buffer, size_t size,
                                      size_t *needed_out);
HIDP_API hidp_status hidp_plan_to_trace(const struct hidp_plan *plan, char *buffer, size_t size,
                                        size_t *needed_out);
HIDP_END_DECLS

/* hidp/version.h */
#define HIDP_VERSION_MAJOR 1
#define HIDP_VERSION_MINOR 0
#define HIDP_VERSION_PATCH 0
#define HIDP_ABI_CURRENT 0
#define HIDP_ABI_AGE 0
#define HIDP_ABI_REVISION 0
#define HIDP_PLUGIN_ABI 1u
#define HIDP_VERSION_ENCODE(major, minor, patch) (((major) * 1000000) + ((minor) * 1000) + (patch))
#define HIDP_VERSION HIDP_VERSION_ENCODE(HIDP_VERSION_MAJOR, HIDP_VERSION_MINOR, HIDP_VERSION_PATCH)
HIDP_BEGIN_DECLS
HIDP_API uint32_t hidp_version(void);
HIDP_API const char *hidp_version_string(void);
enum hidp_feature_value {
	HIDP_FEATURE_OP = 1,
	HIDP_FEATURE_OP_CLASS = 2,
	HIDP_FEATURE_DTYPE = 3,
	HIDP_FEATURE_OBJECTIVE = 4,
	HIDP_FEATURE_STRATEGY = 5,
	HIDP_FEATURE_STAGE_KIND = 6,
	HIDP_FEATURE_STEP_KIND = 7,
	HIDP_FEATURE_COMPONENT = 8
};
typedef uint32_t hidp_feature;
enum hidp_component_value {
	HIDP_COMPONENT_JSON = 1
};
HIDP_API bool hidp_feature_supported(hidp_feature feature, uint32_t value);
HIDP_END_DECLS
