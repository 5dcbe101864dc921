// What every registered distribution of compute times promises: draws, distribution function, quantiles, moments and
// order statistics belong together.
#include "workloads/straggler/compute_time.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "sim/base/stats.hpp"
#include "tests/workloads/straggler/distributions.hpp"

namespace orrery::straggler {
namespace {

bool is_constant(const ComputeTime& time) {
  return time.cv2() == 0.0;
}

std::vector<double> draws(const ComputeTime& time, int count, std::uint64_t seed = 11) {
  RngStream random = stream(Seed{seed}, "draws");
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(time.sample(random).value());
  return values;
}

constexpr double kProbabilities[] = {1e-9, 1e-3, 0.05, 0.3, 0.5, 0.77, 0.99, 0.9999};

}  // namespace

TEST_CASE("drawn compute times are positive and their mean is the stated one") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    REQUIRE_FALSE(time->refusal());
    const std::vector<double> values = draws(*time, 40000);
    CHECK(*std::min_element(values.begin(), values.end()) > 0.0);
    const Interval interval = mean_interval(values, 0.999);
    INFO(interval.centre << " +- " << interval.half_width << ", expected " << time->mean().value());
    if (is_constant(*time)) {
      CHECK(interval.centre == time->mean().value());
    } else {
      CHECK(interval.contains(time->mean().value()));
    }
  }
}

// Kolmogorov's test: sup |F_n - F| sqrt(n) exceeds 1.95 with probability 0.001.
TEST_CASE("drawn compute times follow the stated distribution function") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    std::vector<double> values = draws(*time, 20000);
    std::sort(values.begin(), values.end());
    double distance = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i + 1 < values.size() && values[i + 1] == values[i]) continue;
      const double share = static_cast<double>(i + 1) / static_cast<double>(values.size());
      distance = std::max(distance, std::fabs(share - time->cdf(Seconds(values[i]))));
    }
    CHECK(distance * std::sqrt(20000.0) < 1.95);
  }
}

TEST_CASE("the quantile function grows and inverts the distribution function") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    Seconds last{0.0};
    for (double p : kProbabilities) {
      const Seconds t = time->quantile(p);
      INFO("p = " << p << ", t = " << t.value());
      CHECK(t >= last);
      last = t;
      const double rest = 1.0 - p;  // and 1 - rest is exact where it is small
      CHECK(time->upper_quantile(rest).value() == Approx(time->quantile(1.0 - rest).value()).epsilon(1e-9));
      if (is_constant(*time)) {
        CHECK(time->cdf(t) == 1.0);
        CHECK(time->cdf(t * 0.999999) == 0.0);
      } else {
        CHECK(time->cdf(t) == Approx(p).epsilon(1e-10).margin(1e-14));
      }
    }
    CHECK(time->cdf(Seconds(0.0)) == 0.0);
  }
}

// E[X] = int Q(u) du and E[X^2] = int Q(u)^2 du, by the midpoint rule over the logit of u.
TEST_CASE("mean and squared coefficient of variation belong to the quantile function") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    if (example.kind == "empirical") return;  // it has kinks; its moments are checked below
    double first = 0.0;
    double second = 0.0;
    const double step = 1.0 / 64;
    for (double x = -300.0; x < 300.0; x += step) {
      const double rest = 1.0 / (1.0 + std::exp(x));
      const double u = 1.0 / (1.0 + std::exp(-x));
      const double q = (x < 0 ? time->quantile(u) : time->upper_quantile(rest)).value();
      first += q * u * rest * step;
      second += q * q * u * rest * step;
    }
    CHECK(time->mean().value() == Approx(first).epsilon(1e-10));
    REQUIRE(time->cv2());
    CHECK(*time->cv2() == Approx(second / (first * first) - 1.0).epsilon(1e-9).margin(1e-12));
  }
}

TEST_CASE("the mean of an order statistic is the average of many simulated ones") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    if (is_constant(*time)) {
      CHECK(time->order_statistic_mean(3, 8) == time->mean());
      return;
    }
    const int n = 8;
    const std::vector<double> values = draws(*time, n * 5000, 23);
    std::vector<std::vector<double>> ordered(n);
    for (std::size_t begin = 0; begin < values.size(); begin += n) {
      std::vector<double> group(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                values.begin() + static_cast<std::ptrdiff_t>(begin + n));
      std::sort(group.begin(), group.end());
      for (std::size_t k = 0; k < n; ++k) ordered[k].push_back(group[k]);
    }
    for (int k = 1; k <= n; ++k) {
      const Interval interval = mean_interval(ordered[static_cast<std::size_t>(k - 1)], 0.9999);
      INFO("k = " << k << ": " << interval.centre << " +- " << interval.half_width);
      CHECK(interval.contains(time->order_statistic_mean(k, n).value()));
    }
  }
}

// Sorting does not change a sum: E[X_{1:n}] + ... + E[X_{n:n}] = n E[X].
TEST_CASE("the means of all order statistics add up to the mean of the sum") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    for (int n : {1, 2, 5, 32}) {
      double sum = 0.0;
      Seconds last{0.0};
      for (int k = 1; k <= n; ++k) {
        const Seconds mean = time->order_statistic_mean(k, n);
        CHECK(mean >= last);
        last = mean;
        sum += mean.value();
      }
      CHECK(sum == Approx(n * time->mean().value()).epsilon(1e-10));
    }
  }
}

// (n-k) E[X_{k:n}] + k E[X_{k+1:n}] = n E[X_{k:n-1}] for any distribution (David and Nagaraja, Order Statistics, 2003).
TEST_CASE("order statistics of n and of n-1 times obey the triangle rule") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    for (int n : {2, 8, 512}) {
      for (int k : {1, (n + 1) / 2, n - 1}) {
        const double left =
            (n - k) * time->order_statistic_mean(k, n).value() + k * time->order_statistic_mean(k + 1, n).value();
        CHECK(left == Approx(n * time->order_statistic_mean(k, n - 1).value()).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("the distribution of a sum is that of one time for n = 1 and that of simulated sums beyond") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    const auto time = example.times();
    for (double p : kProbabilities) {
      const Seconds t = time->quantile(p);
      if (const auto one = time->sum_cdf(1, t)) CHECK(*one == Approx(time->cdf(t)).epsilon(1e-10));
    }
    const int n = 5;
    const Seconds t = time->mean() * n * 1.1;
    const auto expected = time->sum_cdf(n, t);
    if (!expected) return;
    const std::vector<double> values = draws(*time, n * 5000, 31);
    std::vector<double> within;
    for (std::size_t begin = 0; begin < values.size(); begin += n) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += values[begin + i];
      within.push_back(sum <= t.value() ? 1.0 : 0.0);
    }
    INFO("expected " << *expected);
    const Interval interval = mean_interval(within, 0.9999);
    CHECK((interval.contains(*expected) || (interval.half_width == 0.0 && *expected > 0.999)));
  }
}

TEST_CASE("a distribution that is written as JSON and read again gives the same times") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    StragglerConfig config;
    config.distribution = example.times();
    StragglerConfig again;
    read_json(parse_json(write_json(config).dump(), "written"), again);
    CHECK(again.distribution.name() == example.kind);
    CHECK(draws(*again.distribution, 100) == draws(*config.distribution, 100));
  }
}

TEST_CASE("equal streams give equal times") {
  const Example example = GENERATE(from_range(examples()));
  DYNAMIC_SECTION(example.kind << " " << example.fields) {
    CHECK(draws(*example.times(), 100) == draws(*example.times(), 100));
  }
}

}  // namespace orrery::straggler
