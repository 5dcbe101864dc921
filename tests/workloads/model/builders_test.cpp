#include <catch2/catch.hpp>
#include <set>

#include "sim/base/error.hpp"
#include "workloads/model/builder.hpp"

namespace orrery::model {
namespace {

std::int64_t count_class(const ModelGraph& graph, const std::string& name) {
  std::int64_t count = 0;
  for (const Node& node : graph.nodes) count += cost::class_name(node.op) == name;
  return count;
}

double gemm_flops(const ModelGraph& graph) {
  double total = 0;
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<cost::Gemm>(node.op)) total += cost::flops(node.op).value();
  }
  return total;
}

/// For each node and operand that is read: the node that wrote the data last (-1: before the step).
std::vector<std::vector<int>> producers(const ModelGraph& graph) {
  std::vector<int> writer(graph.tensors.size(), -1);
  std::vector<std::vector<int>> result;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto operands = cost::operands(graph.nodes[i].op);
    std::vector<int> row;
    for (std::size_t j = 0; j < operands.size(); ++j) {
      const bool reads = operands[j].access != cost::Access::write;
      row.push_back(reads ? writer[graph.nodes[i].operands[j].index()] : -2);
    }
    for (std::size_t j = 0; j < operands.size(); ++j) {
      if (operands[j].access != cost::Access::read) {
        writer[graph.nodes[i].operands[j].index()] = static_cast<int>(i);
      }
    }
    result.push_back(row);
  }
  return result;
}

TEST_CASE("an MLP has in*out+out parameters per layer") {
  // 784*256+256 + 256*10+10 = 203530; 784*512+512 + 512*128+128 + 128*10+10 = 468874
  REQUIRE(build(MlpConfig{784, {256}, 10}, 4, cost::OptimizerKind::sgd, 1).parameter_count() == 203530);
  REQUIRE(build(MlpConfig{784, {512, 128}, 10}, 4, cost::OptimizerKind::adam, 2).parameter_count() == 468874);
  REQUIRE(build(MlpConfig{784, {}, 10}, 4, cost::OptimizerKind::sgd, 1).parameter_count() == 7850);
}

TEST_CASE("a GPT has VC + TC + L(12C^2+13C) + 2C parameters") {
  for (const GptConfig& c : {GptConfig{4, 128, 4, 128, 96}, GptConfig{1, 8, 2, 5, 7}}) {
    const std::int64_t expected = c.vocab * c.width + c.context * c.width +
                                  c.layers * (12 * c.width * c.width + 13 * c.width) + 2 * c.width;
    REQUIRE(build(c, 2, cost::OptimizerKind::adam, 1).parameter_count() == expected);
  }
}

TEST_CASE("an MLP step multiplies 6 B sum(in*out) minus the first layer's input gradient") {
  const double batch = 32;
  const ModelGraph graph = build(MlpConfig{784, {256, 64}, 10}, 32, cost::OptimizerKind::sgd, 1);
  const double weights = 784. * 256 + 256. * 64 + 64. * 10;
  REQUIRE(gemm_flops(graph) == 6 * batch * weights - 2 * batch * 784 * 256);
}

TEST_CASE("a GPT step multiplies 6 tokens (12LC^2 + VC) + 12 L B T^2 C") {
  // Matrices: 6 N per token (Kaplan et al. 2020); attention scores and mixing: 2 products forward and 4
  // backward, each 2 B T^2 C, computed in full although half of the scores are masked.
  const GptConfig c{3, 64, 4, 32, 50};
  const double batch = 5, tokens = batch * 32, width = 64, layers = 3;
  const double expected =
      6 * tokens * (12 * layers * width * width + 50 * width) + 12 * layers * batch * 32 * 32 * width;
  REQUIRE(gemm_flops(build(c, 5, cost::OptimizerKind::adam, 1)) == expected);
}

TEST_CASE("the forward pass of an MLP is load, gemm, bias, relu, ..., loss") {
  const ModelGraph graph = build(MlpConfig{20, {16}, 10}, 2, cost::OptimizerKind::momentum, 2);
  std::vector<std::string> classes;
  for (const Node& node : graph.nodes) classes.push_back(cost::class_name(node.op));
  const std::vector<std::string> expected{"copy",    "gemm_nn", "bias",          "relu_forward",
                                          "gemm_nn", "bias",    "cross_entropy", "bias_gradient",
                                          "gemm_tn", "gemm_nt", "relu_backward", "bias_gradient",
                                          "gemm_tn", "scale",   "momentum"};
  REQUIRE(classes == expected);
  REQUIRE(graph.nodes[6].phase == Phase::forward);
  REQUIRE(graph.nodes[7].phase == Phase::backward);
  REQUIRE(graph.nodes[13].phase == Phase::update);
}

TEST_CASE("each GPT block has the operators of a pre-norm decoder") {
  const ModelGraph graph = build(GptConfig{3, 32, 4, 16, 50}, 2, cost::OptimizerKind::adam, 2);
  REQUIRE(count_class(graph, "layer_norm_forward") == 2 * 3 + 1);
  REQUIRE(count_class(graph, "layer_norm_backward") == 2 * 3 + 1);
  REQUIRE(count_class(graph, "softmax_forward") == 3);
  REQUIRE(count_class(graph, "gelu_backward") == 3);
  REQUIRE(count_class(graph, "gemm_nn") == 3 * (6 + 1 + 1) + 1);  // 6 projections, mix, dQ; logits' dx
  REQUIRE(count_class(graph, "gemm_nt") == 3 * (1 + 1 + 6) + 1);  // scores, dP, 6 dx; logits
  REQUIRE(count_class(graph, "gemm_tn") == 3 * (6 + 2) + 1);      // 6 dW, dV, dK; the table's dW
  REQUIRE(count_class(graph, "transpose") == 3 * (4 + 4));
  REQUIRE(count_class(graph, "add") == 3 * (2 + 4));
  REQUIRE(count_class(graph, "bias") == 3 * 6 + 1);
  REQUIRE(count_class(graph, "bias_gradient") == 3 * 6 + 1);
  REQUIRE(count_class(graph, "embedding_backward") == 1);
  REQUIRE(count_class(graph, "adam") == 1);
  REQUIRE(count_class(graph, "scale") == 1);
}

TEST_CASE("gradients complete from the output to the input, the tied table last") {
  const ModelGraph graph = build(GptConfig{2, 16, 2, 8, 12}, 2, cost::OptimizerKind::adam, 1);
  const auto& parameters = graph.parameters;
  REQUIRE(graph.tensor(parameters.front().weight).name == "final_norm.gamma");
  REQUIRE(graph.tensor(parameters[parameters.size() - 2].weight).name == "embedding.positions");
  REQUIRE(graph.tensor(parameters.back().weight).name == "embedding.table");
  for (const Parameter& parameter : parameters) REQUIRE(parameter.offset % kAlignment == 0);
}

TEST_CASE("averaging over ranks appears only with several ranks") {
  const MlpConfig config{20, {16}, 10};
  REQUIRE(count_class(build(config, 2, cost::OptimizerKind::sgd, 1), "scale") == 0);
  REQUIRE(count_class(build(config, 2, cost::OptimizerKind::sgd, 4), "scale") == 1);
}

TEST_CASE("sharing activation-gradient buffers changes no data flow") {
  // With every gradient in its own memory the producer of each operand is right by construction; lending the
  // buffers out again must leave each operand with the same producer.
  const std::vector<ModelConfig> models{MlpConfig{20, {16, 16, 16}, 10}, GptConfig{3, 16, 2, 8, 16}};
  for (const ModelConfig& config : models) {
    BuildRequest request{.batch = 2, .optimizer = cost::OptimizerKind::adam, .ranks = 2};
    const ModelGraph shared = build(config, request);
    request.reuse_gradient_buffers = false;
    const ModelGraph apart = build(config, request);
    REQUIRE(shared.tensors.size() < apart.tensors.size());
    REQUIRE(producers(shared) == producers(apart));
  }
}

TEST_CASE("every gradient that is written is read again, or is a parameter's") {
  const ModelGraph graph =
      build(GptConfig{2, 16, 2, 8, 12}, BuildRequest{.batch = 2, .reuse_gradient_buffers = false});
  std::set<std::int32_t> read;
  for (const Node& node : graph.nodes) {
    const auto operands = cost::operands(node.op);
    for (std::size_t j = 0; j < operands.size(); ++j) {
      if (operands[j].access == cost::Access::read) read.insert(node.operands[j].value);
    }
  }
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const TensorRole role = graph.tensors[i].role;
    if (role != TensorRole::activation && role != TensorRole::activation_gradient) continue;
    INFO(graph.tensors[i].name);
    REQUIRE(read.count(static_cast<std::int32_t>(i)) == 1);
  }
}

TEST_CASE("heads that do not divide the width are refused with the numbers that do") {
  try {
    build(GptConfig{1, 12, 5, 8, 12}, 2, cost::OptimizerKind::sgd, 1);
    FAIL("accepted");
  } catch (const ScenarioError& error) {
    REQUIRE(std::string(error.what()) ==
            "$.model.heads: 5 does not divide width 12; use one of 1, 2, 3, 4, 6, 12");
  }
  REQUIRE_THROWS_AS(build(MlpConfig{}, 0, cost::OptimizerKind::sgd, 1), ScenarioError);
}

TEST_CASE("a graph that reads what nobody wrote, or has wrong sizes, is found") {
  const ModelGraph good = build(MlpConfig{20, {16}, 10}, 2, cost::OptimizerKind::sgd, 1);
  REQUIRE_NOTHROW(validate(good));
  ModelGraph unwritten = good;
  unwritten.nodes.erase(unwritten.nodes.begin());  // nobody loads the input any more
  REQUIRE_THROWS_AS(validate(unwritten), InternalError);
  ModelGraph wrong_size = good;
  wrong_size.tensors[wrong_size.nodes[1].operands[2].index()].elements += 1;
  REQUIRE_THROWS_AS(validate(wrong_size), InternalError);
  ModelGraph wrong_order = good;
  std::swap(wrong_order.nodes.back(), wrong_order.nodes[7]);
  REQUIRE_THROWS_AS(validate(wrong_order), InternalError);
  ModelGraph missing_operand = good;
  missing_operand.nodes[1].operands.pop_back();
  REQUIRE_THROWS_AS(validate(missing_operand), InternalError);
}

}  // namespace
}  // namespace orrery::model
