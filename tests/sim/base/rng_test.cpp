// Random streams: their first values are pinned bit for bit, their moments and tails hold by confidence
// interval.
#include "sim/base/rng.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace {

using orrery::Empirical;
using orrery::RngStream;
using orrery::Seed;

struct Golden {
  const char* name;
  std::function<double(RngStream&)> draw;
  std::array<double, 3> first;
};

std::vector<double> draw(int count, RngStream random, const std::function<double(RngStream&)>& one) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(one(random));
  return values;
}

/// The mean of f over the draws has this expectation: inside the 99.9 % interval.
void require_mean(const std::vector<double>& values, double expected,
                  const std::function<double(double)>& f) {
  std::vector<double> images;
  for (double x : values) images.push_back(f(x));
  const orrery::Interval interval = orrery::mean_interval(images, 0.999);
  INFO("mean " << interval.centre << " +- " << interval.half_width << ", expected " << expected);
  REQUIRE(interval.contains(expected));
}

}  // namespace

TEST_CASE("the first values of every distribution are pinned, bit for bit") {
  RngStream words = orrery::stream(Seed{42}, "golden", 7);
  REQUIRE(words.next() == 0x3E4A299382655CD0ULL);
  REQUIRE(words.next() == 0xBA787EF9712B87CULL);
  REQUIRE(words.next() == 0x7F641D7E1CFA6E71ULL);

  const Golden golden = GENERATE(from_range(std::vector<Golden>{
      {"uniform",
       [](RngStream& r) { return r.uniform(); },
       {0x1.f2514c9c132acp-3, 0x1.74f0fdf2e257p-5, 0x1.fd9075f873e9ap-2}},
      {"uniform(a, b)",
       [](RngStream& r) { return r.uniform(-2.0, 3.0); },
       {-0x1.911a603ce80a8p-1, -0x1.c5ba58520ca26p+0, 0x1.f3d24dda439p-2}},
      {"exponential",
       [](RngStream& r) { return r.exponential(2.0); },
       {0x1.69d35d39977fap+1, 0x1.8b747a3e81743p+2, 0x1.655536dcd60b3p+0}},
      {"shifted exponential",
       [](RngStream& r) { return r.shifted_exponential(1.0, 2.0); },
       {0x1.e9d35d39977fap+1, 0x1.cb747a3e81743p+2, 0x1.32aa9b6e6b05ap+1}},
      {"normal",
       [](RngStream& r) { return r.normal(); },
       {-0x1.642e48f282a9ap-1, -0x1.b09c3da82569cp+0, -0x1.86bf5f54eabe6p-8}},
      {"lognormal",
       [](RngStream& r) { return r.lognormal(0.5, 1.5); },
       {0x1.29533a64e6495p-1, 0x1.0bae2067806c3p-3, 0x1.a2508e0feed8cp+0}},
      {"lognormal by mean",
       [](RngStream& r) { return r.lognormal_mean_cv2(1.0, 4.0); },
       {0x1.7aee43ff374a6p-3, 0x1.ad61b6860148ep-5, 0x1.c67ef103ac8d8p-2}},
      {"gamma",
       [](RngStream& r) { return r.gamma(2.5, 3.0); },
       {0x1.f17ad4dbba1c2p+1, 0x1.9e5135649c19ep+2, 0x1.13cf4d06ce17cp+3}},
      {"gamma below one",
       [](RngStream& r) { return r.gamma(0.4, 1.0); },
       {0x1.7f921905a7cb9p-9, 0x1.7c5b5b54bc439p-4, 0x1.651b951e20f73p-4}},
      {"Pareto",
       [](RngStream& r) { return r.pareto(1.0, 2.5); },
       {0x1.c293d48c401edp+0, 0x1.b8769a4895b17p+1, 0x1.52705f9c718d5p+0}},
      {"Zipf", [](RngStream& r) { return static_cast<double>(r.zipf(1000, 1.1)); }, {91, 610, 12}},
      {"below", [](RngStream& r) { return static_cast<double>(r.below(1000)); }, {880, 844, 593}},
  }));
  RngStream random = orrery::stream(Seed{42}, "golden", 7);
  for (double expected : golden.first) {
    INFO(golden.name);
    REQUIRE(golden.draw(random) == expected);
  }
}

TEST_CASE("any draw can be made again by its counter, and a copy replays") {
  RngStream random = orrery::stream(Seed{1}, "replay");
  std::vector<std::uint64_t> words;
  for (int i = 0; i < 10; ++i) words.push_back(random.next());
  REQUIRE(random.position() == 10);
  for (std::uint64_t i = 0; i < 10; ++i) REQUIRE(random.at(i) == words[i]);
  random.seek(4);
  RngStream copy = random;
  REQUIRE(random.next() == words[4]);
  REQUIRE(copy.next() == words[4]);
}

TEST_CASE("seed, name and index each give another stream, uncorrelated with the first") {
  const int n = 20'000;
  const auto uniform = [](RngStream& r) { return r.uniform(); };
  const std::vector<double> base = draw(n, orrery::stream(Seed{1}, "a", 0), uniform);
  const auto other = GENERATE(0, 1, 2, 3);
  const RngStream streams[] = {orrery::stream(Seed{2}, "a", 0), orrery::stream(Seed{1}, "b", 0),
                               orrery::stream(Seed{1}, "a", 1), orrery::stream(Seed{1}, "", 0)};
  const std::vector<double> second = draw(n, streams[other], uniform);
  // independent uniforms: E[(U - 1/2)(V - 1/2)] = 0; the same for neighbours within one stream
  std::vector<double> products;
  std::vector<double> lagged;
  for (std::size_t i = 0; i + 1 < base.size(); ++i) {
    products.push_back((base[i] - 0.5) * (second[i] - 0.5));
    lagged.push_back((second[i] - 0.5) * (second[i + 1] - 0.5));
  }
  REQUIRE(orrery::mean_interval(products, 0.999).contains(0.0));
  REQUIRE(orrery::mean_interval(lagged, 0.999).contains(0.0));
}

TEST_CASE("the bytes of a stream are equally frequent at every position of the word") {
  RngStream random = orrery::stream(Seed{3}, "bytes");
  const int words = 16'384;
  std::vector<std::array<int, 256>> counts(8);
  for (int i = 0; i < words; ++i) {
    const std::uint64_t word = random.next();
    for (std::size_t b = 0; b < 8; ++b) ++counts[b][(word >> (8 * b)) & 255];
  }
  for (const auto& count : counts) {
    // chi-square with 255 degrees of freedom: mean 255, standard deviation sqrt(510) = 22.6; +- 4 of them
    double chi_square = 0.0;
    for (int c : count) chi_square += (c - words / 256.0) * (c - words / 256.0) / (words / 256.0);
    REQUIRE(chi_square > 255 - 4 * 22.6);
    REQUIRE(chi_square < 255 + 4 * 22.6);
  }
}

TEST_CASE("means, variances and tails are those of the distributions") {
  struct Case {
    const char* name;
    std::function<double(RngStream&)> draw;
    double mean;
    double variance;
    double quantile;     // P(X <= quantile) =
    double probability;  // this
  };
  const Case c = GENERATE(from_range(std::vector<Case>{
      {"uniform", [](RngStream& r) { return r.uniform(2.0, 5.0); }, 3.5, 0.75, 2.3, 0.1},
      {"exponential", [](RngStream& r) { return r.exponential(2.0); }, 2.0, 4.0, 2.0 * std::log(10.0), 0.9},
      {"shifted exponential", [](RngStream& r) { return r.shifted_exponential(1.0, 0.5); }, 1.5, 0.25, 1.0,
       0.0},
      {"normal", [](RngStream& r) { return r.normal(3.0, 2.0); }, 3.0, 4.0, 3.0 + 2.0 * 1.2815515655446004,
       0.9},
      // mean e^(mu + s^2/2), variance (e^(s^2) - 1) mean^2, median e^mu
      {"lognormal", [](RngStream& r) { return r.lognormal(1.0, 0.5); }, std::exp(1.125),
       (std::exp(0.25) - 1.0) * std::exp(2.25), std::exp(1.0), 0.5},
      {"lognormal by mean", [](RngStream& r) { return r.lognormal_mean_cv2(3.0, 0.5); }, 3.0, 4.5,
       3.0 / std::sqrt(1.5), 0.5},
      // gamma(1/2, 2) is the square of a standard normal: P(X <= 1) = P(|Z| <= 1)
      {"gamma", [](RngStream& r) { return r.gamma(0.5, 2.0); }, 1.0, 2.0, 1.0, 0.6826894921370859},
      // gamma(2, 1): P(X <= x) = 1 - (1 + x) e^-x
      {"gamma of two", [](RngStream& r) { return r.gamma(2.0, 1.0); }, 2.0, 2.0, 3.0,
       1.0 - 4.0 * std::exp(-3.0)},
      // shape 5: variance a / ((a-1)^2 (a-2)) = 5 / 48
      {"Pareto", [](RngStream& r) { return r.pareto(1.0, 5.0); }, 1.25, 5.0 / 48.0, std::pow(0.1, -0.2), 0.9},
      {"Bernoulli", [](RngStream& r) { return r.bernoulli(0.3) ? 1.0 : 0.0; }, 0.3, 0.21, 0.5, 0.7},
      {"below", [](RngStream& r) { return static_cast<double>(r.below(6)); }, 2.5, 35.0 / 12.0, 1.0,
       1.0 / 3.0},
  }));
  INFO(c.name);
  const std::vector<double> values = draw(40'000, orrery::stream(Seed{7}, c.name), c.draw);
  require_mean(values, c.mean, [](double x) { return x; });
  require_mean(values, c.variance, [&](double x) { return (x - c.mean) * (x - c.mean); });
  if (c.probability > 0.0) {
    require_mean(values, c.probability, [&](double x) { return x <= c.quantile ? 1.0 : 0.0; });
  } else {
    for (double x : values) REQUIRE(x > c.quantile);
  }
}

TEST_CASE("Zipf's ranks are as frequent as k^-s, also at s = 1, below it, and at s = 0") {
  const double s = GENERATE(0.0, 0.7, 1.0, 1.3, 3.0);
  const std::uint64_t n = 50;
  double norm = 0.0;
  for (std::uint64_t k = 1; k <= n; ++k) norm += std::pow(static_cast<double>(k), -s);
  const std::vector<double> values = draw(40'000, orrery::stream(Seed{9}, "zipf"),
                                          [&](RngStream& r) { return static_cast<double>(r.zipf(n, s)); });
  for (double k : {1.0, 2.0, 10.0}) {
    require_mean(values, std::pow(k, -s) / norm, [&](double x) { return x == k ? 1.0 : 0.0; });
  }
  for (double x : values) REQUIRE((x >= 1.0 && x <= 50.0));
}

TEST_CASE("an empirical distribution interpolates its samples or quantiles") {
  const std::vector<double> samples = {4.0, 1.0, 3.0, 2.0, 10.0};
  const Empirical from_samples = Empirical::from_samples(samples);
  REQUIRE(from_samples.quantile(0.0) == 1.0);
  REQUIRE(from_samples.quantile(0.5) == 3.0);
  REQUIRE(from_samples.quantile(0.875) == 7.0);
  REQUIRE(from_samples.quantile(1.0) == 10.0);

  const std::vector<double> p = {0.1, 0.5, 0.9};
  const std::vector<double> q = {1.0, 2.0, 6.0};
  const Empirical from_quantiles = Empirical::from_quantiles(p, q);
  REQUIRE(from_quantiles.quantile(0.05) == 1.0);
  REQUIRE(from_quantiles.quantile(0.7) == Approx(4.0));
  // held ends: 0.1 * 1 + 0.1 * 6; linear parts: 0.4 * 1.5 + 0.4 * 4
  REQUIRE(from_quantiles.mean() == Approx(0.7 + 0.6 + 1.6));
  const std::vector<double> values = draw(40'000, orrery::stream(Seed{1}, "empirical"),
                                          [&](RngStream& r) { return r.empirical(from_quantiles); });
  require_mean(values, from_quantiles.mean(), [](double x) { return x; });
  REQUIRE(Empirical::from_samples(std::vector<double>{5.0}).quantile(0.3) == 5.0);
  REQUIRE_THROWS_AS(Empirical::from_samples({}), orrery::InternalError);
}

TEST_CASE("the portable logarithm and exponential agree with the C library to the last bits") {
  RngStream random = orrery::stream(Seed{1}, "portable");
  for (int i = 0; i < 20'000; ++i) {
    const double u = random.open_uniform();
    REQUIRE(orrery::portable_log(u) == Approx(std::log(u)).epsilon(4e-16).margin(0));
    const double x = random.uniform(-700.0, 700.0);
    REQUIRE(orrery::portable_exp(x) == Approx(std::exp(x)).epsilon(4e-16).margin(0));
  }
  REQUIRE(orrery::portable_log(1.0) == 0.0);
  REQUIRE(orrery::portable_exp(0.0) == 1.0);
  REQUIRE(orrery::portable_exp(-1000.0) == 0.0);
  REQUIRE(std::isinf(orrery::portable_exp(1000.0)));
}

TEST_CASE("the normal quantile inverts the normal distribution in the centre and far out") {
  for (double p : {1e-300, 1e-40, 1e-12, 1e-6, 0.01, 0.07, 0.3, 0.5, 0.8, 0.99, 1 - 1e-9}) {
    const double x = orrery::normal_quantile(p);
    REQUIRE(0.5 * std::erfc(-x / std::sqrt(2.0)) == Approx(p).epsilon(1e-11).margin(0));
  }
}
