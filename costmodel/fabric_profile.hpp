// A fabric profile: what calibration learnt about collectives on one system, as one JSON file: the datasheet it started
// from, the coefficients of each software stack that was measured, the interpolated rest per kind, how far held-out
// sizes were missed, and the tables it comes from. `checksum`, `format` and `version` guard the file as they do a
// machine's profile (costmodel/profile.hpp). Text in, text out.
#pragma once

#include <string>
#include <vector>

#include "costmodel/cost_model.hpp"
#include "costmodel/fabric_model.hpp"
#include "costmodel/profile.hpp"
#include "costmodel/residual.hpp"

namespace orrery::cost {

/// Errors of held-out sizes of one kind, from `from` up to ten times that.
struct DecadeErrors {
  std::string kind;
  Bytes from{0.0};
  int points = 0;
  double median = 0.0, p90 = 0.0, bias = 0.0;  ///< of |predicted / measured - 1|; bias: median signed
};
template <class V>
void fields(V& v, DecadeErrors& c) {
  v("kind", c.kind, "kind of collective", required());
  v("from", c.from, "sizes from this to ten times this", at_least(0));
  v("points", c.points, "measured sizes and rank counts", at_least(1));
  v("median", c.median, "median absolute relative error, each size predicted without its rows", at_least(0));
  v("p90", c.p90, "90th percentile of the same", at_least(0));
  v("bias", c.bias, "median signed relative error, predicted over measured");
}

/// What the formula misses for one kind, over the logarithms of bytes, ranks and nodes.
struct KindResidual {
  std::string kind;
  Residual residual;
};
template <class V>
void fields(V& v, KindResidual& c) {
  v("kind", c.kind, "kind of collective", required());
  v("residual", c.residual, "interpolated remaining error");
}
Features collective_features(const FabricCase& c);
constexpr std::size_t kCollectiveFeatures = 3;

struct StackEntry {
  std::string name;  ///< "nccl 2.27.3", "vllm 0.14.0 vLLM_custom_graph"
  CollectiveStack coefficients;
  int rows = 0;
  std::vector<KindResidual> kinds;
  std::vector<DecadeErrors> errors;
};
template <class V>
void fields(V& v, StackEntry& c) {
  v("name", c.name, "library and version, or kernel of an inference engine", required());
  v("rows", c.rows, "measured rows used", at_least(0));
  v("coefficients", c.coefficients, "of the white-box formula");
  v("errors", c.errors, "how well held-out sizes are predicted");
  v("kinds", c.kinds, "what the formula misses");
}

struct FabricProfile {
  FabricSpec fabric;
  std::string note;
  std::vector<Fact> provenance;  ///< tables read, with their rows
  std::vector<StackEntry> stacks;
};
template <class V>
void fields(V& v, FabricProfile& c) {
  v("fabric", c.fabric, "the datasheet");
  v("note", c.note, "for people");
  v("provenance", c.provenance, "tables that were read");
  v("stacks", c.stacks, "one set of coefficients per software stack");
}

/// As parse_profile and write_profile.
FabricProfile parse_fabric_profile(const std::string& text, const std::string& place);
std::string write_fabric_profile(const FabricProfile& profile);

/// The stack of that name; without a name the one with the most rows. Throws ScenarioError with the nearest name.
const StackEntry& find_stack(const FabricProfile& profile, const std::string& name = "");

struct CollectiveEstimate {
  Estimate estimate;
  std::string algorithm, protocol;
};
/// `fitted` inside the measured sizes, ranks and nodes of that kind, else `extrapolated` with a larger error.
CollectiveEstimate estimate_collective(const FabricSpec& spec, const StackEntry& stack, const FabricCase& c);
/// From the datasheet alone, with the pooled stack of CollectiveStack's defaults: `roofline`.
CollectiveEstimate estimate_collective(const FabricSpec& spec, const FabricCase& c);

}  // namespace orrery::cost
