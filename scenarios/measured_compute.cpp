#include "scenarios/measured_compute.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "workloads/straggler/fit.hpp"

namespace orrery::scenario {
namespace {

using straggler::MeasuredJob;

MeasuredJob chosen(std::vector<MeasuredJob> jobs, const MeasuredTimes& source, const std::string& place) {
  std::vector<std::string> names;
  for (const MeasuredJob& job : jobs) names.push_back(job.name);
  if (!source.job && jobs.size() == 1) return std::move(jobs.front());
  if (!source.job) {
    throw ScenarioError(place, fmt::format("{} holds {} jobs; choose one with measured.job, such as \"{}\"", source.file,
                                           jobs.size(), names.front()));
  }
  const auto found = std::find(names.begin(), names.end(), *source.job);
  if (found == names.end()) {
    throw ScenarioError(place + ".job", fmt::format("{} holds no job \"{}\"{}", source.file, *source.job,
                                                    spelling_hint(*source.job, names)));
  }
  return std::move(jobs[static_cast<std::size_t>(found - names.begin())]);
}

void pool(MeasuredJob& job) {
  std::vector<Seconds> all;
  for (const auto& worker : job.workers) all.insert(all.end(), worker.begin(), worker.end());
  job.workers = {std::move(all)};
}

/// All times, each over its worker's factor.
std::vector<Seconds> without(const std::vector<double>& factors, const MeasuredJob& job) {
  std::vector<Seconds> rest;
  for (std::size_t i = 0; i < job.workers.size(); ++i) {
    for (const Seconds t : job.workers[i]) rest.push_back(t / factors[i]);
  }
  return rest;
}

}  // namespace

MeasuredCompute measured_compute(const MeasuredTimes& source, const std::string& csv, int learners,
                                 const std::string& place) {
  MeasuredJob job = chosen(straggler::parse_measured_times(csv, source.file, source.column), source, place);
  for (auto& worker : job.workers) {
    for (Seconds& t : worker) t = source.unit * t.value();
  }
  if (!source.workers) pool(job);
  if (job.workers.size() > static_cast<std::size_t>(learners)) {
    throw ScenarioError(place, fmt::format("{} workers for {} learners; set learners={}, or measured.workers=false to take all "
                                           "workers as alike", job.workers.size(), learners, job.workers.size()));
  }
  const std::vector<double> factors = straggler::worker_factors(job);
  const std::vector<Seconds> rest = without(factors, job);
  MeasuredCompute result;
  result.compute = source.model == MeasuredModel::fitted ? straggler::stragglers_of(job)
                                                         : straggler::StragglerConfig{straggler::empirical_of(rest), factors, {}};
  const std::string family = result.compute.distribution.name();
  result.description =
      fmt::format("{} {} {} times of {}{}{}", family, family == "empirical" ? "of" : "fitted to", rest.size(), source.file,
                  source.job ? ", job " + *source.job : "",
                  job.workers.size() > 1 ? fmt::format(", {} workers", job.workers.size()) : "");
  result.description +=
      fmt::format(" (Kolmogorov-Smirnov distance {:.2g})", straggler::ks_distance(*result.compute.distribution, rest));
  return result;
}

}  // namespace orrery::scenario
