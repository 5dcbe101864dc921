#include "scenarios/collective_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/collective_machine.hpp"
#include "scenarios/collective_trace.hpp"
#include "scenarios/collective_what_if.hpp"
#include "scenarios/link_record.hpp"
#include "scenarios/version.hpp"

namespace orrery::scenario {
namespace {

/// The busiest links first; in order of their numbers where equal.
std::vector<collective::LinkLoad> busiest(const collective::PlanTiming& timing) {
  std::vector<collective::LinkLoad> links = timing.links;
  std::stable_sort(links.begin(), links.end(),
                   [](const collective::LinkLoad& a, const collective::LinkLoad& b) {
                     return a.utilisation > b.utilisation;
                   });
  return links;
}

/// One size with one algorithm, timed.
struct Timed {
  collective::PlanRequest request;
  collective::Plan plan;
  collective::PlanTiming timing;
  std::vector<Candidate> candidates;  ///< of auto
};

class Run {
 public:
  Run(const CollectiveScenario& scenario, bool with_trace)
      : s_(scenario), machine_(scenario), with_trace_(with_trace) {}

  CollectiveOutcome outcome() {
    CollectiveOutcome outcome;
    CollectiveReport& report = outcome.report;
    fill_header(report);
    const std::vector<AlgorithmChoice> choices =
        s_.compare.empty() ? std::vector<AlgorithmChoice>{s_.algorithm} : s_.compare;
    const auto requests = plan_requests(s_, machine_.topology());
    CollectiveTrace trace(with_trace_);
    for (const collective::PlanRequest& request : requests) {
      const bool last = &request == &requests.back();
      for (const AlgorithmChoice& choice : choices) {
        const Timed timed = time(choice, request);
        report.cases.push_back(case_report(timed, choice));
        if (last) watch(timed, report.cases.back(), trace);
        if (last && &choice == &choices.front()) {
          if (s_.outputs.what_if) report.what_if = what_if(s_, machine_, timed.plan, timed.timing);
          report.verdict = verdict(report, report.cases.back());
        }
      }
    }
    if (with_trace_) outcome.trace = trace.text();
    return outcome;
  }

 private:
  void fill_header(CollectiveReport& report) const {
    report.orrery_version = version();
    report.scenario = s_.name;
    report.scenario_hash = scenario_hash(s_);
    report.question = s_.question;
    report.collective = name(s_.collective);
    report.dtype = std::string(names_of(s_.dtype)[static_cast<std::size_t>(s_.dtype)]);
    report.topology = s_.cluster.network.topology.name();
    report.seed = s_.seed;
    report.ranks = s_.cluster.ranks;
    report.hosts = static_cast<std::int64_t>(machine_.topology().hosts().size());
  }

  Timed time(const AlgorithmChoice& choice, const collective::PlanRequest& request) {
    Timed timed;
    timed.request = request;
    if (!choice.automatic()) {
      timed.plan = machine_.plan(choice.algorithm(), request);
      timed.timing = machine_.time(timed.plan);
      return timed;
    }
    Choice chosen = machine_.choose(request);
    timed.plan = std::move(chosen.plan);
    timed.candidates = std::move(chosen.candidates);
    timed.timing = *timed.candidates.front().timing;
    return timed;
  }

  CollectiveCaseReport case_report(const Timed& timed, const AlgorithmChoice& choice) const {
    CollectiveCaseReport c;
    const Bytes size = static_cast<double>(timed.request.elements) * size_of(s_.dtype);
    const double seconds = timed.timing.time.value();
    c.size_bytes = std::llround(size.value());
    c.count = count_of(timed.request.kind, timed.request.ranks, timed.request.elements);
    c.algorithm = choice.automatic() ? timed.plan.algorithm : choice.label();
    c.automatic = choice.automatic();
    c.time_s = seconds;
    c.algbw_bytes_per_s = seconds > 0.0 ? size.value() / seconds : 0.0;
    c.busbw_bytes_per_s = c.algbw_bytes_per_s * busbw_factor(timed.request.kind, timed.request.ranks);
    c.bound_s = machine_.bound(timed.request, timed.plan.helpers).value();
    c.fidelity = names_of(timed.timing.fidelity)[static_cast<std::size_t>(timed.timing.fidelity)];
    const bool costs = s_.costs.alpha.value() > 0.0 || s_.costs.gamma.value() > 0.0;
    c.source = costs ? "datasheet (link table) and given endpoint costs" : "datasheet (link table)";
    c.messages = timed.timing.messages;
    fill_links(timed, c);
    for (const Seconds time : timed.timing.rank_time) c.rank_times_s.push_back(time.value());
    for (const Candidate& candidate : timed.candidates) {
      CandidateReport entry{candidate.algorithm.name(), std::nullopt, std::nullopt};
      if (candidate.closed_form) entry.closed_form_s = candidate.closed_form->value();
      if (candidate.timing) entry.time_s = candidate.timing->time.value();
      c.candidates.push_back(std::move(entry));
    }
    return c;
  }

  void fill_links(const Timed& timed, CollectiveCaseReport& c) const {
    const auto links = busiest(timed.timing);
    if (links.empty()) return;
    c.bottleneck = machine_.topology().link_name(links.front().link);
    c.bottleneck_utilisation = links.front().utilisation;
    c.links_alike = std::count_if(links.begin(), links.end(), [&](const collective::LinkLoad& load) {
      return load.utilisation >= 0.99 * links.front().utilisation;
    });
    for (std::size_t i = 0; i < links.size() && i < static_cast<std::size_t>(s_.outputs.links); ++i) {
      c.links.push_back({machine_.topology().link_name(links[i].link),
                         machine_.topology().link(links[i].link).bandwidth.value(),
                         links[i].carried.value(),
                         links[i].busy.value(),
                         links[i].utilisation,
                         {}});
    }
  }

  /// A second run of the same plan that looks at the listed links. Both runs take the same time, so only the
  /// answer's timelines and the trace come from it.
  void watch(const Timed& timed, CollectiveCaseReport& c, CollectiveTrace& trace) {
    if (s_.outputs.timeline == 0 && !with_trace_) return;
    std::vector<net::LinkId> watched;
    for (const collective::LinkLoad& load : busiest(timed.timing)) {
      if (watched.size() < c.links.size()) watched.push_back(load.link);
    }
    LinkRecord record(machine_.topology().links().size(), watched, timed.timing.time, s_.outputs.timeline,
                      with_trace_);
    const collective::PlanTiming again = machine_.time(timed.plan, &record);
    for (std::size_t i = 0; i < watched.size(); ++i) c.links[i].utilisation_over_time = record.utilisation(i);
    trace.add(machine_.topology(), c, again, record.changes());
  }

  const CollectiveScenario& s_;
  CollectiveMachine machine_;
  bool with_trace_;
};

}  // namespace

CollectiveOutcome run(const CollectiveScenario& scenario, bool with_trace) {
  return Run(scenario, with_trace).outcome();
}

}  // namespace orrery::scenario
