// The answer to a collective scenario as a plain value, described once: result.json, its CSV form, `orrery explain` and
// the table are all written from this. Keys end in their SI unit. Nothing here depends on the machine that runs the
// simulator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/fields.hpp"

namespace orrery::scenario {

struct LinkReport {
  std::string link;
  double bandwidth_bytes_per_s = 0, carried_bytes = 0, busy_s = 0, utilisation = 0;
  std::vector<double> utilisation_over_time;
};
template <class V>
void fields(V& v, LinkReport& c) {
  v("link", c.link, "one direction of a cable, by the names of its ends");
  v("bandwidth_bytes_per_s", c.bandwidth_bytes_per_s, "of this direction");
  v("carried_bytes", c.carried_bytes, "what the collective sent over it");
  v("busy_s", c.busy_s, "time with at least one message on the wire");
  v("utilisation", c.utilisation, "carried / (bandwidth * time of the whole collective)");
  v("utilisation_over_time", c.utilisation_over_time,
    "mean share of the bandwidth in use, in outputs.timeline intervals of equal length from start to end");
}

struct CandidateReport {
  std::string algorithm;
  std::optional<double> closed_form_s, time_s;
};
template <class V>
void fields(V& v, CandidateReport& c) {
  v("algorithm", c.algorithm, "an algorithm that can do the request");
  v("closed_form_s", c.closed_form_s, "its formula on a network where no link is shared; absent where it has none");
  v("time_s", c.time_s, "simulated; absent when the formula is far from the best one's");
}

struct CollectiveCaseReport {
  std::int64_t size_bytes = 0, count = 0;
  std::string algorithm;
  bool automatic = false;
  double time_s = 0, algbw_bytes_per_s = 0, busbw_bytes_per_s = 0, bound_s = 0;
  std::string fidelity, source;
  std::int64_t messages = 0;
  std::string bottleneck;
  double bottleneck_utilisation = 0;
  std::int64_t links_alike = 0;
  std::vector<LinkReport> links;
  std::vector<double> rank_times_s;
  std::vector<CandidateReport> candidates;
};
template <class V>
void fields(V& v, CollectiveCaseReport& c) {
  v("size_bytes", c.size_bytes, "S: one rank's buffer; all-gather and reduce-scatter: the total (nccl-tests)");
  v("count", c.count, "elements as nccl-tests counts them: of S, or of one rank's part where each rank has its own");
  v("algorithm", c.algorithm, "how the collective is done");
  v("automatic", c.automatic, "the algorithm was picked among the candidates");
  v("time_s", c.time_s, "from the common start until the last rank is done");
  v("algbw_bytes_per_s", c.algbw_bytes_per_s, "S / time");
  v("busbw_bytes_per_s", c.busbw_bytes_per_s,
    "algbw times the factor that makes it comparable with a link: 2(n-1)/n for all-reduce, (n-1)/n for reduce-scatter, "
    "all-gather, all-to-all");
  v("bound_s", c.bound_s, "no algorithm of this sort can be faster: bytes that the ranks' own ports must carry");
  v("fidelity", c.fidelity, "\"uncontended\": no link was ever shared; \"events\": flows that share links");
  v("source", c.source, "where the numbers come from");
  v("messages", c.messages, "messages sent");
  v("bottleneck", c.bottleneck, "the link with the highest utilisation");
  v("bottleneck_utilisation", c.bottleneck_utilisation, "its utilisation");
  v("links_alike", c.links_alike, "links whose utilisation is within 1 % of it, itself among them");
  v("links", c.links, "the busiest links, at most outputs.links of them");
  v("rank_times_s", c.rank_times_s, "when each rank was done");
  v("candidates", c.candidates, "what was compared for auto, fastest first");
}

struct CollectiveWhatIf {
  std::string change;
  double time_s = 0, relative_change = 0;
};
template <class V>
void fields(V& v, CollectiveWhatIf& c) {
  v("change", c.change, "the one property that is changed");
  v("time_s", c.time_s, "time of the largest size, simulated again with that change");
  v("relative_change", c.relative_change, "time with the change / without it - 1");
}

struct CollectiveReport {
  std::string orrery_version, scenario, scenario_hash, question, collective, dtype, topology;
  std::uint64_t seed = 0;
  std::int64_t ranks = 0, hosts = 0;
  std::vector<CollectiveCaseReport> cases;
  std::vector<CollectiveWhatIf> what_if;
  std::string verdict;
};
template <class V>
void fields(V& v, CollectiveReport& c) {
  v("orrery_version", c.orrery_version, "version of the program");
  v("scenario", c.scenario, "name of the scenario");
  v("scenario_hash", c.scenario_hash, "hash of the resolved scenario");
  v("question", c.question, "the question that the scenario answers");
  v("collective", c.collective, "the operation");
  v("dtype", c.dtype, "element type");
  v("topology", c.topology, "kind of the network");
  v("seed", c.seed, "seed of all random numbers");
  v("ranks", c.ranks, "processes that take part");
  v("hosts", c.hosts, "hosts of the network");
  v("cases", c.cases, "one per size and algorithm");
  v("what_if", c.what_if, "one change at a time, for the largest size of the first algorithm");
  v("verdict", c.verdict, "where the time goes and what would help, as a sentence");
}

}  // namespace orrery::scenario
