// The seam to hardware. A Backend runs one operator or collective many times and returns its samples;
// everything else (sweeps, stopping rules, statistics, fits, profiles) is plain code above it, tested through
// FakeBackend.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calibrate/composition.hpp"
#include "costmodel/collective.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/op.hpp"
#include "sim/base/error.hpp"
#include "sim/base/units.hpp"

namespace orrery::calibrate {

/// Key-value facts that tell one machine and software stack from another (CPU model, cores, library versions,
/// the kernel set they chose, OPENBLAS_* and OMP_* settings). Ordered, so that its hash is stable.
using Fingerprint = std::map<std::string, std::string>;

/// A case does not fit on the device: skipped and recorded, never the end of a sweep.
class DoesNotFit : public BackendError {
 public:
  using BackendError::BackendError;
};

/// What a device says about the calls of one case, beside their times. Zero or empty: not known.
struct Telemetry {
  Seconds host{0.0};      ///< time the host spends to enqueue one call
  Seconds kernel{0.0};    ///< time the kernels of one call run, gaps between them left out
  int kernels = 0;        ///< kernels of one call
  std::string algorithm;  ///< what the library chose: name of the longest kernel, tile, algorithm number
  double clock_mhz = 0.0, power_w = 0.0;
  std::string throttle;  ///< reasons for a reduced clock, "power" or "thermal power"
};

/// A prepared operator: buffers are allocated and filled. One call of `run` executes the kernel once on the
/// next of its rotating buffer sets and returns its time.
class TimedOp {
 public:
  virtual ~TimedOp() = default;
  virtual Seconds run() = 0;
  /// Asked once, behind the last run.
  virtual Telemetry telemetry() { return {}; }
};

/// The numbers of all operands of one call, in the order of `cost::operands(op)`, fp32 whatever their dtype
/// is on the device; int32 operands hold whole numbers (exact below 2^24).
using OperandValues = std::vector<std::vector<float>>;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;
  virtual Fingerprint fingerprint() const = 0;
  /// Ranks that measure together; 1 where there is no communicator.
  virtual int ranks() const = 0;
  virtual int rank() const = 0;

  /// Whether this backend has a kernel for the operator's class and dtype.
  virtual bool supports(const cost::Op& op) const = 0;
  /// Executes `op` once, for checking: `values` are rounded to the operands' types, and what the kernel
  /// writes comes back in them. What it does not write stays as it was given.
  virtual void compute(const cost::Op& op, OperandValues& values) = 0;

  /// Prepares `op` with enough buffer sets that about `conditions.reuse_distance` bytes are touched between
  /// two uses of one set (0: a single set, hot). Data is random, never zeros. Throws DoesNotFit.
  virtual std::unique_ptr<TimedOp> prepare(const cost::Op& op, const cost::Conditions& conditions) = 0;
  /// Prepares a collective over the first `collective.ranks` ranks; `run` returns this rank's time from a
  /// common start (after a barrier) to completion.
  virtual std::unique_ptr<TimedOp> prepare(const cost::CollectiveCase& collective) = 0;
  /// Prepares a composition on one rank; its tensors are allocated once.
  virtual std::unique_ptr<TimedOp> prepare(const Composition& composition) = 0;

  /// What should be known before its times are trusted: others that use the device, a reduced clock.
  virtual std::vector<std::string> warnings() const { return {}; }
  /// True when the device answers no more: whatever is asked next will fail too.
  virtual bool is_lost() const { return false; }

  /// Blocks until all ranks have arrived.
  virtual void barrier() = 0;
  /// The same for long waits: waiting ranks sleep instead of polling, so that they do not disturb the one at
  /// work.
  virtual void patient_barrier() { barrier(); }
  /// Every rank gets the largest value of any rank: keeps stopping decisions equal on all ranks.
  virtual double max_over_ranks(double value) = 0;
};

}  // namespace orrery::calibrate
