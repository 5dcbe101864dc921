#include "calibrate/table_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "calibrate/campaign.hpp"
#include "calibrate/checks_on_ranks.hpp"
#include "calibrate/measurement_store.hpp"

namespace orrery::calibrate {
namespace {

/// Visits of a GPU are many and short: none may take the time of fifty others.
constexpr double kGpuVisitMost = 0.2;

MeasurementFile header_of(const Backend& backend, const TableOptions& options, std::size_t visits) {
  MeasurementFile header{options.date, backend.fingerprint(), options.facts, {}};
  header.facts["sweep"] = fmt::format("{} ranks={} seed={} visits={}", options.sweep.full ? "full" : "quick",
                                      backend.ranks(), options.sweep.seed.value, visits);
  return header;
}

/// `store` is there on rank 0. Records of an earlier sweep count only where the sweep itself goes on.
std::map<std::string, std::string> check(Backend& backend, const TableOptions& options,
                                         const MeasurementStore* store, const TableEvents& events) {
  const std::vector<std::string> classes = sweep_classes(options.sweep.target);
  if (store == nullptr) return check_on_ranks(backend, classes, options.reference, nullptr);
  const std::string path = options.file + ".checks.jsonl";
  std::error_code missing;
  if (!store->goes_on()) std::filesystem::remove(path, missing);
  Journal journal(path);
  journal.open();
  const auto excluded = check_on_ranks(backend, classes, options.reference, &journal);
  if (events.say) events.say(checks_text(parse_checks(journal.text(), path)));
  return excluded;
}

}  // namespace

TableResult measure_table(Backend& backend, const TableOptions& options, const Clock& clock,
                          const TableEvents& events) {
  const double start = clock();
  const std::vector<Visit> plan = plan_sweep(options.sweep);
  std::optional<MeasurementStore> store;
  if (backend.rank() == 0) {
    store.emplace(options.file, header_of(backend, options, plan.size()));
    if (store->rows_kept() > 0 && events.say) {
      events.say(fmt::format("{}.part holds {} of {} cases: going on", options.file, store->rows_kept(),
                             plan.size()));
    }
  }
  CampaignOptions campaign;
  if (options.reference) campaign.excluded = check(backend, options, store ? &*store : nullptr, events);
  const double kept = backend.max_over_ranks(store ? static_cast<double>(store->rows_kept()) : 0.0);
  campaign.first = static_cast<std::size_t>(kept);
  campaign.elapsed_s = backend.max_over_ranks(store ? store->last_start_s() : 0.0);
  campaign.budget_s = options.sweep.budget_s();
  if (options.sweep.target == SweepTarget::gpu) {
    campaign.stop_at_budget = true;
    campaign.visit_most_s = kGpuVisitMost;
    campaign.budget_s = std::max(0.0, campaign.budget_s - options.spent_s - (clock() - start));
  }
  TableResult result{plan.size(), 0, campaign.excluded.size()};
  result.reached = run_campaign(backend, plan, campaign, clock,
                                {[&store](const Measurement& row) { store->append(row); }, events.progress});
  if (store && result.reached > 0) store->finish();
  return result;
}

}  // namespace orrery::calibrate
