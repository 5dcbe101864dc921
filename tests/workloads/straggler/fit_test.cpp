// From measured times to distributions: maximum likelihood finds the truth again, Akaike's criterion finds the family,
// and a table of measurements is read strictly.
#include "workloads/straggler/fit.hpp"

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"
#include "tests/workloads/straggler/distributions.hpp"

namespace orrery::straggler {
namespace {

std::vector<Seconds> draws(const ComputeTime& time, int count, std::uint64_t seed = 3) {
  RngStream random = stream(Seed{seed}, "measured");
  std::vector<Seconds> times;
  for (int i = 0; i < count; ++i) times.push_back(time.sample(random));
  return times;
}

const Fit& of_family(const std::vector<Fit>& fits, const std::string& family) {
  return *std::find_if(fits.begin(), fits.end(), [&](const Fit& f) { return f.distribution.name() == family; });
}

double log_likelihood(const ComputeTime& time, const std::vector<Seconds>& times) {
  double sum = 0.0;
  for (Seconds t : times) sum += time.log_density(t);
  return sum;
}

/// Parametric families with parameters that no other family can imitate.
std::vector<Example> truths() {
  return {{"exponential", R"("mean": "20 ms")"},
          {"shifted_exponential", R"("shift": "100 ms", "mean_excess": "30 ms")"},
          {"pareto", R"("minimum": "0.3 s", "shape": 2.5)"},
          {"lognormal", R"("mean": "2 s", "cv2": 0.5)"},
          {"gamma", R"("mean": "2 s", "shape": 5)"}};
}

/// The iterations from one share of the job to another.
MeasuredJob iterations(const MeasuredJob& job, double from, double to) {
  MeasuredJob part{job.name, {}};
  for (const auto& worker : job.workers) {
    const auto n = static_cast<double>(worker.size());
    part.workers.emplace_back(worker.begin() + static_cast<std::ptrdiff_t>(from * n),
                              worker.begin() + static_cast<std::ptrdiff_t>(to * n));
  }
  return part;
}

/// Mean over the iterations of the slowest worker's time.
double mean_slowest(const MeasuredJob& job) {
  std::size_t common = job.workers.front().size();
  for (const auto& worker : job.workers) common = std::min(common, worker.size());
  RunningStats slowest;
  for (std::size_t n = 0; n < common; ++n) {
    Seconds longest{0.0};
    for (const auto& worker : job.workers) longest = std::max(longest, worker[n]);
    slowest.add(longest.value());
  }
  return slowest.mean();
}

double simulated_slowest(const StragglerConfig& config) {
  const int learners = static_cast<int>(config.factors.size());
  ComputeTimes times(config, learners, Seed{1});
  RunningStats slowest;
  for (int n = 0; n < 10000; ++n) {
    Seconds longest{0.0};
    for (int i = 0; i < learners; ++i) longest = std::max(longest, times.draw(i, Seconds(0.0)));
    slowest.add(longest.value());
  }
  return slowest.mean();
}

std::string read_gz(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::string text;
  char buffer[65536];
  for (int n = gzread(file, buffer, sizeof buffer); n > 0; n = gzread(file, buffer, sizeof buffer))
    text.append(buffer, static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

}  // namespace

TEST_CASE("a fit recovers the family and the quantiles of the truth") {
  const Example truth = GENERATE(from_range(truths()));
  DYNAMIC_SECTION(truth.kind) {
    const auto time = truth.times();
    const std::vector<Seconds> times = draws(*time, 20000);
    const std::vector<Fit> fits = fit_families(times);
    REQUIRE(fits.size() == 5);
    // Exponential times are gamma times as well: the likelihood may differ by chance, and the criterion by 2.
    const Fit& fit = of_family(fits, truth.kind);
    CHECK(fit.aic - fits.front().aic <= 2.0);
    for (double p : {0.01, 0.25, 0.5, 0.75, 0.99}) {
      INFO("p = " << p);
      CHECK(fit.distribution->quantile(p) / time->quantile(p) == Approx(1.0).epsilon(0.03));
    }
    CHECK(fit.ks_distance * std::sqrt(20000.0) < 1.95);  // exceeded with probability 0.001 by the truth itself
    CHECK(std::is_sorted(fits.begin(), fits.end(), [](const Fit& a, const Fit& b) { return a.aic < b.aic; }));
  }
}

TEST_CASE("no other parameters of the family are more likely than the fitted ones") {
  const Example truth = GENERATE(from_range(truths()));
  DYNAMIC_SECTION(truth.kind) {
    const std::vector<Seconds> times = draws(*truth.times(), 500);
    const std::vector<Fit> fits = fit_families(times);
    const Fit& fit = of_family(fits, truth.kind);
    CHECK(fit.log_likelihood == Approx(log_likelihood(*fit.distribution, times)));
    CHECK(log_likelihood(*truth.times(), times) < fit.log_likelihood);
    StragglerConfig config;
    config.distribution = fit.distribution;
    const Json fitted = write_json(config).at("distribution");
    for (const auto& [key, value] : fitted.items()) {
      if (key == "kind") continue;
      for (double factor : {0.97, 1.03}) {
        Json other = fitted;
        const std::string text = value.is_string() ? value.get<std::string>() : "";
        const std::size_t unit = text.find(' ');
        if (text.empty()) {
          other[key] = value.get<double>() * factor;
        } else {
          other[key] = Json(std::stod(text) * factor).dump() + text.substr(unit);
        }
        read_json(parse_json(Json{{"distribution", other}}.dump(), "test"), config);
        INFO(fitted.dump() << " against " << other.dump());
        CHECK(log_likelihood(*config.distribution, times) < fit.log_likelihood);
      }
    }
  }
}

TEST_CASE("the density is the slope of the distribution function") {
  const Example truth = GENERATE(from_range(truths()));
  DYNAMIC_SECTION(truth.kind) {
    const auto time = truth.times();
    for (double p : {0.1, 0.5, 0.9}) {
      const Seconds t = time->quantile(p);
      const Seconds h = t * 1e-5;
      const double slope = (time->cdf(t + h) - time->cdf(t - h)) / (2.0 * h.value());
      CHECK(std::exp(time->log_density(t)) == Approx(slope).epsilon(1e-7));
    }
  }
}

TEST_CASE("equal times are only described by themselves") {
  const std::vector<Seconds> times(10, Seconds(2.0));
  const std::vector<Fit> fits = fit_families(times);
  REQUIRE(fits.size() == 1);  // an exponential distribution of mean 2 s can produce them, if hardly
  CHECK(fits.front().distribution.name() == "exponential");
  CHECK(fits.front().ks_distance > 0.6);
  CHECK(ks_distance(*empirical_of(times), times) == 1.0);  // a step at 2 s: just before it, 0 against 1
}

TEST_CASE("measured times are their own empirical distribution") {
  const std::vector<Seconds> times = draws(*distribution("gamma"), 1001);
  const auto empirical = empirical_of(times);
  CHECK(empirical.name() == "empirical");
  std::vector<double> values;
  for (Seconds t : times) values.push_back(t.value());
  std::sort(values.begin(), values.end());
  CHECK(empirical->quantile(0.5).value() == values[500]);
  CHECK(empirical->quantile(0.25).value() == values[250]);
  CHECK(ks_distance(*empirical, times) <= 1.0 / 1001 + 1e-12);
}

// |F - steps| of the times 1 s and 3 s against F(t) = 1 - e^-t: F(1) = 0.6321 against 0 just before 1 s and 1/2 at 1 s,
// F(3) = 0.9502 against 1/2 and 1.
TEST_CASE("the Kolmogorov-Smirnov distance looks before and after each step") {
  const std::vector<Seconds> times{Seconds(3.0), Seconds(1.0)};
  CHECK(ks_distance(*distribution("exponential"), times) == Approx(1.0 - std::exp(-1.0)));
}

TEST_CASE("a job's workers become factors and the distribution of what is left") {
  StragglerConfig truth;
  truth.distribution = distribution("lognormal", R"("mean": "1 s", "cv2": 0.04)");
  truth.factors = {1.0, 1.0, 3.0};
  ComputeTimes times(truth, 3, Seed{9});
  MeasuredJob job{"three", std::vector<std::vector<Seconds>>(3)};
  for (int n = 0; n < 4000; ++n) {
    for (int i = 0; i < 3; ++i) job.workers[static_cast<std::size_t>(i)].push_back(times.draw(i, Seconds(0.0)));
  }
  const StragglerConfig found = stragglers_of(job);
  REQUIRE(found.factors.size() == 3);
  CHECK(found.factors[1] / found.factors[0] == Approx(1.0).epsilon(0.02));
  CHECK(found.factors[2] / found.factors[0] == Approx(3.0).epsilon(0.02));
  CHECK(found.distribution.name() == "lognormal");
  CHECK(found.distribution->mean() * found.factors[0] / Seconds(1.0) == Approx(1.0).epsilon(0.02));
  CHECK(*found.distribution->cv2() == Approx(0.04).epsilon(0.05));
}

TEST_CASE("a table of measured times is read by job and worker") {
  const std::string csv = "job,worker,seconds,note\r\na,0,1.5,x\nb,0,2,\na,1,2.5,y\n\na,0,3e-1,\n";
  const std::vector<MeasuredJob> jobs = parse_measured_times(csv, "t.csv", "seconds");
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].name == "a");
  REQUIRE(jobs[0].workers.size() == 2);
  CHECK(jobs[0].workers[0] == std::vector<Seconds>{Seconds(1.5), Seconds(0.3)});
  CHECK(jobs[0].workers[1] == std::vector<Seconds>{Seconds(2.5)});
  CHECK(jobs[1].workers[0] == std::vector<Seconds>{Seconds(2.0)});
  const std::vector<MeasuredJob> bare = parse_measured_times("seconds\n1\n2\n", "t.csv", "seconds");
  REQUIRE(bare.size() == 1);
  CHECK(bare[0].workers[0].size() == 2);
}

TEST_CASE("a wrong table of measured times is refused with the line") {
  using Catch::Contains;
  const auto read = [](const std::string& csv) { return parse_measured_times(csv, "t.csv", "seconds"); };
  CHECK_THROWS_WITH(read("worker,second\n0,1\n"),
                    Contains("t.csv:1: ") && Contains("\"seconds\"") && Contains("\"second\""));
  CHECK_THROWS_WITH(read("worker,seconds\n0,1\n1,-2\n"), Contains("t.csv:3: ") && Contains("\"-2\""));
  CHECK_THROWS_WITH(read("worker,seconds\n0,1 s\n"), Contains("t.csv:2: ") && Contains("\"1 s\""));
  CHECK_THROWS_WITH(read("worker,seconds\n0\n"), Contains("t.csv:2: ") && Contains("1 cells"));
  CHECK_THROWS_AS(read("worker,seconds\n"), ScenarioError);
  CHECK_THROWS_AS(read(""), ScenarioError);
}

// Not part of this repository: mini-batch times of two training jobs of ten workers in a production cluster (Weng et
// al., "MLaaS in the Wild", NSDI 2022), where ORRERY_DATA names a folder with them. Normalised per job to 1000 at the
// longest.
TEST_CASE("half of a production job's iterations predict the slowest worker's mean time in the other half") {
  const char* data = std::getenv("ORRERY_DATA");
  if (data == nullptr) {
    std::cout << "skipped: no measured mini-batch times (the environment variable ORRERY_DATA names no folder)\n";
    return;
  }
  const std::string file = "traces/alibaba_pai_minibatch_times.csv.gz";
  const auto jobs = parse_measured_times(read_gz(std::string(data) + "/" + file), file, "batch_time_norm");
  REQUIRE(jobs.size() == 2);
  for (const MeasuredJob& job : jobs) {
    INFO("job " << job.name);
    REQUIRE(job.workers.size() == 10);
    std::vector<Seconds> pooled;
    for (const auto& worker : job.workers) pooled.insert(pooled.end(), worker.begin(), worker.end());
    const std::vector<Fit> fits = fit_families(pooled);
    CHECK(of_family(fits, "exponential").ks_distance > 0.5);
    CHECK(fits.front().ks_distance < 0.2);

    // Fitted on the first half of the iterations, scored on the second.
    const StragglerConfig model = stragglers_of(iterations(job, 0.0, 0.5));
    const double measured = mean_slowest(iterations(job, 0.5, 1.0));
    const double predicted = simulated_slowest(model);
    std::cout << "job " << job.name << ": best family " << fits.front().distribution.name() << ", KS distance "
              << fits.front().ks_distance << "; slowest worker " << measured << ", predicted " << predicted << "\n";
    CHECK(predicted == Approx(measured).epsilon(0.02));
  }
}

}  // namespace orrery::straggler
