// The cost model of a profile: white-box formula times interpolated residual, with the error that both have
// earned.
#include <algorithm>
#include <array>
#include <cmath>

#include "costmodel/footprint.hpp"
#include "costmodel/profile.hpp"
#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"

namespace orrery::cost {
namespace {

/// Error of an operator class that was never measured: the formula of a relative stands in for it.
constexpr double kUnmeasuredError = 0.7;

class FittedModel : public CostModel {
 public:
  explicit FittedModel(Profile profile) : profile_(std::move(profile)) {
    for (const OperatorClass& c : profile_.operators) {
      Entry& entry = operators_[class_index(parse_op(c.name, ""))];
      entry.fitted = &c;
      entry.noise = noise_of(c.name);
    }
    for (const CollectiveClass& c : profile_.collectives) {
      CollectiveEntry& entry = collectives_[static_cast<std::size_t>(collective_kind(c.name))];
      entry.fitted = &c;
      entry.noise = noise_of(c.name);
    }
    any_noise_ = noise_of("any");
  }

  Estimate estimate(const Op& op, const Conditions& conditions) const override {
    const Footprint size = footprint(op);
    const Entry& entry = operators_[class_index(op)];
    if (entry.fitted == nullptr) return unmeasured(op, size, conditions);
    const double white_box = seconds(entry.fitted->model, op, size, conditions, profile_.memory);
    return corrected(white_box, entry.fitted->residual.at(features(op, size, conditions)));
  }

  Estimate estimate(const CollectiveCase& collective) const override {
    if (collective.ranks <= 1) return {Seconds(0.0), 0.0, Source::fitted};
    const CollectiveEntry& entry = collectives_[static_cast<std::size_t>(collective.kind)];
    if (entry.fitted == nullptr) {
      throw ScenarioError("", "the profile (" + description() + ") has no measurement of " +
                                  name(collective.kind) + "; calibrate with at least 2 ranks");
    }
    Features size;
    size.add(portable_log(std::max(collective.bytes.value(), 1.0)));
    Residual::Answer answer = entry.fitted->residual.at(size);
    if (collective.ranks != entry.fitted->ranks) {
      // The formula's scaling with the ranks is a textbook one that this machine has not confirmed.
      const double ratio = portable_log(static_cast<double>(collective.ranks) / entry.fitted->ranks);
      answer.inside = false;
      answer.error = std::hypot(answer.error, 0.3 * std::abs(ratio));
    }
    return corrected(entry.fitted->model.seconds(collective), answer);
  }

  const Noise& noise(const Op& op, Seconds time) const override {
    return pick(operators_[class_index(op)].noise, time);
  }
  const Noise& noise(const CollectiveCase& collective) const override {
    const CollectiveEntry& entry = collectives_[static_cast<std::size_t>(collective.kind)];
    return entry.fitted == nullptr ? none_ : pick(entry.noise, estimate(collective).time);
  }

  double drift() const override { return profile_.drift; }
  std::string description() const override {
    return profile_.device + ", " + profile_.algorithm + ", " + profile_.date + ", fingerprint " +
           profile_.fingerprint_id;
  }

 private:
  struct TimedNoise {
    double from, to;
    Noise noise;
  };
  struct Entry {
    const OperatorClass* fitted = nullptr;
    std::vector<TimedNoise> noise;
  };
  struct CollectiveEntry {
    const CollectiveClass* fitted = nullptr;
    std::vector<TimedNoise> noise;
  };

  std::vector<TimedNoise> noise_of(const std::string& group) const {
    std::vector<TimedNoise> result;
    for (const NoiseEntry& entry : profile_.noise) {
      if (entry.group != group) continue;
      result.push_back({entry.from.value(), entry.to.value(), {profile_.noise_probability, entry.ratio}});
    }
    return result;
  }

  /// The class's own distribution for this duration, else that of all classes, else the nearest in duration.
  const Noise& pick(const std::vector<TimedNoise>& own, Seconds time) const {
    for (const auto* list : {&own, &any_noise_}) {
      for (const TimedNoise& entry : *list) {
        if (time.value() >= entry.from && time.value() < entry.to) return entry.noise;
      }
    }
    const std::vector<TimedNoise>& list = own.empty() ? any_noise_ : own;
    if (list.empty()) return none_;
    return time.value() < list.front().from ? list.front().noise : list.back().noise;
  }

  static Estimate corrected(double white_box, const Residual::Answer& answer) {
    return {Seconds(white_box * portable_exp(answer.log_correction)), answer.error,
            answer.inside ? Source::fitted : Source::extrapolated};
  }

  /// An operator class without measurements borrows the formula of a measured one: the same operator in
  /// another dtype if there is one, else one of the same family.
  Estimate unmeasured(const Op& op, const Footprint& size, const Conditions& conditions) const {
    const std::size_t family = default_model(op).index();
    const OperatorClass* relative = nullptr;
    for (const OperatorClass& c : profile_.operators) {
      if (c.model.index() != family) continue;
      if (relative == nullptr) relative = &c;
      if (base_name(parse_op(c.name, "")) == base_name(op)) {
        relative = &c;
        break;
      }
    }
    if (relative == nullptr) {
      throw ScenarioError("", "the profile (" + description() + ") has no measurement of " + class_name(op) +
                                  " nor of anything like it");
    }
    return {Seconds(seconds(relative->model, op, size, conditions, profile_.memory)), kUnmeasuredError,
            Source::roofline};
  }

  Profile profile_;
  std::array<Entry, kClassIndexEnd> operators_;
  std::array<CollectiveEntry, kCollectiveKinds> collectives_;
  std::vector<TimedNoise> any_noise_;
  Noise none_;
};

}  // namespace

std::unique_ptr<CostModel> make_cost_model(Profile profile) {
  return std::make_unique<FittedModel>(std::move(profile));
}

}  // namespace orrery::cost
