// Noise as a quantile function, and the white-box formulas at points where they can be worked out by hand.
#include "costmodel/cost_model.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "costmodel/operator_models.hpp"

using namespace orrery;
using namespace orrery::cost;

TEST_CASE("noise interpolates linearly between its quantiles and is flat outside them") {
  const Noise noise{{0.1, 0.5, 0.9}, {0.9, 1.0, 1.4}};
  CHECK(noise.at(0.05) == 0.9);
  CHECK(noise.at(0.5) == 1.0);
  CHECK(noise.at(0.7) == Approx(1.2));
  CHECK(noise.at(0.99) == 1.4);
  CHECK(Noise{}.at(0.3) == 1.0);
}

TEST_CASE("the mean of noise is the integral of its quantile function") {
  const Noise noise{{0.1, 0.5, 0.9}, {0.9, 1.0, 1.4}};
  // 0.1*0.9 + 0.4*0.95 + 0.4*1.2 + 0.1*1.4
  CHECK(noise.mean() == Approx(0.09 + 0.38 + 0.48 + 0.14));
  double sum = 0.0;
  for (int i = 0; i < 10000; ++i) sum += noise.at((i + 0.5) / 10000.0);
  CHECK(noise.mean() == Approx(sum / 10000.0).epsilon(1e-6));
  CHECK(Noise{}.mean() == 1.0);
}

TEST_CASE("a smooth maximum lies between the larger part and the sum") {
  CHECK(smooth_max(3.0, 4.0, 1.0) == Approx(7.0));
  CHECK(smooth_max(3.0, 4.0, 2.0) == Approx(5.0));
  CHECK(smooth_max(3.0, 4.0, 60.0) == Approx(4.0).epsilon(1e-6));
  CHECK(smooth_max(0.0, 4.0, 3.0) == 4.0);
}

TEST_CASE("far from every transition a byte costs what its memory level gives") {
  MemoryLevels memory;
  memory.sharpness = 8.0;
  CHECK(memory.seconds_per_byte(1e3, 1) * memory.l1_bandwidth.value() == Approx(1.0).epsilon(1e-3));
  CHECK(memory.seconds_per_byte(2e5, 1) * memory.l2_bandwidth.value() == Approx(1.0).epsilon(1e-3));
  CHECK(memory.seconds_per_byte(4.5e6, 1) * memory.l3_bandwidth.value() == Approx(1.0).epsilon(1e-3));
  CHECK(memory.seconds_per_byte(1e9, 1) * memory.memory_bandwidth.value() == Approx(1.0).epsilon(1e-3));
}

TEST_CASE("busy neighbours slow down the shared levels by their contention and leave private caches alone") {
  MemoryLevels memory;
  memory.sharpness = 8.0;
  const double alone = memory.seconds_per_byte(1e9, 1), together = memory.seconds_per_byte(1e9, 3);
  memory.l3_sharing = 1.0;
  // A third of 20 MB each: what fits alone does not fit for three.
  CHECK(memory.seconds_per_byte(8e6, 3) > 1.5 * memory.seconds_per_byte(8e6, 1));
  CHECK(together / alone == Approx(1.0 + 2 * memory.memory_contention).epsilon(1e-6));
  CHECK(memory.seconds_per_byte(1e4, 3) == Approx(memory.seconds_per_byte(1e4, 1)).epsilon(1e-3));
}

TEST_CASE("data that lies untouched in a shared cache is pushed out by the neighbours") {
  MemoryLevels memory;
  memory.sharpness = 8.0;
  memory.neighbour_traffic = BytesPerSec(1e10);
  // 5 MB fit into 20 MB; ten milliseconds later neighbours have read 100 MB, and they come from main memory.
  CHECK(memory.seconds_per_byte(5e6, 1, 0.0) * memory.l3_bandwidth.value() == Approx(1.0).epsilon(1e-3));
  CHECK(memory.seconds_per_byte(5e6, 1, 0.01) * memory.memory_bandwidth.value() == Approx(1.0).epsilon(1e-3));
  // Private levels know no neighbours.
  CHECK(memory.seconds_per_byte(1e4, 1, 1e-3) == Approx(memory.seconds_per_byte(1e4, 1)).epsilon(1e-3));
  Conditions old{1, Bytes(5e6), Seconds(0.01)}, fresh{1, Bytes(5e6), Seconds(0.0)};
  const Op copy = Copy{.elements = 10000};
  const RowwiseModel model;
  CHECK(model.seconds(copy, footprint(copy), old, memory) >
        1.5 * model.seconds(copy, footprint(copy), fresh, memory));
}

TEST_CASE("a matrix product of whole tiles runs at its peak but for fill, packing and overhead") {
  GemmModel model;
  model.overhead = Seconds(1e-6);
  model.batch_overhead = Seconds(1e-9);
  model.peak = FlopsPerSec(1e11);
  model.tile_m = 8;
  model.tile_n = 16;
  model.fill = 16;
  model.pack_a = Seconds(1e-10);
  model.pack_b = Seconds(2e-10);
  model.traffic_a = model.traffic_b = model.traffic_c = 0.02;
  model.overlap = 12;
  model.busy_slowdown = 0.1;
  const Op op = Gemm{.m = 64, .n = 64, .k = 128};
  const MemoryLevels memory;
  const double compute = 2.0 * 64 * 64 * (128 + 16) / 1e11 + 1e-10 * 64 * 128 + 2e-10 * 128 * 64;
  CHECK(model.seconds(op, footprint(op), {1, Bytes(0)}, memory) ==
        Approx(1e-6 + 1e-9 + compute).epsilon(1e-6));
  CHECK(model.seconds(op, footprint(op), {2, Bytes(0)}, memory) ==
        Approx(1e-6 + 1e-9 + 1.1 * compute).epsilon(1e-6));
  // A batch repeats the product, not the call.
  const Op batch = Gemm{.m = 64, .n = 64, .k = 128, .batch = 10};
  CHECK(model.seconds(batch, footprint(batch), {1, Bytes(0)}, memory) ==
        Approx(1e-6 + 10 * (1e-9 + compute)).epsilon(1e-4));
  // One row more than whole tiles pays its share of a further tile.
  const Op ragged = Gemm{.m = 65, .n = 64, .k = 128};
  const double rows = 65 + model.tile_waste * (72 - 65);
  const double more = 2.0 * rows * 64 * 144 / 1e11 + 1e-10 * 65 * 128 + 2e-10 * 128 * 64;
  CHECK(model.seconds(ragged, footprint(ragged), {1, Bytes(0)}, memory) ==
        Approx(1e-6 + 1e-9 + more).epsilon(1e-6));
}

TEST_CASE("what is left behind the last whole vector of each row costs extra") {
  RowwiseModel model;
  model.overhead = Seconds(1e-9);
  model.row_overhead = Seconds(1e-12);
  model.element_time = Seconds(1e-9);
  model.tail_time = Seconds(5e-9);
  model.traffic_factor = 0.05;
  model.overlap = 12;
  const MemoryLevels memory;
  // 100 = 6 vectors of 16 and a tail of 4, on each of 1000 rows; 96 has no tail.
  const Op ragged = LayerNorm{.rows = 1000, .cols = 100}, whole = LayerNorm{.rows = 1000, .cols = 96};
  CHECK(model.seconds(ragged, footprint(ragged), {}, memory) ==
        Approx(2e-9 + 1e5 * 1e-9 + 4000 * 5e-9).epsilon(1e-4));
  CHECK(model.seconds(whole, footprint(whole), {}, memory) == Approx(2e-9 + 9.6e4 * 1e-9).epsilon(1e-4));
}

TEST_CASE("a copy far larger than all caches takes its traffic over the memory bandwidth") {
  RowwiseModel model;
  model.overhead = Seconds(1e-9);
  model.row_overhead = Seconds(1e-12);
  model.element_time = Seconds(1e-14);
  MemoryLevels memory;
  memory.sharpness = 8.0;
  const Op op = Copy{.elements = 1 << 28};
  CHECK(model.seconds(op, footprint(op), {}, memory) ==
        Approx(8.0 * (1 << 28) / memory.memory_bandwidth.value()).epsilon(1e-3));
}
