#include "calibrate/fake_backend.hpp"

#include <cmath>
#include <numbers>

#include "costmodel/footprint.hpp"

namespace orrery::calibrate {
namespace {

cost::Residual no_residual(std::size_t dimensions) {
  cost::Residual residual;
  residual.length.assign(dimensions, 1.0);
  residual.low.assign(dimensions, -100.0);
  residual.high.assign(dimensions, 100.0);
  return residual;
}

cost::GemmModel gemm_truth(double peak, double pack_b) {
  cost::GemmModel gemm;
  gemm.overhead = Seconds(0.9e-6);
  gemm.batch_overhead = Seconds(0.25e-6);
  gemm.peak = FlopsPerSec(peak);
  gemm.tile_m = 8.0;
  gemm.tile_n = 48.0;
  gemm.tile_waste = 0.4;
  gemm.fill = 10.0;
  gemm.pack_a = Seconds(0.3e-9);
  gemm.pack_b = Seconds(pack_b);
  gemm.overlap = 3.0;
  gemm.busy_slowdown = 0.06;
  return gemm;
}

/// Classes differ in arithmetic per element; these are round numbers of the right order for one AVX core.
cost::RowwiseModel rowwise_truth(const std::string& name) {
  cost::RowwiseModel model;
  model.overhead = Seconds(60e-9);
  model.row_overhead = Seconds(4e-9);
  model.tail_time = Seconds(0.5e-9);
  model.busy_slowdown = 0.06;
  model.overlap = 3.0;
  const bool is_transcendental =
      name.find("gelu") == 0 || name.find("softmax") == 0 || name == "cross_entropy";
  model.element_time = Seconds(is_transcendental ? 0.9e-9 : 0.12e-9);
  if (name == "adam") model.element_time = Seconds(0.5e-9);
  if (name.find("layer_norm") == 0) model.element_time = Seconds(0.3e-9);
  if (name == "transpose") model.row_overhead = Seconds(1e-9);
  return model;
}

cost::CollectiveClass collective_truth(const std::string& name) {
  cost::CollectiveClass c;
  c.name = name;
  c.residual = no_residual(1);
  const double beta = name == "point_to_point" ? 1.0e-10 : 1.6e-10;
  c.model.regimes = {{Bytes(0.0), Seconds(0.8e-6), SecondsPerByte(3.0 * beta)},
                     {Bytes(4096.0), Seconds(4e-6), SecondsPerByte(1.5 * beta)},
                     {Bytes(1048576.0), Seconds(40e-6), SecondsPerByte(beta)}};
  c.model.gamma = SecondsPerByte(0.5e-10);
  if (name == "barrier") c.model.regimes.resize(1);
  return c;
}

}  // namespace

cost::Profile fake_truth() {
  cost::Profile profile;
  profile.device = "fake machine";
  profile.backend = "fake";
  profile.algorithm = "known truth";
  profile.date = "2026-01-01";
  profile.note = "A machine that does not exist.";
  profile.memory.l3_sharing = 1.0;
  profile.memory.neighbour_traffic = BytesPerSec(1e3);  // none worth mentioning
  for (const std::string& name : cost::class_names()) {
    const cost::Op op = cost::parse_op(name, "");
    cost::OperatorClass c;
    c.name = name;
    if (std::holds_alternative<cost::Gemm>(op)) {
      c.model = gemm_truth(name == "gemm_nn" ? 1.6e11 : 1.5e11, name == "gemm_nt" ? 0.5e-9 : 0.3e-9);
    } else {
      c.model = rowwise_truth(name);
    }
    c.residual = no_residual(cost::feature_names(op).size());
    profile.operators.push_back(c);
  }
  for (const std::string& name : cost::collective_names())
    profile.collectives.push_back(collective_truth(name));
  return profile;
}

class FakeBackend::FakeOp : public TimedOp {
 public:
  FakeOp(FakeBackend& backend, Seconds median, RngStream random)
      : backend_(backend), median_(median), random_(random) {}
  Seconds run() override { return backend_.one_call(median_, random_); }

 private:
  FakeBackend& backend_;
  Seconds median_;
  RngStream random_;
};

FakeBackend::FakeBackend(FakeOptions options, cost::Profile truth)
    : options_(options),
      truth_id_(cost::fingerprint_id({{"profile", cost::write_profile(truth)}})),
      model_(cost::make_cost_model(std::move(truth))) {}

Fingerprint FakeBackend::fingerprint() const {
  return {{"algorithm", "known truth"}, {"device", "fake machine"}, {"truth", truth_id_}};
}

// The reuse time is that of the rotation through buffer sets, which takes as long as the calls do: the fixed
// point is near after a few steps, because a call depends on it weakly.
Seconds FakeBackend::truth(const cost::Op& op, const cost::Conditions& conditions) const {
  cost::Conditions rotating = conditions;
  Seconds time = model_->estimate(op, conditions).time;
  for (int step = 0; step < 4; ++step) {
    rotating.reuse_time = cost::rotation_time(cost::footprint(op), conditions.reuse_distance, time);
    time = model_->estimate(op, rotating).time;
  }
  return time;
}

Seconds FakeBackend::truth(const cost::CollectiveCase& collective) const {
  return model_->estimate(collective).time;
}

std::unique_ptr<TimedOp> FakeBackend::prepare(const cost::Op& op, const cost::Conditions& conditions) {
  return make(truth(op, conditions));
}

std::unique_ptr<TimedOp> FakeBackend::prepare(const cost::CollectiveCase& collective) {
  return make(truth(collective));
}

std::unique_ptr<TimedOp> FakeBackend::make(Seconds median) {
  now_ += options_.seconds_per_prepare;
  return std::make_unique<FakeOp>(*this, median, stream(options_.seed, "fake calls", prepared_++));
}

Seconds FakeBackend::one_call(Seconds median, RngStream& random) {
  const double swing = options_.drift * std::sin(2.0 * std::numbers::pi * now_ / options_.drift_period_s);
  double time = median.value() * std::exp(swing + random.normal(0.0, options_.noise));
  if (random.bernoulli(options_.outlier_share)) time *= options_.outlier_factor;
  now_ += time;
  return Seconds(time);
}

}  // namespace orrery::calibrate
