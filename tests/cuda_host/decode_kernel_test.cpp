// The paged decode kernels, run on the CPU, against plain loops; and how a step is cut into blocks.
#include <catch2/catch.hpp>

#include "calibrate/backends/cuda/device_kernel.hpp"
#include "tests/cuda_host/cuda_on_cpu.hpp"
// after what gives CUDA's words a meaning
#include "calibrate/backends/cuda/kernels/decode.cuh"

namespace {

using namespace orrery;
using namespace orrery::cuda;
using namespace orrery::cuda::decode;

struct Step {
  std::vector<double> q, k, v, o;
  std::vector<std::int32_t> table, lengths;
};

/// A step whose pages lie in another order than the tokens, with sequences of different lengths, one of them
/// empty.
template <class T>
Step reference(const cost::AttentionDecode& a) {
  Step s;
  unsigned state = 99;
  const auto draw = [&](std::vector<double>& into, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      state = state * 1664525U + 1013904223U;
      T rounded;
      store(&rounded, static_cast<float>((state >> 8) / 4194304.0 - 2.0));
      into.push_back(static_cast<double>(static_cast<float>(rounded)));
    }
  };
  const std::int64_t pages = a.sequences * a.pages(), cached = pages * a.block * a.kv_heads * a.head_dim;
  draw(s.q, a.sequences * a.heads * a.head_dim), draw(s.k, cached), draw(s.v, cached);
  for (std::int64_t i = 0; i < pages; ++i) s.table.push_back(static_cast<std::int32_t>(pages - 1 - i));
  for (std::int64_t i = 0; i < a.sequences; ++i) {
    s.lengths.push_back(static_cast<std::int32_t>(i == 0 ? a.context : i == 1 ? a.context / 3 : 0));
  }
  s.o.assign(s.q.size(), 0.0);
  const double scale = 1.0 / std::sqrt(static_cast<double>(a.head_dim));
  for (std::int64_t row = 0; row < a.sequences * a.heads; ++row) {
    const std::int64_t sequence = row / a.heads, kv_head = row % a.heads / (a.heads / a.kv_heads);
    const auto at = [&](std::int64_t token) {
      const std::int64_t page = s.table[static_cast<std::size_t>(sequence * a.pages() + token / a.block)];
      return static_cast<std::size_t>(((page * a.block + token % a.block) * a.kv_heads + kv_head) *
                                      a.head_dim);
    };
    double sum = 0.0;
    std::vector<double> weighted(static_cast<std::size_t>(a.head_dim), 0.0);
    for (std::int64_t t = 0; t < s.lengths[static_cast<std::size_t>(sequence)]; ++t) {
      double score = 0.0;
      for (std::size_t d = 0; d < weighted.size(); ++d) {
        score += s.q[static_cast<std::size_t>(row * a.head_dim) + d] * s.k[at(t) + d];
      }
      const double weight = std::exp(score * scale);
      sum += weight;
      for (std::size_t d = 0; d < weighted.size(); ++d) weighted[d] += weight * s.v[at(t) + d];
    }
    for (std::size_t d = 0; d < weighted.size() && sum > 0.0; ++d) {
      s.o[static_cast<std::size_t>(row * a.head_dim) + d] = weighted[d] / sum;
    }
  }
  return s;
}

template <class T, int kDim, int kHeads>
double error_of(const cost::AttentionDecode& op, int sm_count) {
  using R = Rows<T, kDim>;
  const Step n = reference<T>(op);
  const DecodeShape s = decode_shape(op);
  const DecodePlan plan = decode_plan(op, sm_count, 1 << 20);
  REQUIRE(plan.heads_per_block == kHeads);
  const auto typed = [](const std::vector<double>& numbers) {
    std::vector<T> result(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) store(&result[i], static_cast<float>(numbers[i]));
    return result;
  };
  const auto q = typed(n.q), k = typed(n.k), v = typed(n.v);
  std::vector<T> o = typed(std::vector<double>(n.o.size(), NAN));
  std::vector<float> scratch(plan.scratch_bytes / sizeof(float), NAN);
  on_cpu::launch(dim3(static_cast<unsigned>(plan.splits), static_cast<unsigned>(plan.head_blocks),
                      static_cast<unsigned>(s.sequences)),
                 R::kThreads, [&] {
                   decode_kernel<T, R, kHeads>(s, plan.part, q.data(), k.data(), v.data(), n.table.data(),
                                               n.lengths.data(), o.data(), scratch.data());
                 });
  if (plan.splits > 1) {
    on_cpu::launch(dim3(static_cast<unsigned>(s.sequences * s.heads)), kDim,
                   [&] { combine_kernel<T, kDim>(plan.splits, scratch.data(), o.data()); });
  }
  double worst = 0.0;
  for (std::size_t i = 0; i < n.o.size(); ++i) {
    const double difference = std::abs(static_cast<double>(static_cast<float>(o[i])) - n.o[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

}  // namespace

TEST_CASE("a decode step in one part equals plain loops") {
  CHECK(error_of<float, 64, 1>({.sequences = 3, .heads = 2, .kv_heads = 2, .context = 100, .head_dim = 64},
                               1) < 1e-5);
  CHECK(error_of<__half, 64, 2>({.sequences = 2, .heads = 4, .kv_heads = 2, .context = 70, .head_dim = 64},
                                1) < 2e-3);
}

TEST_CASE("parts of the context are combined, empty ones and empty sequences included") {
  CHECK(error_of<float, 128, 4>({.sequences = 3, .heads = 8, .kv_heads = 2, .context = 400, .head_dim = 128},
                                8) < 1e-5);
  CHECK(error_of<__nv_bfloat16, 128, 8>(
            {.sequences = 3, .heads = 8, .kv_heads = 1, .context = 513, .head_dim = 128, .block = 256}, 8) <
        2e-2);
}

TEST_CASE("pages need not be a power of two") {
  CHECK(error_of<float, 256, 2>(
            {.sequences = 2, .heads = 2, .kv_heads = 1, .context = 90, .head_dim = 256, .block = 24}, 1) <
        1e-5);
}

TEST_CASE("many sequences are not split") {
  const DecodePlan plan =
      decode_plan({.sequences = 256, .heads = 32, .kv_heads = 8, .context = 4096}, 132, 1 << 28);
  CHECK(plan.heads_per_block == 4);
  CHECK(plan.head_blocks == 8);
  CHECK(plan.splits == 1);
  CHECK(plan.part == 4096);
  CHECK(plan.scratch_bytes == 0);
}

TEST_CASE("one sequence is split until the device is full, but into no parts under 128 tokens") {
  const cost::AttentionDecode one{
      .sequences = 1, .heads = 32, .kv_heads = 8, .context = 8192, .head_dim = 128};
  const DecodePlan plan = decode_plan(one, 132, 1 << 28);
  CHECK(plan.splits * plan.part >= 8192);
  CHECK((plan.splits - 1) * plan.part < 8192);
  CHECK(plan.splits == 64);  // 528 blocks wanted, 8 groups of heads: 66, but 64 parts of 128
  CHECK(plan.scratch_bytes == sizeof(float) * 32 * 64 * 130);
}

TEST_CASE("splits are limited by the workspace") {
  const cost::AttentionDecode one{
      .sequences = 1, .heads = 32, .kv_heads = 8, .context = 8192, .head_dim = 128};
  const DecodePlan plan = decode_plan(one, 132, sizeof(float) * 32 * 130 * 5);
  CHECK(plan.splits == 5);
  CHECK(decode_plan(one, 132, 0).splits == 1);
}

TEST_CASE("a group of heads that is no power of two is covered by smaller blocks") {
  const DecodePlan plan =
      decode_plan({.sequences = 1, .heads = 24, .kv_heads = 2, .context = 64}, 132, 1 << 20);
  CHECK(plan.heads_per_block == 4);  // 12 heads a group
  CHECK(plan.head_blocks == 6);
}

TEST_CASE("decode is offered for the head sizes that its kernel has") {
  DeviceContext device;
  device.compute_capability = 90;
  cost::AttentionDecode op{.dtype = cost::DType::bf16};
  for (const std::int64_t dim : {64, 128, 256}) {
    op.head_dim = dim;
    CHECK(supports_attention_decode(op, device));
  }
  op.head_dim = 96;
  CHECK_FALSE(supports_attention_decode(op, device));
  op.head_dim = 128;
  op.dtype = cost::DType::fp8;
  CHECK_FALSE(supports_attention_decode(op, device));
}
