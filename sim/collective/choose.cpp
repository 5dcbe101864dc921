#include "sim/collective/choose.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/base/error.hpp"
#include "sim/collective/group.hpp"
#include "sim/collective/placement.hpp"

namespace orrery::collective {

namespace {

/// `predict(algorithm)` gives its time.
template <class Predict>
Choice cheapest(const PlanRequest& request, Predict predict) {
  std::vector<Candidate> candidates;
  for (const NameAndHelp& entry : Algorithm::registry().names()) {
    const Registered<Algorithm> algorithm(entry.name);
    Candidate candidate{entry.name, std::nullopt, algorithm->refusal(request).value_or("")};
    if (candidate.refusal.empty() && algorithm->servers() > 0) candidate.refusal = "needs hosts of its own";
    try {
      if (candidate.refusal.empty()) candidate.time = predict(*algorithm);
    } catch (const TooManyTransfers& error) {
      candidate.refusal = error.what();
    }
    candidates.push_back(std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.time && b.time) return *a.time < *b.time;
    return a.time.has_value() && !b.time.has_value();
  });
  const Candidate& best = candidates.front();
  if (!best.time) {
    throw ScenarioError("", fmt::format("no algorithm can do {} on {} ranks: {} {}", name(request.kind), request.ranks,
                                        best.algorithm, best.refusal));
  }
  Registered<Algorithm> chosen(best.algorithm);
  const Seconds time = *best.time;
  return {std::move(chosen), time, std::move(candidates)};
}

/// Hosts on one switch, as the closed forms assume, with a reducer where the request has one.
net::Topology star_of(const PlanRequest& request, const Hockney& level) {
  constexpr double kInstantly = 1e30;  // bytes a second for a level that costs nothing a byte
  const BytesPerSec bandwidth(level.beta.value() > 0.0 ? 1.0 / level.beta.value() : kInstantly);
  net::Topology star;
  const net::NodeId hub = star.add_switch("switch");
  for (int i = 0; i < request.ranks; ++i) {
    star.connect(star.add_host(fmt::format("host {}", i)), hub, {bandwidth, Seconds(0.0)});
  }
  if (request.has_reducer) star.set_reducer(hub);
  return star;
}

}  // namespace

std::vector<Hockney> levels_of(net::Router& router, std::span<const net::NodeId> ranks, std::span<const int> grid,
                               const EndpointCosts& costs) {
  const net::Topology& topology = router.topology();
  std::vector<Hockney> levels;
  std::size_t stride = 1;
  for (const int dimension : grid) {
    const auto extent = static_cast<std::size_t>(dimension);
    std::vector<int> load(topology.links().size(), 0);
    const auto for_each_route = [&](auto visit) {
      for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        const std::size_t place = rank / stride % extent;
        const std::size_t next = rank - place * stride + (place + 1) % extent * stride;
        visit(router.route(ranks[rank], ranks[next]));
      }
    };
    for_each_route([&](std::span<const net::LinkId> route) {
      for (const net::LinkId link : route) ++load[link.index()];
    });
    Hockney level{costs.alpha, SecondsPerByte(0.0), costs.gamma};
    for_each_route([&](std::span<const net::LinkId> route) {
      level.alpha = std::max(level.alpha, costs.alpha + net::route_latency(topology, route));
      for (const net::LinkId link : route) {
        const double share = topology.link(link).bandwidth.value() / load[link.index()];
        level.beta = std::max(level.beta, SecondsPerByte(1.0 / share));
      }
    });
    levels.push_back(level);
    stride *= extent;
  }
  return levels;
}

Choice choose(const PlanRequest& request, Bytes element, std::span<const Hockney> levels) {
  SIM_ASSERT(!levels.empty(), "a choice needs the costs of one level at least");
  std::optional<net::Topology> star;
  std::optional<net::Router> router;
  return cheapest(request, [&](const Algorithm& algorithm) {
    if (const auto formula = algorithm.closed_form(request, element, levels)) return *formula;
    if (!router) {
      star = star_of(request, levels.back());
      router.emplace(*star);
    }
    const Plan plan = algorithm.plan(request);
    return time_plan(plan, *router, place(plan, *star), {levels.back().alpha, levels.back().gamma, element})->time;
  });
}

}  // namespace orrery::collective
