// A machine that does not exist: a Backend whose times come from a known profile, with seeded noise, outliers
// and slow drift. Measuring, fitting and reporting are tested end to end against it: the fit must find the
// truth again. It keeps its own clock, so that seconds of measuring cost nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "calibrate/backend.hpp"
#include "costmodel/profile.hpp"
#include "sim/base/rng.hpp"

namespace orrery::calibrate {

/// The parameters of the fake machine: no residuals, no noise table. It has the classes that a sweep of a CPU
/// visits.
cost::Profile fake_truth();
/// A fake GPU, with the classes that a sweep of a GPU visits.
cost::Profile fake_gpu_truth();

struct FakeOptions {
  Seed seed{1};
  int ranks = 2;
  double memory_bytes = 1e18;      ///< a case whose operands need more does not fit
  double noise = 0.02;             ///< standard deviation of log(time) of single calls
  double outlier_share = 0.01;     ///< of the calls
  double outlier_factor = 5.0;     ///< how much longer such a call takes
  double drift = 0.0;              ///< amplitude of the slow swing of log(time)
  double drift_period_s = 20.0;    ///< of the fake clock
  double seconds_per_prepare = 0;  ///< what setting up buffers costs on the fake clock
};

/// One process plays all ranks: `rank()` is 0 and barriers return at once.
class FakeBackend : public Backend {
 public:
  explicit FakeBackend(FakeOptions options = {}, cost::Profile truth = fake_truth());

  std::string name() const override { return "fake"; }
  Fingerprint fingerprint() const override;
  int ranks() const override { return options_.ranks; }
  int rank() const override { return 0; }
  std::unique_ptr<TimedOp> prepare(const cost::Op& op, const cost::Conditions& conditions) override;
  std::unique_ptr<TimedOp> prepare(const cost::CollectiveCase& collective) override;
  /// Lanes take as long as their operators one after the other, and do not disturb each other.
  std::unique_ptr<TimedOp> prepare(const Composition& composition) override;
  bool supports(const cost::Op& op) const override;
  /// A machine that does not exist computes nothing: BackendError.
  void compute(const cost::Op& op, OperandValues& values) override;
  void barrier() override {}
  double max_over_ranks(double value) override { return value; }

  /// Seconds on the fake clock: the sum of all calls so far.
  double now() const { return now_; }
  /// The time that no noise would change.
  Seconds truth(const cost::Op& op, const cost::Conditions& conditions) const;
  Seconds truth(const cost::CollectiveCase& collective) const;

 private:
  class FakeOp;
  std::unique_ptr<TimedOp> make(Seconds median);
  Seconds one_call(Seconds median, RngStream& random);

  FakeOptions options_;
  std::string truth_id_, device_;
  std::set<std::string> classes_;
  std::unique_ptr<cost::CostModel> model_;
  std::uint64_t prepared_ = 0;
  double now_ = 0.0;
};

}  // namespace orrery::calibrate
