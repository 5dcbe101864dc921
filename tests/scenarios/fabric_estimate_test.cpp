// A fabric profile asked by size: the numbers are the profile's own, the level that limits and its share
// follow from bytes over time, and what cannot be asked is refused with a value that works.
#include "scenarios/fabric_estimate.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "scenarios/artifact.hpp"
#include "scenarios/fabric_text.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;

namespace {

cost::FabricProfile committed(const std::string& name) {
  const std::string path = std::string(ORRERY_SOURCE_DIR) + "/costmodel/profiles/fabrics/" + name + ".json";
  return cost::parse_fabric_profile(read_file(path), path);
}

/// A system by its datasheet alone.
cost::FabricProfile datasheet(const std::string& system) {
  return {cost::find_fabric(system), "", {}, {}};
}

FabricCommand command(int ranks, int nodes, const std::string& collective, const std::string& sizes) {
  return {ranks, nodes, collective, sizes, ""};
}

FabricCaseReport last_case(const cost::FabricProfile& profile, const FabricCommand& asked) {
  return estimate(profile, asked).cases.back();
}

}  // namespace

TEST_CASE("each time is the profile's own estimate") {
  const cost::FabricProfile h100 = committed("h100_sxm");
  for (const CollectiveKind kind :
       {CollectiveKind::all_reduce, CollectiveKind::all_gather, CollectiveKind::all_to_all}) {
    const FabricReport report = estimate(h100, command(8, 1, name(kind), "1 KiB..1 GiB"));
    CHECK(report.cases.size() == 21);
    for (const FabricCaseReport& c : report.cases) {
      const cost::FabricCase asked{kind, Bytes(static_cast<double>(c.size_bytes)), 8, 1};
      const auto own = cost::estimate_collective(h100.fabric, cost::find_stack(h100), asked);
      CHECK(c.time_s == own.estimate.time.value());
      CHECK(c.rel_error == own.estimate.rel_error);
      CHECK(c.source == cost::name(own.estimate.source));
      CHECK(c.algorithm == own.algorithm);
      CHECK(c.protocol == own.protocol);
      CHECK(c.time_high_s / c.time_s == Approx(std::exp(1.2815515655446004 * c.rel_error)));
      CHECK(c.time_low_s * c.time_high_s == Approx(c.time_s * c.time_s));
    }
  }
}

// A ring sends 2(n-1)/n S from each GPU, so its bus bandwidth is at most what data gets of the link, here the
// share of protocol Simple. With the switch adding up a GPU sends only (n+1)/n S.
TEST_CASE("eight H100 pass the ring's bus bandwidth because the switch adds up") {
  const cost::FabricProfile h100 = committed("h100_sxm");
  const FabricCaseReport c = last_case(h100, command(8, 1, "all_reduce", "1 GiB"));
  const double ring =
      h100.fabric.link_bandwidth.value() * cost::find_stack(h100).coefficients.simple_efficiency;
  CHECK(c.algorithm == "nvls");
  CHECK(c.busbw_bytes_per_s > ring);
  CHECK(c.carried_bytes == Approx(9.0 / 8.0 * 1073741824.0).epsilon(1e-12));
  CHECK(c.limit_utilisation == Approx(c.carried_bytes / 450e9 / c.time_s).epsilon(1e-12));
  CHECK(c.limit_utilisation < 1.0);
}

// Ring all-gather: a GPU sends (n-1)/n S, so the share of NVLink that is used is the bus bandwidth over the
// datasheet's.
TEST_CASE("in a ring the share of the link is the bus bandwidth over the datasheet's") {
  const FabricCaseReport c = last_case(committed("a100_sxm"), command(8, 1, "all_gather", "64 MiB"));
  CHECK(c.algorithm == "ring");
  CHECK(c.limit == "NVLink of a GPU");
  CHECK(c.limit_utilisation == Approx(c.busbw_bytes_per_s / 300e9).epsilon(1e-12));
  CHECK(c.count == 64 * 1048576 / 4 / 8);
}

// All-to-all of 16 ranks on two nodes: half of what the 8 ranks of a node hold leaves it, 8 S / 2. One rank
// for each node has one of the 8 adapters beside it.
TEST_CASE("between nodes the adapters limit, and only those beside the ranks count") {
  const cost::FabricProfile a100 = datasheet("a100_sxm");
  const FabricCaseReport wide = last_case(a100, command(16, 2, "all_to_all", "1 GiB"));
  CHECK(wide.limit == "adapters of a node");
  CHECK(wide.limit_bandwidth_bytes_per_s == 200e9);
  CHECK(wide.carried_bytes == Approx(4.0 * 1073741824.0).epsilon(1e-12));
  const FabricCaseReport narrow = last_case(a100, command(2, 2, "point_to_point", "1 GiB"));
  CHECK(narrow.limit == "adapters of a node");
  CHECK(narrow.limit_bandwidth_bytes_per_s == 25e9);
  CHECK(narrow.carried_bytes == 1073741824.0);
}

TEST_CASE("a datasheet alone answers as roofline, and an inference engine's stack by its name") {
  const FabricReport h200 = estimate(datasheet("h200_sxm"), command(8, 1, "all_reduce", "1 MiB"));
  CHECK(h200.stack.empty());
  CHECK(h200.cases.front().source == "roofline");
  FabricCommand asked = command(8, 1, "all_reduce", "64 KiB");
  asked.stack = "vllm 0.24.0 vLLM_custom_graph";
  const FabricReport vllm = estimate(committed("h100_sxm"), asked);
  CHECK(vllm.stack == asked.stack);
  CHECK(vllm.cases.front().algorithm == "direct");
}

TEST_CASE("the closing sentence names start-up for small messages and the limit for large ones") {
  const cost::FabricProfile h100 = committed("h100_sxm");
  CHECK_THAT(estimate(h100, command(8, 1, "all_reduce", "1 KiB")).verdict,
             Contains("launch, steps and latency, which bandwidth does not change"));
  const FabricReport large = estimate(h100, command(8, 1, "all_reduce", "1 KiB, 1 GiB"));
  CHECK_THAT(large.verdict,
             Contains("limited by the NVLink of a GPU at") && Contains("450 GB/s; twice its bandwidth"));
  // Twice the bandwidth halves the bytes' part and leaves the rest.
  CHECK(large.what_if.at(0).relative_change < -0.45);
  CHECK(large.what_if.at(0).relative_change > -0.5);
  const std::string text = report_text(large, {});
  CHECK(text.substr(text.size() - large.verdict.size() - 1) == large.verdict + "\n");
}

TEST_CASE("72 GPUs of one NVLink domain need no nodes, nine H100 do") {
  CHECK(last_case(committed("gb200"), command(72, 1, "all_reduce", "1 GiB")).limit == "NVLink of a GPU");
  CHECK_THROWS_WITH(estimate(committed("h100_sxm"), command(9, 1, "all_reduce", "1 GiB")),
                    Contains("use --nodes 3"));
}

TEST_CASE("CSV has a line for each size and as many fields as its header") {
  const std::string csv =
      report_csv(estimate(datasheet("h200_sxm"), command(4, 1, "broadcast", "1 KiB, 1 MiB")));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  CHECK(std::count(csv.begin(), csv.end(), ',') == 3 * 16);
}
