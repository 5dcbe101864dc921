// algbw and busbw by the definitions of nccl-tests (oracle C10, tests/oracles/collectives.json).
#include "calibrate/bandwidth.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.hpp"

using namespace orrery;
using cost::CollectiveKind;

TEST_CASE("busbw of an all-reduce is algbw times the oracle's factor") {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/collectives.json");
  const auto oracle = nlohmann::json::parse(file).at("C10.busbw.factor.allreduce.P8");
  const int n = oracle.at("inputs").at("n");
  // 1 GB in 10 ms: algbw = S/t = 100 GB/s
  const auto result = calibrate::bandwidth({CollectiveKind::all_reduce, Bytes(1e9), n}, Seconds(0.01));
  CHECK(result.algbw.value() == Approx(100e9).epsilon(1e-12));
  CHECK(result.busbw / result.algbw == Approx(oracle.at("expected").get<double>()).epsilon(1e-12));
}

TEST_CASE("halves of an all-reduce carry (n-1)/n of S over the bus, a broadcast all of it") {
  for (const CollectiveKind kind : {CollectiveKind::reduce_scatter, CollectiveKind::all_gather}) {
    CHECK(calibrate::bandwidth({kind, Bytes(4e9), 4}, Seconds(1.0)).busbw.value() == Approx(3e9));
  }
  CHECK(calibrate::bandwidth({CollectiveKind::broadcast, Bytes(4e9), 4}, Seconds(1.0)).busbw.value() ==
        Approx(4e9));
}

TEST_CASE("a bandwidth without a time is our own mistake") {
  CHECK_THROWS_AS(calibrate::bandwidth({CollectiveKind::all_reduce, Bytes(8), 2}, Seconds(0.0)),
                  InternalError);
}
