// One score per sample, w x + b, and a loss of it: what linear and logistic regression share. A mini-batch is a loop
// over its samples, each read where it lies.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "workloads/learn/problem.hpp"

namespace orrery::learn {

/// Whose data a problem learns that can make its own.
enum class DataSource : std::uint8_t { own, given };
constexpr auto names_of(DataSource) {
  return std::array<std::string_view, 2>{"own", "given"};
}

/// Loss of one sample and its derivative by the score.
struct SampleLoss {
  double loss = 0.0;
  double slope = 0.0;
};

/// Features where they lie, with the number that each sample is compared with.
struct Targets {
  const Eigen::MatrixXf* features = nullptr;
  Vector values;
};

/// Parameters: the weights, then the intercept; the start is 0. The penalty is l2 / 2 |w|^2 without the intercept.
class LinearModel : public Objective {
 public:
  /// `owned`: data that live as long as the objective; null when they are the caller's.
  LinearModel(Targets train, Targets test, double l2, std::unique_ptr<const Dataset> owned);

  std::int64_t parameters() const override { return train_.features->rows() + 1; }
  std::int64_t samples() const override { return train_.features->cols(); }
  void initial(RngStream draws, Vector& out) const override;
  double gradient(const Vector& at, std::int64_t batch, RngStream& draws, Vector& out) override;
  double train_loss(const Vector& at, std::int64_t limit) override;
  std::optional<Score> test(const Vector& at, std::int64_t limit) override;

 protected:
  virtual SampleLoss loss(double score, double target) const = 0;
  /// Whether the score means the right class; nothing for regression.
  virtual std::optional<bool> is_right(double score, double target) const = 0;

  const Targets& train() const { return train_; }
  double l2() const { return l2_; }

 private:
  Score score(const Vector& at, const Targets& data, std::int64_t limit) const;
  double penalty(const Vector& at) const;

  std::unique_ptr<const Dataset> owned_;
  Targets train_, test_;
  double l2_;
};

}  // namespace orrery::learn
