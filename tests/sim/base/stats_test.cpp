// Statistics against hand-computed values, published tables, and the coverage that an interval promises.
#include "sim/base/stats.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/rng.hpp"

using namespace orrery;

TEST_CASE("running moments are those of the textbook, also far from zero") {
  // 4, 7, 13, 16: mean 10, squared deviations 36 + 9 + 9 + 36 = 90, variance 90 / 3
  const double offset = GENERATE(0.0, 1e9);
  RunningStats stats;
  for (double x : {4.0, 7.0, 13.0, 16.0}) stats.add(offset + x);
  REQUIRE(stats.count() == 4);
  REQUIRE(stats.mean() == offset + 10.0);
  REQUIRE(stats.variance() == Approx(30.0));
  REQUIRE(stats.deviation() == Approx(std::sqrt(30.0)));
  REQUIRE(stats.min() == offset + 4.0);
  REQUIRE(stats.max() == offset + 16.0);
}

TEST_CASE("merging two halves gives the moments of the whole") {
  RunningStats whole;
  RunningStats left;
  RunningStats right;
  RngStream random = stream(Seed{1}, "merge");
  for (int i = 0; i < 1000; ++i) {
    const double x = random.exponential(3.0);
    whole.add(x);
    (i < 300 ? left : right).add(x);
  }
  RunningStats merged;
  merged.merge(left);
  merged.merge(right);
  merged.merge(RunningStats());
  REQUIRE(merged.count() == whole.count());
  REQUIRE(merged.mean() == Approx(whole.mean()).epsilon(1e-12));
  REQUIRE(merged.variance() == Approx(whole.variance()).epsilon(1e-12));
  REQUIRE(merged.max() == whole.max());
}

TEST_CASE("quantiles are linear between order statistics") {
  const std::vector<double> samples = {10.0, 1.0, 3.0, 2.0};
  REQUIRE(quantile(samples, 0.0) == 1.0);
  REQUIRE(median(samples) == 2.5);
  REQUIRE(quantile(samples, 1.0) == 10.0);
  REQUIRE(quantile(samples, 0.9) == Approx(3.0 + 0.7 * 7.0));  // position 2.7
  REQUIRE(median(std::vector<double>{5.0}) == 5.0);
  REQUIRE(median_absolute_deviation(samples) == 1.0);  // |x - 2.5|: 7.5 1.5 0.5 0.5
  REQUIRE_THROWS_AS(median(std::vector<double>{}), InternalError);
}

TEST_CASE("Student's t quantiles are those of the tables") {
  // two-sided 95 % and 99 % points
  REQUIRE(student_t_quantile(0.975, 1) == Approx(12.7062047362).epsilon(1e-9));  // tan(0.475 pi)
  REQUIRE(student_t_quantile(0.975, 10) == Approx(2.2281388520).epsilon(1e-9));
  REQUIRE(student_t_quantile(0.995, 29) == Approx(2.7563859037).epsilon(1e-9));
  REQUIRE(student_t_quantile(0.025, 10) == Approx(-2.2281388520).epsilon(1e-9));
  REQUIRE(student_t_quantile(0.5, 3) == 0.0);
  // two degrees of freedom have a closed form: t = (2p - 1) / sqrt(2 p (1 - p))
  REQUIRE(student_t_quantile(0.9, 2) == Approx(0.8 / std::sqrt(0.18)).epsilon(1e-9));
  // many degrees of freedom: the normal quantile
  REQUIRE(student_t_quantile(0.975, 1e7) == Approx(1.9599639845).epsilon(1e-6));
}

TEST_CASE("an interval of the mean is mean +- t s / sqrt(n)") {
  const std::vector<double> samples = {4.0, 7.0, 13.0, 16.0};
  const Interval interval = mean_interval(samples, 0.95);
  REQUIRE(interval.centre == 10.0);
  REQUIRE(interval.half_width == Approx(3.1824463053 * std::sqrt(30.0) / 2.0).epsilon(1e-9));
  REQUIRE(interval.relative() == Approx(interval.half_width / 10.0));
  REQUIRE(interval.contains(interval.low()));
  REQUIRE_FALSE(interval.contains(interval.high() + 1e-9));
}

TEST_CASE("intervals cover the truth as often as they promise") {
  // 400 intervals at 90 %: the number that cover is binomial, 360 +- 4 * 6
  RngStream random = stream(Seed{2}, "coverage");
  int mean_covers = 0;
  int batch_covers = 0;
  int median_covers = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> normal;
    std::vector<double>
        correlated;  // first-order autoregressive with mean 0: plain intervals would be too narrow
    std::vector<double> skewed;
    double state = 0.0;
    for (int i = 0; i < 400; ++i) {
      if (i < 15) normal.push_back(random.normal(5.0, 2.0));
      state = 0.5 * state + random.normal();
      correlated.push_back(state);
      if (i < 60) skewed.push_back(random.exponential(1.0));
    }
    mean_covers += mean_interval(normal, 0.9).contains(5.0);
    batch_covers += batch_means_interval(correlated, 10, 0.9).contains(0.0);
    median_covers += median_interval(skewed, 0.9).contains(std::log(2.0));
  }
  REQUIRE(std::abs(mean_covers - 360) <= 24);
  REQUIRE(std::abs(batch_covers - 360) <= 24);
  REQUIRE(median_covers >= 360 - 24);  // ranks are whole numbers, so it may cover more
}

TEST_CASE("batch means drop the rest that does not fill a batch") {
  const std::vector<double> series = {1.0, 3.0, 5.0, 7.0, 100.0};
  const Interval interval = batch_means_interval(series, 2, 0.95);
  REQUIRE(interval.centre == 4.0);  // batches 2 and 6
}
