// The distribution of measured times: its quantile function runs linearly through the ordered measurements, from the
// smallest at p = 0 to the largest at p = 1. Nothing is assumed about the shape, and nothing beyond the longest
// measured time ever happens: a parametric family (fit.hpp) has a tail.
#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/base/stats.hpp"
#include "workloads/straggler/compute_time.hpp"
#include "workloads/straggler/special_functions.hpp"

namespace orrery::straggler {
namespace {

struct EmpiricalConfig {
  std::vector<Seconds> values;
};
template <class V>
void fields(V& v, EmpiricalConfig& c) {
  v("values", c.values, "measured times of mini-batches, in any order", more_than(0).required());
}

class Empirical final : public Configured<ComputeTime, Empirical, EmpiricalConfig> {
 public:
  void visit(FieldVisitor& v) override {
    Configured::visit(v);
    sort();
  }
  std::optional<std::string> refusal() const override {
    if (sorted_.empty()) return "values is empty, but a distribution of measured times needs at least one";
    return std::nullopt;
  }

  Seconds sample(RngStream& draws) const override { return quantile(draws.open_uniform()); }
  double cdf(Seconds t) const override {
    const double x = t.value();
    const auto above = std::upper_bound(sorted_.begin(), sorted_.end(), x);
    if (above == sorted_.begin()) return 0.0;
    if (above == sorted_.end()) return 1.0;
    const double below = *(above - 1);
    return (static_cast<double>(above - sorted_.begin() - 1) + (x - below) / (*above - below)) / pieces();
  }
  Seconds quantile(double p) const override { return Seconds(quantile_sorted(sorted_, p)); }
  Seconds mean() const override {
    double sum = sorted_.size() == 1 ? sorted_[0] : 0.0;
    for (std::size_t i = 1; i < sorted_.size(); ++i) sum += 0.5 * (sorted_[i - 1] + sorted_[i]);
    return Seconds(sum / pieces());
  }
  /// Over a piece from a to b, the mean square deviation from m is ((a-m)^2 + (a-m)(b-m) + (b-m)^2) / 3.
  std::optional<double> cv2() const override {
    const double m = mean().value();
    double sum = 0.0;
    for (std::size_t i = 1; i < sorted_.size(); ++i) {
      const double a = sorted_[i - 1] - m;
      const double b = sorted_[i] - m;
      sum += (a * a + a * b + b * b) / 3.0;
    }
    return sum / pieces() / (m * m);
  }
  /// By parts: Q(1) - int_0^1 Q'(u) F(u) du, F the distribution function of the k-th smallest of n uniforms, whose
  /// integral is u I_u(k, n-k+1) - k/(n+1) I_u(k+1, n-k+1). Q' is constant on each piece.
  Seconds order_statistic_mean(int k, int n) const override {
    double reduction = 0.0;
    double integral = 0.0;
    for (std::size_t i = 1; i < sorted_.size(); ++i) {
      const double u = static_cast<double>(i) / pieces();
      const double next = u * beta_cdf(k, n - k + 1, u) - k / (n + 1.0) * beta_cdf(k + 1, n - k + 1, u);
      reduction += (sorted_[i] - sorted_[i - 1]) * pieces() * (next - integral);
      integral = next;
    }
    return Seconds(sorted_.back() - reduction);
  }

 private:
  double pieces() const { return static_cast<double>(std::max<std::size_t>(2, sorted_.size()) - 1); }
  void sort() {
    sorted_.clear();
    for (Seconds t : config().values) sorted_.push_back(t.value());
    std::sort(sorted_.begin(), sorted_.end());
  }

  std::vector<double> sorted_;  // config().values in seconds, ascending
};

const bool registered = ComputeTime::registry().add<Empirical>("empirical", "measured times");

}  // namespace
}  // namespace orrery::straggler
