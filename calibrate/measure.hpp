// Measuring one case on a Backend: warm-up, calls until the median is known well enough, and the whole
// distribution. With several ranks the same function runs on every rank in the same order; cases for one busy
// rank run on rank 0 while the others wait in a barrier, cases for all ranks run on all of them at once.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "calibrate/backend.hpp"
#include "calibrate/measurements.hpp"

namespace orrery::calibrate {

/// Seconds since some fixed moment; a FakeBackend has its own.
using Clock = std::function<double()>;
Clock steady_clock();

/// When a visit has enough samples: the 95 % interval of the median is within +- `relative_confidence` of it,
/// not before `min_time_s` and `min_samples`, and in any case at `max_time_s` (after `min_samples`) or
/// `max_samples`.
struct StoppingRule {
  double relative_confidence = 0.01;
  double min_time_s = 2e-3;
  double max_time_s = 50e-3;
  int min_samples = 5;
  int max_samples = 4000;

  bool is_finished(std::span<const double> samples, double elapsed_s) const;
};

/// Order statistics of the samples; outliers are counted, not removed. REQUIRES: at least one sample.
Distribution summarise(std::span<const double> samples);

/// Visits one case. Every rank of the backend calls this with the same arguments (the clock may differ); the
/// result is complete on rank 0. A case that the backend does not know, that does not fit or that fails comes
/// back skipped, with the reason; a failure in the middle of what several ranks do together is thrown,
/// because the others wait there. `start_s`, `round`, `is_anchor` and the names of backend and device are
/// left to the caller.
Measurement measure(Backend& backend, const Case& subject, const cost::Conditions& conditions,
                    const StoppingRule& rule, const Clock& clock);

}  // namespace orrery::calibrate
