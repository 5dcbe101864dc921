#include "workloads/straggler/fit.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::straggler {

namespace {

std::vector<Seconds> sorted(std::span<const Seconds> times) {
  std::vector<Seconds> result(times.begin(), times.end());
  std::sort(result.begin(), result.end());
  return result;
}

Seconds median_of(std::span<const Seconds> times) {
  std::vector<double> values;
  for (Seconds t : times) values.push_back(t.value());
  return Seconds(median(values));
}

std::vector<Seconds> all_times(const MeasuredJob& job) {
  std::vector<Seconds> all;
  for (const auto& worker : job.workers) all.insert(all.end(), worker.begin(), worker.end());
  return all;
}

/// Fills the one list of times that the empirical distribution is described by.
class SetTimes final : public FieldVisitor {
 public:
  explicit SetTimes(std::span<const Seconds> times) : times_(times) {}

 protected:
  void visit(const Field&, const ValueRef& value) override {
    const auto& list = std::get<ListRef>(value.to);
    list.resize(list.object, times_.size());
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const auto element = std::get<QuantityRef>(list.at(list.object, i).to);
      element.set(element.object, times_[i].value());
    }
  }

 private:
  std::span<const Seconds> times_;
};

}  // namespace

Registered<ComputeTime> empirical_of(std::span<const Seconds> times) {
  Registered<ComputeTime> empirical("empirical");
  SetTimes set(times);
  empirical->visit(set);
  return empirical;
}

double ks_distance(const ComputeTime& distribution, std::span<const Seconds> times) {
  const std::vector<Seconds> ascending = sorted(times);
  const auto n = static_cast<double>(ascending.size());
  double largest = 0.0;
  std::size_t below = 0;  // times smaller than the one at hand, which may occur several times
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    if (i + 1 < ascending.size() && ascending[i + 1] == ascending[i]) continue;
    const double f = distribution.cdf(ascending[i]);
    largest = std::max(largest, std::fabs(static_cast<double>(i + 1) / n - f));
    largest = std::max(largest, std::fabs(f - static_cast<double>(below) / n));
    below = i + 1;
  }
  return largest;
}

std::vector<Fit> fit_families(std::span<const Seconds> times) {
  const std::vector<Seconds> ascending = sorted(times);
  SIM_ASSERT(ascending.size() >= 2 && ascending.front() > Seconds(0.0), "a fit needs at least two times above zero");
  std::vector<Fit> fits;
  for (const NameAndHelp& family : ComputeTime::registry().names()) {
    Fit fit{Registered<ComputeTime>(family.name)};
    fit.parameters = fit.distribution->fit(ascending);
    if (fit.parameters == 0) continue;
    for (Seconds t : ascending) fit.log_likelihood += fit.distribution->log_density(t);
    fit.aic = 2.0 * fit.parameters - 2.0 * fit.log_likelihood;
    fit.ks_distance = ks_distance(*fit.distribution, ascending);
    fits.push_back(std::move(fit));
  }
  std::stable_sort(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) { return a.aic < b.aic; });
  return fits;
}

std::vector<double> worker_factors(const MeasuredJob& job) {
  const Seconds middle = median_of(all_times(job));
  std::vector<double> factors;
  for (const auto& worker : job.workers) factors.push_back(median_of(worker) / middle);
  return factors;
}

StragglerConfig stragglers_of(const MeasuredJob& job) {
  StragglerConfig config;
  config.factors = worker_factors(job);
  std::vector<Seconds> rest;
  for (std::size_t i = 0; i < job.workers.size(); ++i) {
    for (Seconds t : job.workers[i]) rest.push_back(t / config.factors[i]);
  }
  std::vector<Fit> fits;
  if (rest.size() >= 2) fits = fit_families(rest);
  config.distribution = fits.empty() ? empirical_of(rest) : std::move(fits.front().distribution);
  return config;
}

}  // namespace orrery::straggler
