#include <array>

#include "bench/flow_cases.hpp"
#include "sim/base/rng.hpp"
#include "sim/net/fair_share.hpp"
#include "sim/net/flow_network.hpp"

namespace orrery::bench {
namespace {

net::Topology star(int hosts, int stretch) {
  net::Topology topology;
  const net::NodeId hub = topology.add_switch("switch");
  for (int i = 0; i < hosts; ++i) {
    topology.connect(topology.add_host("host " + std::to_string(i)), hub,
                     {BytesPerSec(kBandwidth / stretch), Seconds(kCableLatency * stretch)});
  }
  return topology;
}

/// Message i of each step goes from rank i to rank i + 1 and starts when both have reached the step.
class Ring final : public net::FlowListener {
 public:
  Ring(net::FlowNetwork& network, int ranks)
      : network_(network),
        hosts_(network.topology().hosts()),
        ranks_(static_cast<std::size_t>(ranks)),
        bytes_(kRingBytes / ranks),
        state_(ranks_) {}

  void start() {
    for (std::size_t rank = 0; rank < ranks_; ++rank) reach_step(rank);
  }
  void flow_ended(std::uint64_t message) override {
    finish_one(static_cast<std::size_t>(message));
    finish_one(behind(static_cast<std::size_t>(message)));
  }

 private:
  struct Rank {
    int steps_done = 0;
    int finished = 0;  // of this step's send and receive
    int ends_ready = 0;  // of the message from this rank
  };

  std::size_t behind(std::size_t rank) const { return rank + 1 == ranks_ ? 0 : rank + 1; }
  std::size_t before(std::size_t rank) const { return rank == 0 ? ranks_ - 1 : rank - 1; }
  void reach_step(std::size_t rank) {
    end_ready(rank);
    end_ready(before(rank));
  }
  void end_ready(std::size_t message) {
    if (++state_[message].ends_ready < 2) return;
    state_[message].ends_ready = 0;
    network_.start(hosts_[message], hosts_[behind(message)], bytes_, *this, message);
  }
  void finish_one(std::size_t rank) {
    if (++state_[rank].finished < 2) return;
    state_[rank].finished = 0;
    if (++state_[rank].steps_done < 2 * (static_cast<int>(ranks_) - 1)) reach_step(rank);
  }

  net::FlowNetwork& network_;
  std::span<const net::NodeId> hosts_;
  std::size_t ranks_;
  Bytes bytes_;
  std::vector<Rank> state_;
};

class Arrivals final : public net::FlowListener {
 public:
  Arrivals(net::FlowNetwork& network, const std::vector<FlowJob>& jobs, int stretch, std::vector<double>& ends_s)
      : network_(network), jobs_(jobs), stretch_(stretch), ends_s_(ends_s) {
    ends_s_.resize(jobs.size());
  }
  kernel::Process<> start_all() {
    const auto hosts = network_.topology().hosts();
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const FlowJob& job = jobs_[i];
      co_await network_.simulator().until(SimTime{job.start_ns * stretch_});
      network_.start(hosts[static_cast<std::size_t>(job.from)], hosts[static_cast<std::size_t>(job.to)],
                     Bytes(static_cast<double>(job.bytes)), *this, i);
    }
  }
  void flow_ended(std::uint64_t job) override {
    ends_s_[job] = network_.simulator().now().seconds().value() / stretch_;
  }

 private:
  net::FlowNetwork& network_;
  const std::vector<FlowJob>& jobs_;
  int stretch_;
  std::vector<double>& ends_s_;
};

}  // namespace

FlowRun ring_on_orrery(int ranks) {
  const net::Topology topology = star(ranks, 1);
  net::Router router(topology);
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  Ring ring(network, ranks);
  FlowRun run;
  const double before = cpu_seconds();
  ring.start();
  simulator.run();
  run.cpu_s = cpu_seconds() - before;
  run.simulated_s = simulator.now().seconds().value();
  return run;
}

FlowRun random_on_orrery(int hosts, const std::vector<FlowJob>& jobs, int stretch) {
  const net::Topology topology = star(hosts, stretch);
  net::Router router(topology);
  kernel::Simulator simulator;
  net::FlowNetwork network(simulator, router);
  FlowRun run;
  Arrivals arrivals(network, jobs, stretch, run.ends_s);
  const double before = cpu_seconds();
  simulator.spawn(arrivals.start_all(), "arrivals");
  simulator.run();
  run.cpu_s = cpu_seconds() - before;
  run.simulated_s = simulator.now().seconds().value() / stretch;
  return run;
}

Locality locality(int hosts, int flows) {
  constexpr int kChanges = 20000;
  net::FairShare shares(std::vector<BytesPerSec>(2 * static_cast<std::size_t>(hosts), BytesPerSec(kBandwidth)));
  RngStream random = stream(Seed{1}, "crowd");
  std::vector<std::array<net::LinkId, 2>> routes(static_cast<std::size_t>(flows));
  const auto add = [&](std::uint32_t flow) {
    const auto n = static_cast<std::uint64_t>(hosts);
    const std::uint64_t from = random.below(n);
    const std::uint64_t to = (from + 1 + random.below(n - 1)) % n;
    routes[flow] = {net::LinkId{static_cast<std::int32_t>(2 * from)}, net::LinkId{static_cast<std::int32_t>(2 * to + 1)}};
    shares.add(flow, routes[flow]);
  };
  for (std::uint32_t flow = 0; flow < routes.size(); ++flow) add(flow);
  shares.solve();
  const net::FairShare::Work before = shares.work();
  std::size_t changed = 0;
  for (int i = 0; i < kChanges; i += 2) {
    const auto flow = static_cast<std::uint32_t>(random.below(routes.size()));
    shares.remove(flow);
    changed += shares.solve().size();
    add(flow);
    changed += shares.solve().size();
  }
  const net::FairShare::Work& after = shares.work();
  return {static_cast<double>(changed) / kChanges, static_cast<double>(after.flows - before.flows) / kChanges,
          static_cast<double>(after.links - before.links) / kChanges};
}

}  // namespace orrery::bench
