// What is learned: a loss over flat parameters whose gradients are really computed, by name. Each problem is one file
// in workloads/learn/problems with its configuration, registered there. One implementation (Eigen, one thread) serves
// the simulated learners and the learners of the reference parameter server. `orrery list problems` prints them.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <optional>

#include "sim/base/registered.hpp"
#include "sim/base/rng.hpp"
#include "workloads/learn/dataset.hpp"

namespace orrery::learn {

using Vector = Eigen::VectorXf;

/// Loss and, for classification, the share of samples whose class got the largest score.
struct Score {
  double loss = 0.0;
  std::optional<double> accuracy;
};

/// A problem bound to its data, with the scratch memory of one learner: not shared between threads, no allocation after
/// the first call of a batch size.
class Objective {
 public:
  virtual ~Objective() = default;

  virtual std::int64_t parameters() const = 0;
  /// Samples of the training set; 0 where gradients are drawn without any (a quadratic with noise).
  virtual std::int64_t samples() const = 0;
  /// Fills `parameters()` numbers: where training starts.
  virtual void initial(RngStream draws, Vector& out) const = 0;
  /// Mean gradient of a mini-batch of `batch` samples drawn with replacement from `draws` (regularisation included), at
  /// the parameters `at`; returns the mini-batch's loss there. Draws the same number of words whatever `at` is.
  virtual double gradient(const Vector& at, std::int64_t batch, RngStream& draws, Vector& out) = 0;
  /// Loss over the first `limit` samples (0: all), as minimised (regularisation included).
  virtual double train_loss(const Vector& at, std::int64_t limit) = 0;
  /// Of the first `limit` test samples; nothing where there are none.
  virtual std::optional<Score> test(const Vector& at, std::int64_t limit) = 0;
  /// Largest step size at which plain gradient descent is stable (2 / L) where it is known exactly, as on a quadratic.
  virtual std::optional<double> stable_step() const { return std::nullopt; }
};

class Problem {
 public:
  virtual ~Problem() = default;
  virtual std::unique_ptr<Problem> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;

  /// False where the problem makes its own (quadratic): `bind` then takes no data.
  virtual bool needs_data() const = 0;
  /// Why it cannot learn from that data ("needs classes"); nothing when it can.
  virtual std::optional<std::string> refusal(const Dataset& data) const = 0;
  /// `data` outlives the objective; null when none is needed. REQUIRES: no refusal.
  virtual std::unique_ptr<Objective> bind(const Dataset* data) const = 0;

  static Registry<Problem>& registry();
};

}  // namespace orrery::learn
