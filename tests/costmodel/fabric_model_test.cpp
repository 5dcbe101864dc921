// The white-box cost of collectives: closed forms on machines whose coefficients are chosen, which algorithm and protocol
// a regime belongs to, and bounds that no coefficient may break.
#include <catch2/catch.hpp>
#include <cmath>

#include "costmodel/fabric_model.hpp"
#include "costmodel/hockney_levels.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::cost;

namespace {

constexpr double kMiB = 1048576.0;

FabricCase all_reduce(double bytes, int ranks, int nodes = 1) {
  return {CollectiveKind::all_reduce, Bytes(bytes), ranks, nodes};
}

/// Hops of 1 us and the whole link for every protocol, no cross term, no copies to speak of.
CollectiveStack plain_stack() {
  CollectiveStack s;
  s.launch = Seconds(5e-6);
  s.hop = Seconds(1e-6);
  s.simple_slowness = 1.0;
  s.ll_efficiency = s.ll128_efficiency = s.simple_efficiency = s.exchange_efficiency = 1.0;
  s.pipelining = s.network_pipelining = 0.0;
  s.own_copy = 0.0;
  s.network_efficiency = 1.0;
  s.network_growth = 0.0;
  return s;
}

}  // namespace

// Ring of n ranks: launch + steps hop + S steps / n / B, steps = 2 (n-1) for all-reduce and n-1 for all-gather and
// reduce-scatter (Thakur, Rabenseifner and Gropp 2005).
TEST_CASE("a ring takes its steps and its volume") {
  const FabricSpec a100 = find_fabric("a100_sxm");  // 300 GB/s, no reduction in the switch
  const CollectiveStack stack = plain_stack();
  const double bytes = 512.0 * kMiB;
  for (const int n : {2, 4, 8}) {
    const double ring = bytes / n / 300e9;
    CHECK(fabric_time(a100, stack, all_reduce(bytes, n)).seconds ==
          Approx(5e-6 + 2 * (n - 1) * (1e-6 + ring)).epsilon(1e-12));
    for (const CollectiveKind kind : {CollectiveKind::all_gather, CollectiveKind::reduce_scatter}) {
      CHECK(fabric_time(a100, stack, {kind, Bytes(bytes), n, 1}).seconds ==
            Approx(5e-6 + (n - 1) * (1e-6 + ring)).epsilon(1e-12));
    }
  }
}

// Without a cross term and with nothing lost on the wires, b is what the slower level carries over its datasheet's bandwidth.
TEST_CASE("a time is its start plus what the slower level carries over the datasheet's bandwidth") {
  FabricSpec a100 = find_fabric("a100_sxm");
  a100.network.latency = Seconds(0.0);
  CollectiveStack stack = plain_stack();
  stack.direct_efficiency = 1.0;
  const auto check = [&](const FabricCase& c, const std::string& algorithm, FabricLevel pace) {
    const FabricTime time = fabric_time(a100, stack, c);
    CAPTURE(name(c.kind), c.ranks, c.nodes);
    CHECK(time.algorithm == algorithm);
    CHECK(time.pace == pace);
    const Seconds sent = time.carried / level_bandwidth(a100, c, pace);
    CHECK(time.seconds == Approx(time.start + sent.value()).epsilon(1e-12));
  };
  const Bytes large(512.0 * kMiB);
  check({CollectiveKind::all_reduce, large, 8, 1}, "ring", FabricLevel::domain);
  check({CollectiveKind::all_reduce, large, 16, 2}, "tree", FabricLevel::domain);  // 2 S at 300 GB/s, S at 200 GB/s
  check({CollectiveKind::all_gather, large, 16, 2}, "ring", FabricLevel::network);
  check({CollectiveKind::broadcast, large, 4, 1}, "ring", FabricLevel::domain);
  check({CollectiveKind::all_to_all, large, 8, 1}, "exchange", FabricLevel::domain);
  check({CollectiveKind::all_to_all, large, 16, 2}, "exchange", FabricLevel::network);
  check({CollectiveKind::point_to_point, large, 2, 2}, "direct", FabricLevel::network);
  stack.direct_limit = 1 << 30;
  check({CollectiveKind::all_reduce, large, 8, 1}, "direct", FabricLevel::domain);
}

// Two nodes joined by a tree: S crosses the adapters once in each direction, 2 S (N-1)/N with N = 2; with 8 adapters of
// 25 GB/s that is slower than 2 S over NVLink at 300 GB/s.
TEST_CASE("between two nodes the tree is bound by the adapters") {
  FabricSpec spec = find_fabric("a100_sxm");
  spec.network.bandwidth = BytesPerSec(50e9);
  spec.network.latency = Seconds(2e-6);
  CollectiveStack stack = plain_stack();
  stack.network_transits = 1.0;
  const double bytes = 1024.0 * kMiB;
  const FabricTime time = fabric_time(spec, stack, all_reduce(bytes, 16, 2));
  const double hops = 2 * 7 * 1e-6 + 2 * (1e-6 + 2e-6);
  CHECK(std::string(time.algorithm) == "tree");
  CHECK(time.seconds == Approx(5e-6 + stack.simple_start.value() + hops + bytes / 50e9).epsilon(1e-12));
}

// A segmented pipeline of the best segment size takes (sqrt a + sqrt b)^2: pipelining = 1.
TEST_CASE("full pipelining gives the square of the sum of roots") {
  CollectiveStack stack = plain_stack();
  stack.pipelining = 1.0;
  const double a = 5e-6 + 7e-6, b = 64.0 * kMiB * 7 / 8 / 300e9;
  CHECK(fabric_time(find_fabric("a100"), stack, {CollectiveKind::all_gather, Bytes(64.0 * kMiB), 8, 1}).seconds ==
        Approx(a + b + 2 * std::sqrt(a * b)).epsilon(1e-12));
}

TEST_CASE("only a switch whose datasheet announces it reduces in the network") {
  const CollectiveStack stack;
  const auto algorithm = [&stack](const char* system, int ranks) {
    return std::string(fabric_time(find_fabric(system), stack, all_reduce(512.0 * kMiB, ranks)).algorithm);
  };
  CHECK(algorithm("h100_sxm", 8) == "nvls");
  CHECK(algorithm("b200_sxm", 8) == "nvls");
  CHECK(algorithm("h100_sxm", 2) == "ring");
  CHECK(algorithm("a100_sxm", 8) == "ring");
  CHECK(algorithm("gh200", 4) == "ring");
}

TEST_CASE("small messages take a flag protocol and large ones Simple") {
  const CollectiveStack stack;
  const FabricSpec& a100 = find_fabric("a100_sxm");
  CHECK(std::string(fabric_time(a100, stack, all_reduce(1024, 8)).protocol) != "Simple");
  CHECK(std::string(fabric_time(a100, stack, all_reduce(512 * kMiB, 8)).protocol) == "Simple");
}

TEST_CASE("a transport that reorders stores cannot carry LL128") {
  const FabricSpec& spec = find_fabric("gh200");  // Slingshot
  REQUIRE_FALSE(spec.network.keeps_order);
  for (double bytes = 8; bytes < 1e9; bytes *= 2) {
    CHECK(std::string(fabric_time(spec, {}, all_reduce(bytes, 8, 2)).protocol) != "LL128");
  }
}

TEST_CASE("more bytes never take less time, on any system, kind and layout") {
  const CollectiveStack stack;
  for (const FabricSpec& spec : known_fabrics()) {
    for (int k = 0; k < kCollectiveKinds; ++k) {
      for (const auto& [ranks, nodes] : {std::pair{2, 1}, {4, 1}, {8, 2}, {64, 16}}) {
        double last = 0.0;
        for (double bytes = 1; bytes < 2e10; bytes *= 2) {
          const double now = fabric_time(spec, stack, {static_cast<CollectiveKind>(k), Bytes(bytes), ranks, nodes}).seconds;
          REQUIRE(now >= last);
          last = now;
        }
      }
    }
  }
}

// What a rank must send at least, over what its link can carry: S (n-1)/n for all-gather.
TEST_CASE("no all-gather beats the link") {
  for (const FabricSpec& spec : known_fabrics()) {
    const double bytes = 1024.0 * kMiB;
    const FabricCase c{CollectiveKind::all_gather, Bytes(bytes), 4, 1};
    CHECK(fabric_time(spec, {}, c).seconds > bytes * 0.75 / domain_bandwidth(spec, 4).value());
  }
}

TEST_CASE("one rank alone needs no time") {
  CHECK(fabric_time(find_fabric("h100_sxm"), {}, all_reduce(1e9, 1)).seconds == 0.0);
}

TEST_CASE("trays of one NVLink domain count as one node") {
  const FabricSpec& gb200 = find_fabric("GB200");
  CHECK(domains(gb200, all_reduce(1e9, 72, 18)) == 1);
  CHECK(domains(gb200, all_reduce(1e9, 144, 36)) == 2);
  CHECK(domains(find_fabric("h100_sxm"), all_reduce(1e9, 16, 2)) == 2);
}

TEST_CASE("systems are found by what people write") {
  CHECK(find_fabric("H100-80GB-SXM").system == "h100_sxm");
  CHECK(find_fabric("GH200-120GB").system == "gh200");
  CHECK(find_fabric("a100_dgx").system == "a100_sxm");
  CHECK(find_fabric("V100-PCIe").system == "v100_pcie");
  CHECK_FALSE(is_known_fabric("MI300X"));
  CHECK_THROWS_WITH(find_fabric("h10_sxm"), Catch::Contains("h100_sxm"));
  CHECK(measured_sibling("h200_sxm") == "h100_sxm");
  CHECK(measured_sibling("a100_sxm") == "a100_sxm");
}

// H100-PCIe has 63 GB/s through the host where H100-SXM has 450 of NVLink; H100 NVL joins pairs of cards.
TEST_CASE("a form of a GPU without a datasheet here is unknown, not taken for another form") {
  for (const char* name : {"H100-PCIe", "NVIDIA A100-PCIE-40GB", "H100 NVL", "h200_nvl", "A100PCIe4", "GB200 NVL4"}) {
    INFO(name);
    CHECK_FALSE(is_known_fabric(name));
    CHECK_THROWS_AS(find_fabric(name), ScenarioError);
  }
  CHECK(find_fabric("GB200 NVL72").system == "gb200");
  CHECK(find_fabric("gb300-nvl").system == "gb300");
  CHECK(find_fabric("HGX B200 NVL8").system == "b200_sxm");
  CHECK(find_fabric("L40S PCIe").system == "l40s");
  CHECK(find_fabric("H100 SXM5 NVLink").system == "h100_sxm");
  CHECK(find_fabric("h100_pairwise_nvlink").system == "h100_pairwise");
}

// DGX-1V: GPUs 0 and 1 share one link of 25 GB/s; all eight have six rings.
TEST_CASE("a mesh has the bandwidth of the rings that fit") {
  const FabricSpec& v100 = find_fabric("v100_sxm");
  CHECK(domain_bandwidth(v100, 2).value() == 25e9);
  CHECK(domain_bandwidth(v100, 8).value() == 150e9);
}

TEST_CASE("networks are found by what tables say of them") {
  const FabricSpec& h100 = find_fabric("h100");
  CHECK(find_network(h100, "AWS p5.48xlarge 32x100Gb EFA", 3200).name == "efa_v2");
  CHECK(find_network(h100, "GCP A3 Mega GPUDirect-TCPXO", 1600).bandwidth.value() == 200e9);
  CHECK(find_network(h100, "", 0).name == "infiniband_ndr");
  CHECK(find_network(h100, "RoCEv2", 0).name == "roce_400");
  CHECK(find_network(h100, "10GbE", 0).name == "ethernet_10g");
}

TEST_CASE("a network is named by whole words") {
  const FabricSpec& h100 = find_fabric("h100");
  for (const char* text : {"cluster default", "broceliande", "InfiniBand 8x410Gb", "excxit"}) {
    CHECK(find_network(h100, text, 0).name == h100.network.name);
  }
}

// LL: 4 bytes of data with 4 of flag; LL128: 120 with 8. One byte has no bandwidth term to speak of, so the smallest
// start-up wins: with hops of 1 us for all, the first protocol, LL.
TEST_CASE("flags take the same share of the network in the formula and in Hockney's numbers") {
  CHECK(network_data_share(WireProtocol::ll) == 0.5);
  CHECK(network_data_share(WireProtocol::ll128) == 0.9375);
  CHECK(network_data_share(WireProtocol::simple) == 1.0);
  CollectiveStack stack = plain_stack();
  stack.simple_slowness = stack.ll128_slowness = 10.0;
  const FabricSpec& spec = find_fabric("h100_sxm");
  const HockneyLevel level = hockney_levels(spec, stack, Bytes(1.0)).network;
  CHECK(level.efficiency == network_data_share(WireProtocol::ll));
  // One message over all adapters: launch + hop + transits latency + S / (adapters' bandwidth * share).
  stack.simple_start = Seconds(1.0);
  stack.ll128_slowness = 1e6;
  const FabricCase message{CollectiveKind::point_to_point, Bytes(1e6), 16, 2};
  CHECK(fabric_time(spec, stack, message).seconds ==
        Approx(5e-6 + level.alpha.value() + 1e6 / (level.bandwidth.value() * spec.network.adapters)).epsilon(1e-12));
}

TEST_CASE("Hockney numbers follow the protocol of the message size") {
  const FabricSpec& spec = find_fabric("h100_sxm");
  const CollectiveStack stack;
  const HockneyLevels small = hockney_levels(spec, stack, Bytes(64)), large = hockney_levels(spec, stack, Bytes(1e9));
  CHECK(small.domain.alpha <= large.domain.alpha);
  CHECK(small.domain.bandwidth < large.domain.bandwidth);
  CHECK(large.domain.bandwidth.value() == Approx(450e9 * stack.simple_efficiency));
  CHECK(large.network.bandwidth.value() == Approx(50e9 * stack.network_efficiency));
  CHECK((large.network.alpha - large.domain.alpha).value() ==
        Approx(stack.network_transits * spec.network.latency.value()));
}
