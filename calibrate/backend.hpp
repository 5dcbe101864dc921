// The seam to hardware. A Backend runs one operator or collective many times and returns its samples;
// everything else (sweeps, stopping rules, statistics, fits, profiles) is plain code above it, tested through
// FakeBackend.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "costmodel/collective.hpp"
#include "costmodel/cost_model.hpp"
#include "costmodel/op.hpp"
#include "sim/base/units.hpp"

namespace orrery::calibrate {

/// Key-value facts that tell one machine and software stack from another (CPU model, cores, library versions,
/// the kernel set they chose, OPENBLAS_* and OMP_* settings). Ordered, so that its hash is stable.
using Fingerprint = std::map<std::string, std::string>;

/// A prepared operator: buffers are allocated and filled. One call of `run` executes the kernel once on the
/// next of its rotating buffer sets and returns its wall time.
class TimedOp {
 public:
  virtual ~TimedOp() = default;
  virtual Seconds run() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;
  virtual Fingerprint fingerprint() const = 0;
  /// Ranks that measure together; 1 where there is no communicator.
  virtual int ranks() const = 0;
  virtual int rank() const = 0;

  /// Prepares `op` with enough buffer sets that about `conditions.reuse_distance` bytes are touched between
  /// two uses of one set (0: a single set, hot). Data is random, never zeros.
  virtual std::unique_ptr<TimedOp> prepare(const cost::Op& op, const cost::Conditions& conditions) = 0;
  /// Prepares a collective over the first `collective.ranks` ranks; `run` returns this rank's time from a
  /// common start (after a barrier) to completion.
  virtual std::unique_ptr<TimedOp> prepare(const cost::CollectiveCase& collective) = 0;

  /// Blocks until all ranks have arrived.
  virtual void barrier() = 0;
  /// The same for long waits: waiting ranks sleep instead of polling, so that they do not disturb the one at
  /// work.
  virtual void patient_barrier() { barrier(); }
  /// Every rank gets the largest value of any rank: keeps stopping decisions equal on all ranks.
  virtual double max_over_ranks(double value) = 0;
};

}  // namespace orrery::calibrate
