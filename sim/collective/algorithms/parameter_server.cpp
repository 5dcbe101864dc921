// Parameter server: every worker pushes its gradients to a server, which adds them up and sends the sums back. With one
// server all of it goes through one port (incast), so the time grows with the number of workers; sharded over S
// servers, each holding 1/S of the parameters, the bottleneck shrinks until the workers' own ports limit. The ranks
// are the workers; the servers are helpers on hosts of their own.
// Source: Li et al., Scaling distributed machine learning with the parameter server, OSDI 2014. Bytes through a central
// server: 2 n W for W workers, which is 2 n (P-1) where the server is counted as one of P processes.
//
//   2 (alpha + max(W/S, 1) n beta) + W/S n gamma        push, then pull; no overlap of the two
#include <algorithm>

#include "sim/collective/group.hpp"

namespace orrery::collective {
namespace {

struct ParameterServerConfig {
  int servers = 1;
};
template <class V>
void fields(V& v, ParameterServerConfig& c) {
  v("servers", c.servers, "servers that share the parameters, each on a host of its own", between(1, 65536));
}

class ParameterServer final : public Configured<Algorithm, ParameterServer, ParameterServerConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    return refuse_other_kinds(request, {CollectiveKind::all_reduce});
  }

  int servers() const override { return config().servers; }

  Plan plan(const PlanRequest& request) const override {
    const int servers = config().servers;
    Plan plan = empty_plan(request, "parameter_server", servers);
    plan.helpers = servers;
    for (int worker = 0; worker < request.ranks; ++worker) {
      for (int shard = 0; shard < servers; ++shard) {
        const int server = request.ranks + shard;
        plan.channels[0].add({0, worker, server, shard, shard, 1, Combine::add});
        plan.channels[0].add({1, server, worker, shard, shard, 1, Combine::copy});
      }
    }
    return finished(std::move(plan));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    const Hockney& h = levels.back();
    const Bytes n = buffer_of(request, element);
    const double workers_a_server = static_cast<double>(request.ranks) / config().servers;
    return 2.0 * (h.alpha + std::max(workers_a_server, 1.0) * n * h.beta) + workers_a_server * n * h.gamma;
  }
};

const bool registered = Algorithm::registry().add<ParameterServer>(
    "parameter_server", "workers push to servers and pull the sums (Li et al. 2014), central or sharded");

}  // namespace
}  // namespace orrery::collective
