#include "scenarios/collective_what_if.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/unit_text.hpp"

namespace orrery::scenario {
namespace {

constexpr double kAlike = 0.99;  // of the highest utilisation: links that are as busy as the bottleneck

CollectiveWhatIf changed(std::string change, Seconds time, Seconds before) {
  return {std::move(change), time.value(), before.value() > 0.0 ? time / before - 1.0 : 0.0};
}

}  // namespace

std::vector<CollectiveWhatIf> what_if(const CollectiveScenario& scenario, CollectiveMachine& machine,
                                      const collective::Plan& plan, const collective::PlanTiming& timing) {
  std::vector<CollectiveWhatIf> result;
  double highest = 0.0;
  for (const collective::LinkLoad& load : timing.links) highest = std::max(highest, load.utilisation);
  if (highest > 0.0) {
    net::Topology faster = machine.topology();
    for (const collective::LinkLoad& load : timing.links) {
      if (load.utilisation >= kAlike * highest) faster.scale_bandwidth(load.link, 2.0);
    }
    CollectiveMachine other(scenario, std::move(faster));
    result.push_back(changed("twice the bandwidth on the busiest links", other.time(plan).time, timing.time));
  }
  // The same messages with nothing in them: what is left is latency and start-up.
  collective::Plan empty = plan;
  empty.layout = collective::SlotLayout::even(0, plan.layout.slots());
  result.push_back(changed("no bytes: latency and start-up alone", machine.time(empty).time, timing.time));
  return result;
}

std::string verdict(const CollectiveReport& report, const CollectiveCaseReport& c) {
  const std::string what = fmt::format("{} of {} on {} ranks with {} takes {}", report.collective,
                                       human(Bytes(static_cast<double>(c.size_bytes))), report.ranks,
                                       c.algorithm, human(Seconds(c.time_s)));
  if (c.links.empty() && c.bottleneck.empty()) return what + ".";
  const std::string alike = c.links_alike > 1 ? fmt::format(" (and {} more like it)", c.links_alike - 1) : "";
  const std::string busy =
      fmt::format("{}{} is {:.0f} % busy", c.bottleneck, alike, 100.0 * c.bottleneck_utilisation);
  if (report.what_if.empty()) return fmt::format("{}; the busiest link, {}.", what, busy);
  const CollectiveWhatIf& latency = report.what_if.back();
  const double latency_share = c.time_s > 0.0 ? latency.time_s / c.time_s : 0.0;
  if (latency_share > 0.5) {
    return fmt::format(
        "{}: {:.0f} % of it is latency and start-up of messages, which bandwidth does not change ({}); an "
        "algorithm with "
        "fewer steps or links with less latency would help.",
        what, 100.0 * latency_share, busy);
  }
  const CollectiveWhatIf& faster = report.what_if.front();
  return fmt::format("{}: {}; twice its bandwidth gives {} ({:+.0f} %), latency and start-up are {:.1f} %.",
                     what, busy, human(Seconds(faster.time_s)), 100.0 * faster.relative_change,
                     100.0 * latency_share);
}

}  // namespace orrery::scenario
