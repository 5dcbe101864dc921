#include "scenarios/collective_scenario.hpp"

#include <catch2/catch.hpp>

#include "scenarios/artifact.hpp"
#include "scenarios/collective_request.hpp"
#include "scenarios/collective_run.hpp"
#include "scenarios/collective_text.hpp"
#include "scenarios/question.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;

namespace {

const std::string kText = R"({
  "version": 1,
  "kind": "collective",
  "name": "c",
  "cluster": {"ranks": 4, "network": {"topology": {"kind": "single_switch", "hosts": 4,
    "link": {"bandwidth": "10 GB/s", "latency": "1 us"}}}},
  "sizes": "40 kB",
  "algorithm": "ring",
  "outputs": {"what_if": false, "timeline": 4}
})";

CollectiveReport report_of(const std::vector<std::string>& overrides) {
  const Question question = read_question(parse_json(kText, "c.json"), overrides);
  return std::get<CollectiveReport>(answer(question).report);
}

std::string error_of(const std::vector<std::string>& overrides) {
  try {
    report_of(overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

std::string command_error(const CollectiveCommand& command) {
  try {
    read_question(collective_document(command));
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("sizes are single ones and doubling ranges, ascending, without repeats") {
  std::vector<double> bytes;
  for (const Bytes size : parse_sizes("1 GiB, 1KiB..4 KiB,2 KiB", "")) bytes.push_back(size.value());
  CHECK(bytes == std::vector<double>{1024, 2048, 4096, 1073741824});
  CHECK_THROWS_WITH(parse_sizes("4 KiB..1 KiB", "--sizes"),
                    Contains("--sizes: the range \"4 KiB..1 KiB\" has to go from a small size"));
  CHECK_THROWS_WITH(parse_sizes("1 KiB..", "--sizes"), Contains("--sizes: "));
  CHECK_THROWS_WITH(parse_sizes("4", "--sizes"), Contains("no unit") || Contains("expected an amount of data"));
}

TEST_CASE("a ring on a switch takes 2(P-1) times latency and block over bandwidth") {
  // P = 4, S = 40 kB: 6 steps of 2 us + 10 kB / 10 GB/s = 18 us; bandwidth bound 2 * 3/4 * 40 kB / 10 GB/s = 6 us.
  const CollectiveCaseReport c = report_of({}).cases.at(0);
  CHECK(c.time_s == Approx(18e-6).epsilon(1e-12));
  CHECK(c.bound_s == Approx(6e-6).epsilon(1e-12));
  CHECK(c.algbw_bytes_per_s == Approx(40e3 / 18e-6));
  CHECK(c.busbw_bytes_per_s == Approx(1.5 * 40e3 / 18e-6));
  CHECK(c.count == 10000);
  CHECK(c.messages == 24);
  CHECK(c.fidelity == "uncontended");
  // Every cable carries six blocks of 10 kB in 18 us: a third of what it could.
  CHECK(c.bottleneck_utilisation == Approx(1.0 / 3.0));
  CHECK(c.links_alike == 8);
  CHECK(c.rank_times_s == std::vector<double>(4, c.time_s));
}

TEST_CASE("utilisation over time has its pauses where the latencies are") {
  // 6 steps, each 2 us of latency and then 1 us on the wire; in six intervals each holds one third.
  const auto links = report_of({"outputs.timeline=6"}).cases.at(0).links;
  REQUIRE(links.size() == 8);
  for (const double share : links[0].utilisation_over_time) CHECK(share == Approx(1.0 / 3.0));
  const auto fine = report_of({"outputs.timeline=18"}).cases.at(0).links[0].utilisation_over_time;
  REQUIRE(fine.size() == 18);
  for (std::size_t i = 0; i < fine.size(); ++i) CHECK(fine[i] == Approx(i % 3 == 2 ? 1.0 : 0.0));
}

TEST_CASE("both fidelities give the same answer where no link is shared") {
  CHECK(report_of({"fidelity=events"}).cases[0].time_s == report_of({"fidelity=uncontended"}).cases[0].time_s);
  CHECK_THAT(error_of({"fidelity=uncontended", "algorithm=two_shot"}), Contains("shares links on this network"));
}

TEST_CASE("auto takes the fastest of its candidates and shows them") {
  const CollectiveCaseReport c = report_of({"algorithm=auto"}).cases.at(0);
  REQUIRE(c.candidates.size() >= 4);
  CHECK(c.automatic);
  CHECK(c.algorithm == c.candidates[0].algorithm);
  for (const CandidateReport& other : c.candidates) {
    if (other.time_s) CHECK(c.time_s <= *other.time_s);
    CHECK((other.time_s || other.closed_form_s));
  }
}

TEST_CASE("several algorithms stand side by side, with their options in their names") {
  const auto cases = report_of({"cluster.resize=true", "sizes=40 kB, 80 kB",
                                R"(compare=["ring", {"kind": "parameter_server", "servers": 2}])"})
                         .cases;
  REQUIRE(cases.size() == 4);
  CHECK(cases[0].algorithm == "ring");
  CHECK(cases[1].algorithm == "parameter_server (servers 2)");
  CHECK(cases[2].size_bytes == 80000);
}

TEST_CASE("sizes are rounded down to elements that the ranks divide, and counted as nccl-tests does") {
  const CollectiveCaseReport c = report_of({"collective=all_gather", "sizes=1003 B", "dtype=float16"}).cases.at(0);
  CHECK(c.size_bytes == 1000);
  CHECK(c.count == 125);
}

TEST_CASE("a placement puts ranks on hosts by name") {
  const std::string swapped = R"(cluster.placement=["host 3", "host 1", "host 0", "host 2"])";
  CHECK(report_of({swapped}).cases[0].time_s == report_of({}).cases[0].time_s);  // one switch: all places are equal
  CHECK_THAT(error_of({R"(cluster.placement=["host 0", "host 1", "host 2", "hots 3"])"}),
             Contains("rank 3 has no host: there is no host \"hots 3\"; did you mean \"host 3\"?"));
  CHECK_THAT(error_of({R"(cluster.placement=["host 0", "host 1", "host 2", "host 0"])"}),
             Contains("host \"host 0\" holds a rank already"));
  CHECK_THAT(error_of({R"(cluster.placement=["host 0"])"}), Contains("1 hosts for 4 ranks; name one host per rank"));
}

TEST_CASE("no collective beats its bound where a cable is slow in one direction") {
  // The bound counts both directions of every port by themselves: a slow way out of the last rank of a broadcast's chain
  // costs nothing, and in 64 MiB / 10 GB/s = 6.7 ms the others have received.
  int timed = 0;
  for (const char* const kind : {"all_reduce", "reduce_scatter", "all_gather", "broadcast", "reduce", "all_to_all",
                                 "point_to_point", "neighbor_average", "barrier"}) {
    for (const char* const link : {"host 0 -> switch", "switch -> host 0", "host 3 -> switch", "switch -> host 3"}) {
      const auto c = report_of({std::string("collective=") + kind, "algorithm=auto", "sizes=64 MiB",
                                std::string(R"(cluster.network.faults=[{"link": ")") + link +
                                    R"(", "bandwidth_factor": 0.1, "one_way": true}])"})
                         .cases.at(0);
      INFO(kind << " with " << link);
      for (const CandidateReport& candidate : c.candidates) {
        if (!candidate.time_s) continue;
        CHECK(*candidate.time_s >= c.bound_s);
        ++timed;
      }
    }
  }
  CHECK(timed > 60);
}

TEST_CASE("a bound counts only the directions that the collective needs") {
  // S = 40 kB, one cable of 10 GB/s cut to 1 GB/s one way: 40 us where S must pass it, 10 us where S / 4 must.
  const auto bound = [](const std::string& kind, const std::string& link) {
    return report_of({"collective=" + kind, "algorithm=auto",
                      R"(cluster.network.faults=[{"link": ")" + link + R"(", "bandwidth_factor": 0.1, "one_way": true}])"})
        .cases.at(0)
        .bound_s;
  };
  CHECK(bound("broadcast", "host 3 -> switch") == Approx(4e-6));
  CHECK(bound("broadcast", "switch -> host 0") == Approx(4e-6));
  CHECK(bound("broadcast", "switch -> host 3") == Approx(40e-6));
  CHECK(bound("broadcast", "host 0 -> switch") == Approx(40e-6));
  CHECK(bound("reduce", "switch -> host 3") == Approx(4e-6));
  CHECK(bound("reduce", "switch -> host 0") == Approx(40e-6));
  CHECK(bound("all_gather", "host 3 -> switch") == Approx(10e-6));
  CHECK(bound("all_gather", "switch -> host 3") == Approx(30e-6));
  CHECK(bound("reduce_scatter", "switch -> host 3") == Approx(10e-6));
  CHECK(bound("reduce_scatter", "host 3 -> switch") == Approx(30e-6));
}

// Float32 on cables of 10 GB/s. Rank 1 receives 3,000 elements, the most that any port carries: 12 kB in 1.2 us. What a
// rank keeps (the diagonal) is on no port. With the way out of host 3 at 1 GB/s its 500 elements take longer: 2 us.
TEST_CASE("the bound of an all-to-all with counts is what the busiest port must carry") {
  const std::vector<std::string> unequal{
      "collective=all_to_all", "algorithm=pairwise",
      "counts=[[90000, 1000, 0, 0], [0, 0, 0, 0], [0, 2000, 7, 0], [0, 0, 500, 0]]"};
  const CollectiveCaseReport c = report_of(unequal).cases.at(0);
  CHECK(c.bound_s == Approx(1.2e-6).epsilon(1e-12));
  CHECK(c.time_s >= c.bound_s);
  std::vector<std::string> slow = unequal;
  slow.push_back(
      R"(cluster.network.faults=[{"link": "host 3 -> switch", "bandwidth_factor": 0.1, "one_way": true}])");
  CHECK(report_of(slow).cases.at(0).bound_s == Approx(2e-6).epsilon(1e-12));
  // Equal counts are the all-to-all without counts: 3/4 of 40 kB on every port.
  const std::string row = "[2500, 2500, 2500, 2500]";
  CHECK(report_of({"collective=all_to_all", "algorithm=pairwise",
                   "counts=[" + row + ", " + row + ", " + row + ", " + row + "]"})
            .cases.at(0)
            .bound_s == report_of({"collective=all_to_all", "algorithm=pairwise"}).cases.at(0).bound_s);
}

TEST_CASE("names with quotes and commas stay one field of the CSV") {
  CollectiveReport report = report_of({});
  report.cases[0].bottleneck = "a \"fast\", b -> c";
  CHECK_THAT(report_csv(report), Contains(",\"a \"\"fast\"\", b -> c\","));
}

TEST_CASE("the network that docs/network.md prints runs with all its GPUs") {
  const std::string page = read_file(ORRERY_SOURCE_DIR "/docs/network.md");
  const std::size_t first = page.find("```json\n") + 8;
  const std::string block = "{" + page.substr(first, page.find("```", first) - first) + "}";
  const std::string network = Json::parse(block).at("network").dump();
  CHECK(error_of({"cluster.network=" + network, "cluster.ranks=128", "sizes=1 MiB"}) == "no error");
}

TEST_CASE("impossible collectives are refused with a value that works") {
  CHECK(error_of({"cluster.ranks=6"}) ==
        "--set cluster.ranks: cluster.ranks=6 but single_switch has 4 hosts; use at most 4 ranks or "
        "cluster.network.topology.hosts=6");
  CHECK_THAT(error_of({"algorithm=torus_2d"}), Contains("--set algorithm: torus_2d needs a grid of two dimensions") &&
                                                   Contains("what can do all_reduce on 4 ranks: auto, "));
  CHECK_THAT(error_of({"algorithm=rign"}), Contains("unknown kind \"rign\"; did you mean \"ring\"?"));
  CHECK_THAT(error_of({"collective=allreduce"}), Contains("unknown name \"allreduce\"; did you mean \"all_reduce\"?"));
  CHECK_THAT(error_of({"cluster.network.topology.link.bandwidth=0 GB/s"}),
             Contains("\"0 GB/s\" is out of range; expected more than 0"));
  CHECK_THAT(error_of({R"(cluster.network.faults=[{"link": "host 2 -> switch", "failed": true}])"}),
             Contains("no way from") && Contains("the network is not connected; take a fault away or add a cable"));
  CHECK_THAT(error_of({R"(cluster.network.faults=[{"link": "host 2 -> swicth", "failed": true}])"}),
             Contains("did you mean \"host 2 -> switch\"?"));
  CHECK_THAT(error_of({"root=4"}), Contains("root=4 is no rank; the last one is 3"));
  CHECK_THAT(error_of({"counts=[[1, 2], [3, 4]]"}), Contains("only all_to_all has counts; this is all_reduce"));
  CHECK_THAT(error_of({"collective=all_to_all", "algorithm=pairwise", "counts=[[1, 2], [3, 4]]"}),
             Contains("expected 4 rows of 4 numbers"));
  CHECK_THAT(error_of({"algorithm=parameter_server"}), Contains("parameter_server needs 1 host"));
  CHECK_THAT(error_of({"kind=colective"}), Contains("unknown kind \"colective\"; did you mean \"collective\"?"));
}

TEST_CASE("the command line's words become a scenario, or a message that names the option") {
  CollectiveCommand command;
  CHECK(command_error(command) == "no error");
  command.link = "classroom_nvlnik";
  CHECK_THAT(command_error(command), Contains("--link: ") && Contains("did you mean \"classroom_nvlink\"?"));
  command = {};
  command.topology = "rail_pod";
  command.link = "ib_ndr";
  CHECK_THAT(command_error(command), Contains("--link: rail_pod has 2 sorts of cables; use --set topology."));
  command = {};
  command.topology = "fat_tree";
  command.ranks = 16;
  command.overrides = {"topology.k=2"};
  CHECK_THAT(command_error(command), Contains("cluster.ranks=16 but fat_tree has 2 hosts"));
  command = {};
  command.algorithms = {"ring", "binomail"};
  CHECK_THAT(command_error(command), Contains("--algorithm: ") && Contains("did you mean \"binomial\"?"));
  command = {};
  command.ranks = 0;
  CHECK(command_error(command) == "--ranks: 0 ranks; use at least 2");
}

TEST_CASE("ranks, sizes and counts beyond what is simulated are refused with the limit") {
  CollectiveCommand command;
  for (const std::string topology : {"dgx1", "single_switch", "fat_tree", "rail_pod"}) {
    command.topology = topology;
    command.ranks = 2147483647;
    CHECK(command_error(command) == "--ranks: 2147483647 hosts are too many; expected at most 65536");
  }
  CHECK_THAT(error_of({"sizes=1e20 B"}), Contains("\"1e20 B\" is too large; expected at most 64.0 TiB"));
  CHECK_THAT(error_of({"sizes=1 KiB..1e300 B"}), Contains("is too large; expected at most 64.0 TiB"));
  CHECK(error_of({"sizes=64 TiB"}) == "no error");
  const std::string most = "9223372036854775807";
  CHECK_THAT(error_of({"collective=all_to_all", "algorithm=pairwise", "cluster.ranks=2",
                       "counts=[[" + most + ", " + most + "], [0, 0]]"}),
             Contains("a row holds more than 64.0 TiB, the most that a rank may send"));
  CHECK_THAT(error_of({"cluster.resize=true", "cluster.ranks=65536", "algorithm=parameter_server"}),
             Contains("65537 hosts are too many; expected at most 65536"));
}

TEST_CASE("a plan that would not fit into memory is refused with algorithms that would, and auto leaves it out") {
  // A ring's all-reduce is 2 P (P - 1) transfers: 16.8 million for 2,896 ranks, 8,384,512 for 2,048.
  const std::vector<std::string> large{"cluster.resize=true", "cluster.ranks=2896", "sizes=1 KiB"};
  std::vector<std::string> ring = large, automatic = large;
  ring.push_back("algorithm=ring");
  CHECK_THAT(error_of(ring), Contains("$.algorithm: ring on 2896 ranks needs more than 8388608 transfers") &&
                                 Contains("use fewer ranks or auto, ") && Contains("recursive_doubling") &&
                                 !Contains("two_shot"));
  automatic.push_back("algorithm=auto");
  const CollectiveCaseReport c = report_of(automatic).cases.at(0);
  CHECK(c.algorithm != "ring");
  CHECK(c.time_s > 0.0);
}

TEST_CASE("more ranks than a network has that cannot grow are refused with the most that it takes") {
  CHECK(error_of({R"(cluster.network.topology={"kind": "graph", "nodes": [{"name": "a"}, {"name": "b"}],
                     "cables": [{"between": ["a", "b"]}]})",
                  "cluster.ranks=3"}) ==
        "--set cluster.ranks: cluster.ranks=3 but graph has 2 hosts; use at most 2 ranks");
  CHECK(error_of({R"(cluster.network.topology={"kind": "dgx1"})", "cluster.ranks=65536"}) ==
        "--set cluster.ranks: cluster.ranks=65536 but dgx1 has 8 hosts; use at most 8 ranks");
}
