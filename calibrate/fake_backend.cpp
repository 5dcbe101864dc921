#include "calibrate/fake_backend.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "calibrate/sweep.hpp"
#include "costmodel/footprint.hpp"
#include "sim/base/unit_text.hpp"

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

cost::OperatorModel truth_of(const std::string& name, const cost::Op& op) {
  if (std::holds_alternative<cost::Gemm>(op)) {
    return gemm_truth(name == "gemm_nn" ? 1.6e11 : 1.5e11, name == "gemm_nt" ? 0.5e-9 : 0.3e-9);
  }
  return rowwise_truth(name);
}

/// Round numbers of the order of one large GPU of the 2020s.
cost::OperatorModel gpu_truth_of(const cost::Op& op) {
  const double speed = cost::dtype(op) == cost::DType::fp32   ? 5e13
                       : cost::dtype(op) == cost::DType::tf32 ? 4e14
                       : cost::dtype(op) == cost::DType::fp8  ? 1.4e15
                                                              : 7e14;
  if (std::holds_alternative<cost::Gemm>(op)) {
    cost::GemmModel gemm;
    gemm.overhead = Seconds(4e-6);
    gemm.batch_overhead = Seconds(2e-8);
    gemm.peak = FlopsPerSec(speed);
    gemm.tile_m = 128.0;
    gemm.tile_n = 128.0;
    gemm.tile_waste = 0.8;
    gemm.fill = 60.0;
    gemm.pack_a = gemm.pack_b = Seconds(1e-15);
    return gemm;
  }
  if (std::holds_alternative<cost::Attention>(op)) {
    cost::AttentionModel attention;
    attention.overhead = Seconds(6e-6);
    attention.peak = FlopsPerSec(0.6 * speed);
    attention.tile_time = Seconds(2e-9);
    attention.diagonal = 64.0;
    return attention;
  }
  cost::RowwiseModel model;
  model.overhead = Seconds(2.5e-6);
  model.row_overhead = Seconds(2e-11);
  model.element_time = Seconds(2e-13);
  model.tail_time = Seconds(1e-12);
  model.overlap = 3.0;
  if (std::holds_alternative<cost::Launch>(op)) model.row_overhead = Seconds(2e-6);
  const auto* copy = std::get_if<cost::Copy>(&op);
  if (copy != nullptr && copy->kind != cost::CopyKind::device) model.element_time = Seconds(8e-11);
  return model;
}

void add_class(cost::Profile& profile, const std::string& name, const cost::OperatorModel& model) {
  cost::OperatorClass c;
  c.name = name;
  c.model = model;
  c.residual = no_residual(cost::feature_names(cost::parse_op(name, "")).size());
  profile.operators.push_back(c);
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
  std::vector<std::string> names = sweep_classes(SweepTarget::cpu);
  names.emplace_back("gemm_tt");  // no sweep visits it
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    add_class(profile, name, truth_of(name, cost::parse_op(name, "")));
  }
  for (const std::string& name : cost::measured_collective_names())
    profile.collectives.push_back(collective_truth(name));
  return profile;
}

cost::Profile fake_gpu_truth() {
  cost::Profile profile;
  profile.device = "fake GPU";
  profile.backend = "fake";
  profile.algorithm = "known truth";
  profile.date = "2026-01-01";
  profile.note = "A GPU that does not exist.";
  cost::MemoryLevels& memory = profile.memory;
  memory.l1_bandwidth = BytesPerSec(2e13);
  memory.l2_bandwidth = BytesPerSec(8e12);
  memory.l3_bandwidth = BytesPerSec(5.5e12);
  memory.memory_bandwidth = BytesPerSec(2.9e12);
  memory.l1_capacity = Bytes(5e5);
  memory.l2_capacity = Bytes(1.5e7);
  memory.l3_capacity = Bytes(4.5e7);
  memory.neighbour_traffic = BytesPerSec(1e3);
  for (const std::string& name : sweep_classes(SweepTarget::gpu)) {
    add_class(profile, name, gpu_truth_of(cost::parse_op(name, "")));
  }
  return profile;
}

namespace {

std::set<std::string> class_set(const cost::Profile& profile) {
  std::set<std::string> names;
  for (const cost::OperatorClass& c : profile.operators) names.insert(c.name);
  return names;
}

}  // namespace

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
      device_(truth.device),
      classes_(class_set(truth)),
      model_(cost::make_cost_model(std::move(truth))) {}

Fingerprint FakeBackend::fingerprint() const {
  return {{"algorithm", "known truth"}, {"device", device_}, {"truth", truth_id_}};
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

bool FakeBackend::supports(const cost::Op& op) const {
  return classes_.count(cost::class_name(op)) > 0;
}

void FakeBackend::compute(const cost::Op& op, OperandValues&) {
  throw BackendError("the fake machine computes nothing: " + cost::class_name(op) +
                     " cannot be checked on it");
}

std::unique_ptr<TimedOp> FakeBackend::prepare(const Composition& composition) {
  Seconds longest(0.0);
  for (int lane = 0; lane < composition.lanes(); ++lane) {
    Seconds time(0.0);
    for (const CompositionStep& step : composition.steps) {
      if (step.lane == lane) time += truth(step.op, {});
    }
    longest = std::max(longest, time);
  }
  return make(longest);
}

std::unique_ptr<TimedOp> FakeBackend::prepare(const cost::Op& op, const cost::Conditions& conditions) {
  double bytes = 0.0;
  for (const cost::Operand& operand : cost::operands(op)) bytes += operand.bytes().value();
  if (bytes > options_.memory_bytes) throw DoesNotFit("the operands need " + human(Bytes(bytes)));
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
