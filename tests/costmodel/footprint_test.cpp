// The closed forms that models use must agree with the operand lists that kernels use.
#include "costmodel/footprint.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace orrery;
using namespace orrery::cost;

namespace {

std::vector<Op> one_shape_of_each_class() {
  const std::vector<std::pair<std::string, std::string>> shapes{
      {"gemm_nn", "m=7 n=5 k=3 batch=2"},
      {"gemm_nt", "m=7 n=5 k=3 accumulate=1"},
      {"gemm_tn", "m=2 n=9 k=4"},
      {"gemm_tt", "m=2 n=9 k=4"},
      {"softmax_forward", "rows=6 cols=4"},
      {"softmax_backward", "rows=6 cols=4 causal=1"},
      {"layer_norm_forward", "rows=6 cols=4"},
      {"layer_norm_backward", "rows=6 cols=4"},
      {"gelu_forward", "rows=6 cols=4"},
      {"gelu_backward", "rows=6 cols=4"},
      {"relu_forward", "rows=6 cols=4"},
      {"relu_backward", "rows=6 cols=4"},
      {"bias", "rows=6 cols=4"},
      {"bias_gradient", "rows=6 cols=4"},
      {"add", "rows=6 cols=4"},
      {"scale", "rows=6 cols=4"},
      {"embedding_forward", "tokens=3 width=8 vocab=100"},
      {"embedding_backward", "tokens=300 width=8 vocab=10"},
      {"cross_entropy", "rows=5 classes=10"},
      {"sgd", "params=100"},
      {"momentum", "params=100"},
      {"adam", "params=100"},
      {"copy", "elements=33"},
      {"copy_h2d", "elements=33"},
      {"copy_d2h", "elements=33"},
      {"copy_h2d_pageable", "elements=33"},
      {"copy_d2h_pageable", "elements=33"},
      {"transpose", "batch=2 rows=3 cols=4 inner=5"},
      {"rms_norm_forward", "rows=6 cols=4"},
      {"rms_norm_backward", "rows=6 cols=4"},
      {"swiglu_forward", "rows=6 cols=4"},
      {"swiglu_backward", "rows=6 cols=4"},
      {"attention_forward", "batch=2 heads=4 kv_heads=2 q_len=5 kv_len=7 head_dim=8 causal=1"},
      {"attention_backward", "batch=2 heads=4 kv_heads=1 q_len=5 kv_len=5 head_dim=8"},
      {"attention_decode", "sequences=3 heads=4 kv_heads=2 context=33 head_dim=8 block=16"},
      {"rotary_forward", "tokens=3 heads=4 head_dim=8"},
      {"rotary_backward", "tokens=3 heads=4 head_dim=8"},
      {"cast_fp32_bf16", "elements=33"},
      {"cast_bf16_fp32", "elements=33"},
      {"cast_fp32_fp16", "elements=33"},
      {"cast_bf16_fp8", "elements=33"},
      {"launch", "kernels=3"},
      {"graph_replay", "kernels=3"}};
  std::vector<Op> ops;
  for (const auto& [name, shape] : shapes) ops.push_back(parse_op(name, shape));
  ops.push_back(parse_op("gemm_nn", "m=7 n=5 k=3 batch=2 bias=1 gelu=1"));
  return ops;
}

/// The same in every type that an operator may have.
std::vector<Op> in_each_dtype(const std::vector<Op>& ops) {
  std::vector<Op> all = ops;
  for (const Op& op : ops) {
    if (!has_dtype(op)) continue;
    for (const DType dtype : {DType::tf32, DType::fp16, DType::bf16, DType::fp8}) {
      all.push_back(with_dtype(op, dtype));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a footprint counts the same bytes as the operand list, for every class and type") {
  std::set<std::size_t> indices;
  std::set<std::string> names, base_names;
  for (const Op& op : in_each_dtype(one_shape_of_each_class())) {
    DYNAMIC_SECTION(class_name(op)) {
      double held = 0.0;
      for (const Operand& operand : operands(op)) held += operand.touched_bytes().value();
      CHECK(footprint(op).traffic == traffic(op).value());
      CHECK(footprint(op).operand_bytes == held);
      CHECK(features(op, footprint(op), {}).count == feature_names(op).size());
    }
    indices.insert(class_index(op));
    names.insert(class_name(op));
    base_names.insert(base_name(op));
  }
  CHECK(base_names.size() == class_names().size());
  CHECK(indices.size() == names.size());
  CHECK(*indices.rbegin() < kClassIndexEnd);
}

TEST_CASE("a causal softmax works on the visible half: row r sees (r mod cols) + 1 columns") {
  // Rows 0..3 of 4 columns see 1 + 2 + 3 + 4 = 10 elements; two further rows see 1 + 2.
  CHECK(footprint(Softmax{.rows = 4, .cols = 4, .causal = true}).elements == 10.0);
  CHECK(footprint(Softmax{.rows = 6, .cols = 4, .causal = true}).elements == 13.0);
  CHECK(footprint(Softmax{.rows = 6, .cols = 4}).elements == 24.0);
}

TEST_CASE("the working set is the reuse distance, but never less than the operands themselves") {
  const Footprint copy = footprint(Copy{.elements = 1000});
  CHECK(working_set(copy, {1, Bytes(0)}) == 8000.0);
  CHECK(working_set(copy, {1, Bytes(1e6)}) == 1e6);
}

TEST_CASE("in a rotation through buffers an operand is as old as the calls on the other sets take") {
  // 80 kB apart with 8 kB operands: ten calls on other sets in between.
  CHECK(rotation_time(footprint(Copy{.elements = 1000}), Bytes(80000), Seconds(1e-6)).value() ==
        Approx(1e-5));
  CHECK(rotation_time(footprint(Copy{.elements = 1000}), Bytes(0), Seconds(1e-6)).value() == 0.0);
}
