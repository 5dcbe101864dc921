// How calls are timed, decided from sizes alone.
#include "calibrate/backends/cuda/timing_plan.hpp"

#include <catch2/catch.hpp>

using namespace orrery;
using namespace orrery::literals;

namespace {

constexpr double kMiB = 1048576.0;
constexpr double kL2 = 50.0 * kMiB;

cuda::Rotation plan(double touched, double distance, double available) {
  return cuda::plan_rotation({touched, touched, distance, available, kL2});
}

}  // namespace

TEST_CASE("without a distance one set of buffers is used again and again") {
  const cuda::Rotation rotation = plan(3.0 * kMiB, 0.0, 1000.0 * kMiB);
  CHECK(rotation.sets == 1);
  CHECK_FALSE(rotation.flush);
}

TEST_CASE("sets are enough for the distance") {
  // 1 + round(64 / 4) sets of 4 MiB: 16 others are touched before a set comes again.
  const cuda::Rotation rotation = plan(4.0 * kMiB, 64.0 * kMiB, 1000.0 * kMiB);
  CHECK(rotation.sets == 17);
  CHECK_FALSE(rotation.flush);
}

TEST_CASE("a distance that sets cannot reach is made by flushing, if they do not push each other out") {
  // 512 sets of 1 KiB are half a MiB: they all stay in the cache.
  const cuda::Rotation tiny = plan(1024.0, 256.0 * kMiB, 1000.0 * kMiB);
  CHECK(tiny.sets == cuda::kSetsMax);
  CHECK(tiny.flush);
  // Room for 3 of 40 MiB: 80 MiB between two uses are fewer than twice the cache.
  const cuda::Rotation few = plan(40.0 * kMiB, 400.0 * kMiB, 130.0 * kMiB);
  CHECK(few.sets == 3);
  CHECK(few.flush);
  // Room for 4: 120 MiB between two uses are more.
  CHECK_FALSE(plan(40.0 * kMiB, 400.0 * kMiB, 170.0 * kMiB).flush);
}

TEST_CASE("a distance within the cache is never flushed") {
  const cuda::Rotation rotation = plan(1024.0, 8.0 * kMiB, 1000.0 * kMiB);
  CHECK(rotation.sets == cuda::kSetsMax);
  CHECK_FALSE(rotation.flush);
}

TEST_CASE("what does not fit even once gets no set") {
  CHECK(plan(2000.0 * kMiB, 0.0, 1000.0 * kMiB).sets == 0);
}

TEST_CASE("look-ups rotate by what they touch and fit by what they allocate") {
  // 1 MiB touched of 100 MiB: a distance of 10 MiB wants 11 sets, memory has room for 5.
  CHECK(cuda::plan_rotation({kMiB, 100.0 * kMiB, 10.0 * kMiB, 550.0 * kMiB, kL2}).sets == 5);
  CHECK(cuda::plan_rotation({kMiB, 100.0 * kMiB, 10.0 * kMiB, 5500.0 * kMiB, kL2}).sets == 11);
}

TEST_CASE("short calls are timed in groups, long ones alone") {
  CHECK(cuda::calls_per_sample(1_ms, {1, false}) == 1);
  CHECK(cuda::calls_per_sample(200_us, {1, false}) == 1);
  CHECK(cuda::calls_per_sample(10_us, {1, false}) == 20);
  CHECK(cuda::calls_per_sample(1_ns, {1, false}) == cuda::kCallsMax);
  CHECK(cuda::calls_per_sample(Seconds(0.0), {1, false}) == cuda::kCallsMax);
}

TEST_CASE("after a flush a group meets each set once") {
  CHECK(cuda::calls_per_sample(1_us, {3, true}) == 3);
  CHECK(cuda::calls_per_sample(1_us, {512, true}) == cuda::kCallsMax);
  CHECK(cuda::calls_per_sample(1_us, {3, false}) == cuda::kCallsMax);
}

TEST_CASE("launches and pageable copies run free, all else behind a held stream") {
  using Kind = cost::CopyKind;
  CHECK(cuda::is_held(cost::Gemm{}));
  CHECK(cuda::is_held(cost::Copy{1, Kind::device}));
  CHECK(cuda::is_held(cost::Copy{1, Kind::h2d}));
  CHECK(cuda::is_held(cost::Copy{1, Kind::d2h}));
  CHECK_FALSE(cuda::is_held(cost::Copy{1, Kind::h2d_pageable}));
  CHECK_FALSE(cuda::is_held(cost::Copy{1, Kind::d2h_pageable}));
  CHECK_FALSE(cuda::is_held(cost::Launch{1, false}));
  CHECK_FALSE(cuda::is_held(cost::Launch{1, true}));
}

TEST_CASE("launches and copies over the bus do not rotate") {
  using Kind = cost::CopyKind;
  CHECK(cuda::rotates(cost::Gemm{}));
  CHECK(cuda::rotates(cost::Copy{1, Kind::device}));
  CHECK_FALSE(cuda::rotates(cost::Copy{1, Kind::d2h}));
  CHECK_FALSE(cuda::rotates(cost::Copy{1, Kind::h2d_pageable}));
  CHECK_FALSE(cuda::rotates(cost::Launch{1, true}));
}

TEST_CASE("the workspace is a 32nd of the free memory in whole pages, between 256 MiB and 2 GiB") {
  constexpr std::size_t kWholeMiB = std::size_t{1} << 20, kGiB = std::size_t{1} << 30;
  CHECK(cuda::workspace_bytes(0) == 256 * kWholeMiB);
  CHECK(cuda::workspace_bytes(32 * kGiB) == kGiB);
  CHECK(cuda::workspace_bytes(32 * kGiB + 95 * kWholeMiB) == kGiB + 2 * kWholeMiB);
  CHECK(cuda::workspace_bytes(140 * kGiB) == 2 * kGiB);
}

TEST_CASE("the arena takes 60 percent of the free memory in whole pages, up to its cap") {
  constexpr std::size_t kGiB = std::size_t{1} << 30, kPage = std::size_t{2} << 20;
  CHECK(cuda::arena_bytes(10 * kGiB, 48 * kGiB) == 6 * kGiB / kPage * kPage);
  CHECK(cuda::arena_bytes(100 * kGiB, 48 * kGiB) == 48 * kGiB);
  CHECK(cuda::arena_bytes(kPage, 48 * kGiB) == 0);
}
