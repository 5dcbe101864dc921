// The CPU backend: that every operator can be prepared and timed, cold buffers really rotate, and the
// fingerprint says what distinguishes machines. No test asserts a time beyond "positive" and orders of
// magnitude.
#include "calibrate/backends/cpu/cpu_backend.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/local_communicator.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::literals;

namespace {

cpu::LocalCommunicator alone;

}  // namespace

TEST_CASE("every operator class that the CPU has can be prepared and timed, hot and cold") {
  cpu::CpuBackend backend(alone);
  for (const std::string& name : cost::class_names()) {
    DYNAMIC_SECTION(name) {
      const cost::Op op = cost::parse_op(name, "");
      if (backend.supports(op)) {
        CHECK(backend.prepare(op, {})->run().value() > 0.0);
        CHECK(backend.prepare(op, {1, 64_KiB})->run().value() > 0.0);
      } else {
        CHECK_THROWS_AS(backend.prepare(op, {}), BackendError);
      }
    }
  }
}

TEST_CASE("the CPU has no bus to copy over, no graphs to replay and no other types than fp32") {
  cpu::CpuBackend backend(alone);
  std::vector<std::string> missing;
  for (const std::string& name : cost::class_names()) {
    if (!backend.supports(cost::parse_op(name, ""))) missing.push_back(name);
  }
  CHECK(missing == std::vector<std::string>{"copy_d2h", "copy_d2h_pageable", "copy_h2d", "copy_h2d_pageable",
                                            "graph_replay"});
  CHECK_FALSE(backend.supports(cost::parse_op("gemm_nn_bf16", "")));
  CHECK_FALSE(backend.supports(cost::parse_op("adam_fp16", "")));
  calibrate::OperandValues values(3, std::vector<float>(1, 1.0F));
  CHECK_THROWS_AS(backend.compute(cost::parse_op("gemm_nn_bf16", ""), values), BackendError);
}

TEST_CASE("computing gives back what the kernel wrote and leaves what it read") {
  cpu::CpuBackend backend(alone);
  // [1 2; 3 4] [5; 6] = [17; 39]
  calibrate::OperandValues values{{1.0F, 2.0F, 3.0F, 4.0F}, {5.0F, 6.0F}, {NAN, NAN}};
  backend.compute(cost::Gemm{.m = 2, .n = 1, .k = 2}, values);
  CHECK(values[0] == std::vector<float>{1.0F, 2.0F, 3.0F, 4.0F});
  CHECK(values[2] == std::vector<float>{17.0F, 39.0F});
  calibrate::OperandValues look_up{{2.0F, 0.0F}, {1.0F, 2.0F, 3.0F}, {NAN, NAN}};
  backend.compute(cost::Embedding{2, 1, 3}, look_up);
  CHECK(look_up[2] == std::vector<float>{3.0F, 1.0F});
}

TEST_CASE("an operator that is larger than the machine does not fit") {
  cpu::CpuBackend backend(alone);
  CHECK_THROWS_AS(backend.prepare(cost::Copy{std::int64_t{1} << 44}, {}), calibrate::DoesNotFit);
}

TEST_CASE("a composition runs its steps in order on shared tensors") {
  // Each run doubles tensor 0 by way of tensor 1, so that a later step reads what an earlier one wrote.
  cpu::CpuBackend backend(alone);
  calibrate::Composition composition{"pair", {{64}, {64}}, {}};
  composition.steps.push_back({cost::Copy{64}, {0, 1}});
  composition.steps.push_back({cost::Elementwise{cost::ElementwiseKind::add, 4, 16}, {0, 1, 0}, 1});
  const auto timed = backend.prepare(composition);
  for (int i = 0; i < 5; ++i) CHECK(timed->run().value() > 0.0);
  composition.steps.push_back({cost::Copy{64, cost::CopyKind::h2d}, {0, 1}});
  CHECK_THROWS_WITH(backend.prepare(composition), Catch::Contains("pair") && Catch::Contains("copy_h2d"));
  composition.steps.back() = {cost::Copy{65}, {0, 1}};
  CHECK_THROWS_AS(backend.prepare(composition), InternalError);
  composition.steps.clear();
  composition.tensors = {{std::int64_t{1} << 44}};
  CHECK_THROWS_AS(backend.prepare(composition), calibrate::DoesNotFit);
}

TEST_CASE("look-ups are prepared with ids inside their tables") {
  // Address and bounds checkers would stop a look-up outside.
  cpu::CpuBackend backend(alone);
  for (const cost::Pass pass : {cost::Pass::forward, cost::Pass::backward}) {
    const auto timed = backend.prepare(cost::Embedding{300, 8, 5, pass}, {1, 1_MiB});
    for (int i = 0; i < 20; ++i) CHECK(timed->run().value() > 0.0);
  }
  CHECK(backend.prepare(cost::CrossEntropy{100, 3}, {})->run().value() > 0.0);
  const auto decode = backend.prepare(cost::AttentionDecode{3, 2, 1, 37, 8, 16}, {1, 1_MiB});
  for (int i = 0; i < 20; ++i) CHECK(decode->run().value() > 0.0);
  CHECK(backend.prepare(cost::Rotary{50, 2, 8}, {})->run().value() > 0.0);
}

TEST_CASE("a larger product takes longer") {
  // 2 m n k: 512^3 is 4096 times the work of 32^3, so even a noisy machine keeps the order.
  cpu::CpuBackend backend(alone);
  const auto small = backend.prepare(cost::Gemm{32, 32, 32}, {});
  const auto large = backend.prepare(cost::Gemm{512, 512, 512}, {});
  CHECK(large->run() > small->run());
}

TEST_CASE("a backend of one rank refuses a collective of two") {
  cpu::CpuBackend backend(alone);
  CHECK(backend.ranks() == 1);
  CHECK(backend.max_over_ranks(1.5) == 1.5);
  CHECK_THROWS_AS(backend.prepare(cost::CollectiveCase{cost::CollectiveKind::all_reduce, 8_B, 2}),
                  ScenarioError);
}

TEST_CASE("the fingerprint names the machine and the libraries") {
  const calibrate::Fingerprint facts = cpu::CpuBackend(alone).fingerprint();
  for (const char* key :
       {"cpu", "cpus_online", "memory", "kernel", "onednn", "onednn_isa", "mpi", "compiler", "pinned"}) {
    INFO(key);
    REQUIRE(facts.count(key) == 1);
    CHECK_FALSE(facts.at(key).empty());
  }
  CHECK(facts.at("onednn").find('.') != std::string::npos);
  CHECK(facts.at("mpi").find("Open MPI") != std::string::npos);
  CHECK(facts == cpu::CpuBackend(alone).fingerprint());
}

TEST_CASE("an arena hands out zeroed, separate, cache-line aligned pieces and no more than it holds") {
  cpu::Arena arena(cpu::Arena::footprint(100) + cpu::Arena::footprint(4));
  const auto first = arena.take_array<float>(25);
  const auto second = arena.take_array<float>(1);
  CHECK(reinterpret_cast<std::uintptr_t>(first.data()) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(second.data()) % 64 == 0);
  CHECK(second.data() >= first.data() + first.size());
  CHECK(first[24] == 0.0F);
  CHECK_THROWS_AS(arena.take(1), InternalError);
}
