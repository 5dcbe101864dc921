#include "costmodel/fabric_profile.hpp"

#include <algorithm>
#include <cmath>

#include "costmodel/sealed_json.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cost {
namespace {

const SealedFormat kFormat{"orrery-fabric", 1, "fabric profile", "fit the tables again"};

/// Spread of log(truth / estimate) of the datasheet path, from leaving one system out (docs/collective-costs.md).
constexpr double kDatasheetError = 0.35;
/// The same of a fitted stack for a kind that was not among its tables.
constexpr double kOtherKindError = 0.25;

CollectiveEstimate plain(const FabricTime& time, double error, Source source) {
  return {{Seconds(time.seconds), error, source}, time.algorithm, time.protocol};
}

}  // namespace

Features collective_features(const FabricCase& c) {
  Features f;
  f.add(std::log(std::max(1.0, c.bytes.value())));
  f.add(std::log(static_cast<double>(c.ranks)));
  f.add(std::log(static_cast<double>(c.nodes)));
  return f;
}

FabricProfile parse_fabric_profile(const std::string& text, const std::string& place) {
  FabricProfile profile;
  JsonDocument document = open_sealed_json(text, place, kFormat);
  read_json(document, profile);
  if (profile.stacks.empty()) throw ScenarioError(place, "fabric profile: it holds no software stack");
  for (const StackEntry& stack : profile.stacks) {
    for (const KindResidual& kind : stack.kinds) {
      collective_kind(kind.kind);
      const Residual& r = kind.residual;
      if (r.length.size() != kCollectiveFeatures || r.points.size() != r.count() * kCollectiveFeatures ||
          r.held_out.size() != r.count() || r.low.size() != kCollectiveFeatures ||
          r.high.size() != kCollectiveFeatures) {
        throw ScenarioError(place, "fabric profile: the residual of " + kind.kind + " in stack \"" + stack.name +
                                       "\" does not have " + std::to_string(kCollectiveFeatures) +
                                       " features for each of its points");
      }
    }
  }
  return profile;
}

std::string write_fabric_profile(const FabricProfile& profile) {
  return write_sealed_json(write_json(profile), kFormat);
}

const StackEntry& find_stack(const FabricProfile& profile, const std::string& name) {
  SIM_ASSERT(!profile.stacks.empty(), "a fabric profile has a stack");
  const StackEntry* most = &profile.stacks.front();
  std::vector<std::string> names;
  for (const StackEntry& stack : profile.stacks) {
    if (!name.empty() && stack.name == name) return stack;
    if (stack.rows > most->rows) most = &stack;
    names.push_back(stack.name);
  }
  if (name.empty()) return *most;
  throw ScenarioError("", "unknown software stack \"" + name + "\"" + spelling_hint(name, names));
}

CollectiveEstimate estimate_collective(const FabricSpec& spec, const StackEntry& stack, const FabricCase& c) {
  const FabricTime time = fabric_time(spec, stack.coefficients, c);
  for (const KindResidual& kind : stack.kinds) {
    if (kind.kind != name(c.kind)) continue;
    const Residual::Answer answer = kind.residual.at(collective_features(c));
    const Source source = answer.inside ? Source::fitted : Source::extrapolated;
    FabricTime corrected = time;
    corrected.seconds *= std::exp(answer.log_correction);
    return plain(corrected, answer.error, source);
  }
  return plain(time, kOtherKindError, Source::extrapolated);
}

CollectiveEstimate estimate_collective(const FabricSpec& spec, const FabricCase& c) {
  return plain(fabric_time(spec, CollectiveStack{}, c), kDatasheetError, Source::roofline);
}

}  // namespace orrery::cost
