// Max-min fairness by hand and by oracle C13 (tests/oracles/max_min.json), for the plain solver and for the incremental
// one, which must not tell the flows' order of arrival.
#include "sim/net/max_min.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/net/fair_share.hpp"

using namespace orrery;
using net::FlowPath;
using net::LinkId;

namespace {

struct Case {
  std::vector<BytesPerSec> capacity;
  std::vector<FlowPath> flows;
};

FlowPath path(std::vector<int> links, double weight = 1.0) {
  FlowPath result{{}, weight};
  for (const int link : links) result.links.push_back(LinkId{link});
  return result;
}

std::vector<BytesPerSec> rates(std::vector<double> values) {
  std::vector<BytesPerSec> result;
  for (const double value : values) result.push_back(BytesPerSec(value));
  return result;
}

/// The incremental solver's rates when flows come one by one, in order or against it.
std::vector<BytesPerSec> rates_one_by_one(const Case& c, bool backwards) {
  net::FairShare shares(c.capacity);
  for (std::size_t i = 0; i < c.flows.size(); ++i) {
    const std::size_t f = backwards ? c.flows.size() - 1 - i : i;
    shares.add(static_cast<std::uint32_t>(f), c.flows[f].links, c.flows[f].weight);
    shares.solve();
  }
  std::vector<BytesPerSec> result;
  for (std::uint32_t f = 0; f < c.flows.size(); ++f) result.push_back(shares.rate(f));
  return result;
}

void check_rates(const Case& c, const std::vector<double>& expected) {
  const auto filled = net::max_min_rates(c.capacity, c.flows);
  const auto forwards = rates_one_by_one(c, false);
  const auto backwards = rates_one_by_one(c, true);
  REQUIRE(filled.size() == expected.size());
  for (std::size_t f = 0; f < expected.size(); ++f) {
    CAPTURE(f);
    CHECK(filled[f].value() == Approx(expected[f]).epsilon(1e-12));
    CHECK(forwards[f].value() == Approx(expected[f]).epsilon(1e-11));
    CHECK(backwards[f].value() == Approx(expected[f]).epsilon(1e-11));
  }
}

}  // namespace

TEST_CASE("rates equal those of the independent linear program (C13)") {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/max_min.json");
  const auto vectors = nlohmann::json::parse(file).at("vectors");
  REQUIRE(vectors.size() == 4);
  for (const auto& [id, vector] : vectors.items()) {
    INFO(id);
    const auto& inputs = vector.at("inputs");
    Case c{rates(inputs.at("link_caps").get<std::vector<double>>()), {}};
    const auto weights = inputs.at("weights").get<std::vector<double>>();
    for (std::size_t f = 0; f < weights.size(); ++f) {
      c.flows.push_back(path(inputs.at("flows")[f].get<std::vector<int>>(), weights[f]));
    }
    check_rates(c, vector.at("expected").get<std::vector<double>>());
  }
}

// x <= 7 is all there is to say.
TEST_CASE("a flow alone gets the smallest capacity of its route") {
  check_rates({rates({9, 7, 8}), {path({0, 1, 2}, 3.0)}}, {7});
}

// Link 0 (capacity 30): a + b = 30. Link 1 (capacity 4): b + c = 4.
// b and c are frozen at 2 when link 1 is full; a goes on to 28, which is more than link 0's equal share of 15.
TEST_CASE("what a flow cannot use because of another link goes to the others") {
  check_rates({rates({30, 4}), {path({0}), path({0, 1}), path({1})}}, {28, 2, 2});
}

// a (weight 1) and b (weight 3) share link 0 of 8: levels a/1 = b/3, a + b = 8: a = 2, b = 6. Link 1 of 3 holds b down to
// 3, so a gets 5, a higher level than b's.
TEST_CASE("weights are shares of the rate, up to what another link allows") {
  check_rates({rates({8}), {path({0}, 1), path({0}, 3)}}, {2, 6});
  check_rates({rates({8, 3}), {path({0}, 1), path({0, 1}, 3)}}, {5, 3});
}

// Parking lot of n links of capacity 1: one flow crosses all, each link has one flow of its own: everybody gets 1/2. With
// the k-th link narrowed to 0.2 the long flow gets 0.1, the local one there 0.1, and all others 0.9.
TEST_CASE("a parking lot gives half to the long flow, and the narrowest link sets its rate") {
  Case lot{rates({1, 1, 1, 1}), {path({0, 1, 2, 3}), path({0}), path({1}), path({2}), path({3})}};
  check_rates(lot, {0.5, 0.5, 0.5, 0.5, 0.5});
  lot.capacity[2] = BytesPerSec(0.2);
  check_rates(lot, {0.1, 0.9, 0.9, 0.1, 0.9});
}
