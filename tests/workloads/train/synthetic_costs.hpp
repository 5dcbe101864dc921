// Costs with known answers for tests of the training engine: every operator and every transfer takes a stated
// time, with a stated spread, so that step times follow from arithmetic.
#pragma once

#include <cmath>
#include <string>

#include "costmodel/cost_model.hpp"
#include "workloads/model/graph.hpp"
#include "workloads/parallel/buckets.hpp"
#include "workloads/train/node_times.hpp"

namespace orrery::train {

/// Each operator takes `op_time`, each all-reduce `transfer_time`.
class ConstantCosts : public cost::CostModel {
 public:
  Seconds op_time{1e-3}, transfer_time{2e-3};
  double op_error = 0.1, transfer_error = 0.2, machine_drift = 0.03;
  cost::Noise op_noise, transfer_noise;

  cost::Estimate estimate(const cost::Op&, const cost::Conditions&) const override {
    return {op_time, op_error, cost::Source::fitted};
  }
  cost::Estimate estimate(const cost::CollectiveCase&) const override {
    return {transfer_time, transfer_error, cost::Source::extrapolated};
  }
  const cost::Noise& noise(const cost::Op&, Seconds) const override { return op_noise; }
  const cost::Noise& noise(const cost::CollectiveCase&) const override { return transfer_noise; }
  double drift() const override { return machine_drift; }
  std::string description() const override { return "constant times"; }
};

/// Exponentially distributed with mean 1, as a fine quantile table.
inline cost::Noise exponential_noise() {
  cost::Noise noise;
  const int points = 20000;
  for (int i = 0; i < points; ++i) {
    const double p = (i + 0.5) / points;
    noise.probability.push_back(p);
    noise.ratio.push_back(-std::log1p(-p));
  }
  return noise;
}

/// A step by hand: backward nodes that take `compute[i]` seconds, each followed by a gradient bucket whose
/// transfer takes `transfer[i]`; no forward and no update.
struct HandMadeStep {
  model::ModelGraph graph;
  std::vector<parallel::Bucket> buckets;
  StepTimes times;
  cost::Noise no_noise;

  HandMadeStep(const std::vector<double>& compute, const std::vector<double>& transfer) {
    for (std::size_t i = 0; i < compute.size(); ++i) {
      graph.nodes.push_back({"backward", cost::Copy{1}, model::Phase::backward, {}});
      times.nodes.push_back({"copy", {Seconds(compute[i])}, &no_noise});
    }
    for (std::size_t i = 0; i < transfer.size(); ++i) {
      buckets.push_back({static_cast<std::int64_t>(i), 1, i});
      times.buckets.push_back({"all_reduce", {Seconds(transfer[i])}, &no_noise});
    }
  }
  HandMadeStep(const HandMadeStep&) = delete;
};

}  // namespace orrery::train
