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

TEST_CASE("a misspelt operator or dimension is refused with the nearest name") {
  CHECK_THROWS_WITH(parse_op("gem_nn", ""), Catch::Contains("gem_nn") && Catch::Contains("gemm_nn"));
  CHECK_THROWS_WITH(parse_op("gelu_forward", "row=3"), Catch::Contains("row") && Catch::Contains("rows"));
  CHECK_THROWS_AS(parse_op("adam", "params=0"), ScenarioError);
  CHECK_THROWS_AS(parse_op("adam", "params=1e6"), ScenarioError);
}
