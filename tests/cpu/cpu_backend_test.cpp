// The CPU backend: that every operator can be prepared and timed, cold buffers really rotate, and the
// fingerprint says what distinguishes machines. No test asserts a time beyond "positive" and orders of
// magnitude.
#include "calibrate/backends/cpu/cpu_backend.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

#include "calibrate/backends/cpu/kernels/arena.hpp"
#include "calibrate/backends/cpu/local_communicator.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::literals;

namespace {

cpu::LocalCommunicator alone;

}  // namespace

TEST_CASE("every operator class can be prepared and timed, hot and cold") {
  cpu::CpuBackend backend(alone);
  for (const std::string& name : cost::class_names()) {
    DYNAMIC_SECTION(name) {
      const cost::Op op = cost::parse_op(name, "");
      CHECK(backend.prepare(op, {})->run().value() > 0.0);
      CHECK(backend.prepare(op, {1, 64_KiB})->run().value() > 0.0);
    }
  }
}

TEST_CASE("look-ups are prepared with ids inside their tables") {
  // Address and bounds checkers would stop a look-up outside.
  cpu::CpuBackend backend(alone);
  for (const cost::Pass pass : {cost::Pass::forward, cost::Pass::backward}) {
    const auto timed = backend.prepare(cost::Embedding{300, 8, 5, pass}, {1, 1_MiB});
    for (int i = 0; i < 20; ++i) CHECK(timed->run().value() > 0.0);
  }
  CHECK(backend.prepare(cost::CrossEntropy{100, 3}, {})->run().value() > 0.0);
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
