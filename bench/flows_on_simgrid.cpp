// The same cases on SimGrid (https://simgrid.org), through its public S4U interface. Model CM02 without any correction,
// so that simulated time is latency plus size over max-min fair bandwidth; its tolerances are set far below a nanosecond,
// as its defaults (10 us) would end flows early by more than the runs last.
#include "bench/flow_cases.hpp"

#if ORRERY_HAS_SIMGRID
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>
#include <xbt/log.h>
#endif

namespace orrery::bench {

#if ORRERY_HAS_SIMGRID
namespace {

namespace sg = simgrid::s4u;

std::vector<sg::Host*> build_star(int count) {
  sg::NetZone* zone = sg::create_star_zone("star");
  std::vector<sg::Host*> hosts;
  for (int i = 0; i < count; ++i) {
    const std::string name = "host" + std::to_string(i);
    sg::Host* host = zone->create_host(name, 1e9);
    const auto cable = [&](const char* direction) {
      return zone->create_link(name + direction, kBandwidth)->set_latency(kCableLatency)->seal();
    };
    const std::vector<sg::LinkInRoute> up{sg::LinkInRoute(cable("_up"))};
    const std::vector<sg::LinkInRoute> down{sg::LinkInRoute(cable("_down"))};
    zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr, up, false);
    zone->add_route(nullptr, host->get_netpoint(), nullptr, nullptr, down, false);
    hosts.push_back(host);
  }
  zone->seal();
  return hosts;
}

struct Machine {
  explicit Machine(int hosts_wanted) : engine("bench_flows") {
    xbt_log_control_set("xbt_cfg.thresh:warning");
    for (const char* setting :
         {"network/model:CM02", "network/TCP-gamma:0", "network/crosstraffic:0", "network/bandwidth-factor:1",
          "network/latency-factor:1", "network/weight-S:0", "surf/precision:1e-12", "maxmin/precision:1e-12"}) {
      sg::Engine::set_config(setting);
    }
    hosts = build_star(hosts_wanted);
  }
  FlowRun run() {
    FlowRun result;
    const double before = cpu_seconds();
    engine.run();
    result.cpu_s = cpu_seconds() - before;
    result.simulated_s = sg::Engine::get_clock();
    return result;
  }
  sg::Engine engine;
  std::vector<sg::Host*> hosts;
};

}  // namespace

std::string simgrid_version() {
  return std::to_string(SIMGRID_VERSION_MAJOR) + "." + std::to_string(SIMGRID_VERSION_MINOR);
}

FlowRun ring_on_simgrid(int ranks) {
  Machine machine(ranks);
  for (int rank = 0; rank < ranks; ++rank) {
    sg::Actor::create("rank", machine.hosts[static_cast<std::size_t>(rank)], [rank, ranks] {
      sg::Mailbox* mine = sg::Mailbox::by_name(std::to_string(rank));
      sg::Mailbox* next = sg::Mailbox::by_name(std::to_string((rank + 1) % ranks));
      static int payload = 0;
      int* received = nullptr;
      for (int step = 0; step < 2 * (ranks - 1); ++step) {
        sg::CommPtr in = mine->get_async<int>(&received);
        sg::CommPtr out = next->put_async(&payload, static_cast<std::uint64_t>(kRingBytes) / static_cast<std::uint64_t>(ranks));
        in->wait();
        out->wait();
      }
    });
  }
  return machine.run();
}

FlowRun random_on_simgrid(int hosts, const std::vector<FlowJob>& jobs) {
  Machine machine(hosts);
  std::vector<double> ends(jobs.size());
  sg::Actor::create("arrivals", machine.hosts[0], [&] {
    std::vector<sg::CommPtr> flows;
    for (const FlowJob& job : jobs) {
      sg::this_actor::sleep_until(1e-9 * static_cast<double>(job.start_ns));
      flows.push_back(sg::Comm::sendto_async(machine.hosts[static_cast<std::size_t>(job.from)],
                                             machine.hosts[static_cast<std::size_t>(job.to)], job.bytes));
    }
    for (std::size_t i = 0; i < flows.size(); ++i) {
      flows[i]->wait();
      ends[i] = flows[i]->get_finish_time();
    }
  });
  FlowRun run = machine.run();
  run.ends_s = std::move(ends);
  return run;
}

#else

std::string simgrid_version() {
  return "";
}
FlowRun ring_on_simgrid(int) {
  return {};
}
FlowRun random_on_simgrid(int, const std::vector<FlowJob>&) {
  return {};
}

#endif

}  // namespace orrery::bench
