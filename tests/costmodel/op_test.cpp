// Operators: flops, traffic and operand lists are facts of linear algebra; names and shapes round-trip.
#include "costmodel/op.hpp"

#include <catch2/catch.hpp>

#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::cost;

TEST_CASE("a GEMM does 2mnk operations per batch entry and touches each matrix once") {
  const Op op = Gemm{.m = 3, .n = 5, .k = 7, .batch = 2};
  CHECK(flops(op).value() == 2.0 * 3 * 5 * 7 * 2);
  CHECK(traffic(op).value() == 4.0 * 2 * (3 * 7 + 7 * 5 + 3 * 5));
}

TEST_CASE("an accumulating GEMM also reads its output") {
  const Op plain = Gemm{.m = 3, .n = 5, .k = 7};
  const Op accumulating = Gemm{.m = 3, .n = 5, .k = 7, .accumulate = true};
  CHECK(traffic(accumulating).value() - traffic(plain).value() == 4.0 * 3 * 5);
}

TEST_CASE("Adam moves seven words per parameter, momentum five, SGD three") {
  CHECK(traffic(OptimizerStep{OptimizerKind::adam, 100}).value() == 4.0 * 7 * 100);
  CHECK(traffic(OptimizerStep{OptimizerKind::momentum, 100}).value() == 4.0 * 5 * 100);
  CHECK(traffic(OptimizerStep{OptimizerKind::sgd, 100}).value() == 4.0 * 3 * 100);
}

TEST_CASE("an embedding look-up reads only the rows it looks up") {
  const Op op = Embedding{.tokens = 4, .width = 8, .vocab = 1000};
  CHECK(traffic(op).value() == 4.0 * (4 + 4 * 8 + 4 * 8));
}

TEST_CASE("every operator class round-trips through its name and shape") {
  for (const std::string& name : class_names()) {
    DYNAMIC_SECTION(name) {
      const Op op = parse_op(name, "");
      CHECK(class_name(op) == name);
      CHECK(parse_op(name, shape_text(op)) == op);
      CHECK(!operands(op).empty());
    }
  }
  const Op gemm = Gemm{.m = 64, .n = 10, .k = 256, .batch = 4, .trans_b = true, .accumulate = true};
  CHECK(shape_text(gemm) == "m=64 n=10 k=256 batch=4 accumulate=1");
  CHECK(parse_op("gemm_nt", shape_text(gemm)) == gemm);
}

TEST_CASE("a type other than fp32 makes a class of its own, and half the bytes") {
  const Op single = Elementwise{ElementwiseKind::add, 8, 64};
  const Op half = with_dtype(single, DType::bf16);
  CHECK(class_name(half) == "add_bf16");
  CHECK(base_name(half) == "add");
  CHECK(parse_op("add_bf16", shape_text(half)) == half);
  CHECK(traffic(half).value() * 2.0 == traffic(single).value());
  CHECK(flops(half).value() == flops(single).value());
  // Weights and states of a mixed-precision Adam stay fp32: 6 words moved, gradient read, copy written in
  // bf16.
  CHECK(traffic(OptimizerStep{OptimizerKind::adam, 100, DType::bf16}).value() == (6 * 4 + 2 * 2) * 100);
  // An fp8 product reads bytes and writes bf16.
  CHECK(traffic(Gemm{.m = 32, .n = 16, .k = 64, .dtype = DType::fp8}).value() ==
        32 * 64 + 64 * 16 + 2 * 32 * 16);
}

TEST_CASE("casts name both types and have no other") {
  const Op cast = Cast{.elements = 10, .from = DType::bf16, .to = DType::fp8};
  CHECK(class_name(cast) == "cast_bf16_fp8");
  CHECK(parse_op("cast_bf16_fp8", "elements=10") == cast);
  CHECK(traffic(cast).value() == 30.0);
  CHECK(!has_dtype(cast));
  CHECK_THROWS_AS(parse_op("cast_fp32_bf16_bf16", ""), ScenarioError);
}

TEST_CASE("attention counts the pairs that see each other") {
  // Causal over whole sequences: 1 + 2 + 3 + 4; a chunk of 2 behind 3 cached tokens: 4 + 5; full: 2 x 5.
  CHECK(visible_pairs({.q_len = 4, .kv_len = 4, .causal = true}) == 10.0);
  CHECK(visible_pairs({.q_len = 2, .kv_len = 5, .causal = true}) == 9.0);
  CHECK(visible_pairs({.q_len = 2, .kv_len = 5}) == 10.0);
  // Two products of 2 d operations per pair forward, five backward.
  const Attention a{
      .batch = 3, .heads = 4, .kv_heads = 2, .q_len = 4, .kv_len = 4, .head_dim = 8, .causal = true};
  CHECK(flops(a).value() == 4.0 * 3 * 4 * 10 * 8);
  Attention back = a;
  back.pass = Pass::backward;
  CHECK(flops(back).value() == 2.5 * flops(a).value());
}

TEST_CASE("a decode step reads the cached tokens, not the rest of their pages") {
  const AttentionDecode a{
      .sequences = 2, .heads = 4, .kv_heads = 2, .context = 17, .head_dim = 8, .block = 16};
  CHECK(a.pages() == 2);
  const std::vector<Operand> all = operands(a);
  CHECK(all[1].elements == 2 * 2 * 16 * 2 * 8);
  CHECK(all[1].touched == 2 * 17 * 2 * 8);
}

TEST_CASE("impossible shapes of attention, epilogues and rotations are refused") {
  CHECK_THROWS_WITH(parse_op("attention_forward", "heads=6 kv_heads=4"),
                    Catch::Contains("multiple of kv_heads=4"));
  CHECK_THROWS_WITH(parse_op("gemm_nn", "gelu=1"), Catch::Contains("bias=1"));
  CHECK_THROWS_WITH(parse_op("rotary_forward", "head_dim=7"), Catch::Contains("even"));
}

TEST_CASE("a misspelt operator or dimension is refused with the nearest name") {
  CHECK_THROWS_WITH(parse_op("gem_nn", ""), Catch::Contains("gem_nn") && Catch::Contains("gemm_nn"));
  CHECK_THROWS_WITH(parse_op("gelu_forward", "row=3"), Catch::Contains("row") && Catch::Contains("rows"));
  CHECK_THROWS_AS(parse_op("adam", "params=0"), ScenarioError);
  CHECK_THROWS_AS(parse_op("adam", "params=1e6"), ScenarioError);
}
