// SPDX-License-Identifier: MIT
//
// The same interface from C++11: objects in smart pointers, failures as exceptions.
//
//     c++ -std=c++11 plan.cpp $(pkg-config --cflags --libs hidp)

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <hidp/hidp.h>

namespace
{

// A struct and a function are called hidp_plan; as a type it needs its `struct`.
using plan_object = struct hidp_plan;

// One deleter for everything that is counted or has a single owner.
struct release {
	void operator()(hidp_context *p) const
	{
		hidp_context_unref(p);
	}
	void operator()(hidp_model *p) const
	{
		hidp_model_unref(p);
	}
	void operator()(hidp_model_builder *p) const
	{
		hidp_model_builder_destroy(p);
	}
	void operator()(hidp_cluster *p) const
	{
		hidp_cluster_unref(p);
	}
	void operator()(plan_object *p) const
	{
		hidp_plan_unref(p);
	}
};

template <typename T> using handle = std::unique_ptr<T, release>;

// Throws what the library says.
void check(hidp_status status, const hidp_diagnostic &diagnostic)
{
	if (status != HIDP_OK)
		throw std::runtime_error(std::string(hidp_status_string(status)) + ": " +
		                         diagnostic.subject + " " + diagnostic.message);
}

// A chain of convolutions; each halves the image and doubles the channels.
handle<hidp_model> describe_model(hidp_context *context)
{
	hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;
	hidp_model_builder *raw = nullptr;
	check(hidp_model_builder_new(context, nullptr, &raw), diagnostic);
	handle<hidp_model_builder> builder(raw);

	hidp_layer_desc layer = HIDP_LAYER_DESC_INIT;
	hidp_layer_id last = 0;
	layer.name = "image";
	layer.op = HIDP_OP_INPUT;
	layer.shape.batch = 1;
	layer.shape.channels = 3;
	layer.shape.rows = layer.shape.width = 256;
	check(hidp_model_builder_add(builder.get(), &layer, &last, &diagnostic), diagnostic);

	for (int i = 0; i < 5; i++) {
		const std::string name = "conv" + std::to_string(i + 1);
		hidp_layer_desc_init(&layer, sizeof layer);
		layer.name = name.c_str(); // the library copies it
		layer.op = HIDP_OP_CONV;
		layer.inputs = &last;
		layer.input_count = 1;
		layer.out_channels = INT64_C(32) << i;
		layer.kernel[0] = layer.kernel[1] = 3;
		layer.stride[0] = layer.stride[1] = 2;
		for (int64_t &pad : layer.pad)
			pad = 1;
		check(hidp_model_builder_add(builder.get(), &layer, &last, &diagnostic),
		      diagnostic);
	}
	hidp_model *model = nullptr;
	check(hidp_model_builder_seal(builder.get(), &model, &diagnostic), diagnostic);
	return handle<hidp_model>(model);
}

std::string table(const plan_object *plan)
{
	const hidp_diagnostic none = HIDP_DIAGNOSTIC_INIT;
	std::size_t length = 0;
	check(hidp_plan_to_table(plan, nullptr, 0, &length), none);
	std::vector<char> buffer(length + 1);
	check(hidp_plan_to_table(plan, buffer.data(), buffer.size(), nullptr), none);
	return std::string(buffer.data(), length);
}

void run()
{
	hidp_diagnostic diagnostic = HIDP_DIAGNOSTIC_INIT;
	hidp_context *raw_context = nullptr;
	check(hidp_context_new(nullptr, &raw_context), diagnostic);
	handle<hidp_context> context(raw_context);
	handle<hidp_model> model = describe_model(context.get());

	hidp_cluster *raw_cluster = nullptr;
	check(hidp_cluster_from_string(context.get(), "cpu:20; cpu:40,gpu:300 | lan 940M 0.25ms",
	                               &raw_cluster, &diagnostic),
	      diagnostic);
	handle<hidp_cluster> cluster(raw_cluster);

	// as many requests per second as possible
	hidp_plan_options options = HIDP_PLAN_OPTIONS_INIT;
	options.objective = HIDP_OBJECTIVE_PERIOD;
	plan_object *raw_plan = nullptr;
	check(hidp_plan(model.get(), cluster.get(), nullptr, &options, &raw_plan, &diagnostic),
	      diagnostic);
	handle<plan_object> plan(raw_plan);
	std::cout << table(plan.get());
}

} // namespace

int main()
{
	try {
		run();
		return 0;
	} catch (const std::exception &e) {
		std::cerr << e.what() << '\n';
		return 1;
	}
}
