#include "costmodel/profile.hpp"

#include "costmodel/sealed_json.hpp"
#include "sim/base/error.hpp"
#include "sim/base/text_hash.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::cost {
namespace {

const SealedFormat kFormat{"orrery-profile", 1, "profile", "fit the measurements again"};

void require(bool holds, const std::string& place, const std::string& problem) {
  if (!holds) throw ScenarioError(place, "profile: " + problem);
}

void check_residual(const Residual& residual, std::size_t dimensions, const std::string& place,
                    const std::string& name) {
  const std::size_t n = residual.count();
  require(residual.length.size() == dimensions && residual.low.size() == dimensions &&
              residual.high.size() == dimensions && residual.held_out.size() == n &&
              residual.points.size() == n * dimensions,
          place,
          "the residual of " + name + " does not have " + std::to_string(dimensions) +
              " features for each of its points");
}

void check(const Profile& profile, const std::string& place) {
  require(!profile.operators.empty(), place, "it holds no operator class");
  for (const OperatorClass& c : profile.operators) {
    const Op op = parse_op(c.name, "");
    const OperatorModel expected = default_model(op);
    const auto kind = [](const auto& model) { return std::string(model.kind); };
    require(c.model.index() == expected.index(), place,
            c.name + " needs a model of kind \"" + std::visit(kind, expected) + "\"");
    check_residual(c.residual, feature_names(op).size(), place, c.name);
  }
  for (const CollectiveClass& c : profile.collectives) {
    collective_kind(c.name);
    require(!c.model.regimes.empty(), place, c.name + " has no regime");
    check_residual(c.residual, 1, place, c.name);
  }
  for (const NoiseEntry& entry : profile.noise) {
    require(entry.ratio.size() == profile.noise_probability.size() && entry.from < entry.to, place,
            "the noise of " + entry.group + " does not fit noise_probability");
  }
}

}  // namespace

Profile parse_profile(const std::string& text, const std::string& place) {
  JsonDocument document = open_sealed_json(text, place, kFormat);
  Profile profile;
  read_json(document, profile);
  check(profile, place);
  return profile;
}

std::string write_profile(const Profile& profile) {
  return write_sealed_json(write_json(profile), kFormat);
}

std::unique_ptr<CostModel> load_profile(const std::string& text, const std::string& place) {
  return make_cost_model(parse_profile(text, place));
}

std::string fingerprint_id(const std::map<std::string, std::string>& fingerprint) {
  std::string facts;
  for (const auto& [name, value] : fingerprint) facts += name + "=" + value + "\n";
  return text_hash(facts);
}

bool is_this_machine(const Profile& profile, const std::map<std::string, std::string>& fingerprint) {
  return fingerprint_differences(profile, fingerprint).empty();
}

std::vector<std::string> fingerprint_differences(const Profile& profile,
                                                 const std::map<std::string, std::string>& fingerprint) {
  std::map<std::string, std::string> then;
  for (const Fact& fact : profile.fingerprint) then[fact.name] = fact.value;
  std::vector<std::string> lines;
  const auto quoted = [](const std::map<std::string, std::string>& facts, const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string("nothing") : "\"" + found->second + "\"";
  };
  std::map<std::string, std::string> all = then;
  all.insert(fingerprint.begin(), fingerprint.end());
  for (const auto& [name, value] : all) {
    const std::string before = quoted(then, name), now = quoted(fingerprint, name);
    if (before != now) lines.push_back(name + ": profile has " + before + ", this machine has " + now);
  }
  return lines;
}

Profile scaled(Profile profile, const SpeedRatios& ratios) {
  MemoryLevels& memory = profile.memory;
  memory.l1_bandwidth *= 1.0 / ratios.compute;
  memory.l2_bandwidth *= 1.0 / ratios.compute;
  memory.l3_bandwidth *= 1.0 / ratios.memory;
  memory.memory_bandwidth *= 1.0 / ratios.memory;
  for (OperatorClass& c : profile.operators) {
    if (auto* gemm = std::get_if<GemmModel>(&c.model)) {
      gemm->peak *= 1.0 / ratios.compute;
      gemm->pack_a *= ratios.compute;
      gemm->pack_b *= ratios.compute;
      gemm->overhead *= ratios.small;
      gemm->batch_overhead *= ratios.small;
    } else if (auto* attention = std::get_if<AttentionModel>(&c.model)) {
      attention->peak *= 1.0 / ratios.compute;
      attention->tile_time *= ratios.compute;
      attention->overhead *= ratios.small;
    } else if (auto* rowwise = std::get_if<RowwiseModel>(&c.model)) {
      rowwise->element_time *= ratios.compute;
      rowwise->tail_time *= ratios.compute;
      rowwise->overhead *= ratios.small;
      rowwise->row_overhead *= ratios.small;
    }
  }
  for (CollectiveClass& c : profile.collectives) {
    for (CollectiveRegime& regime : c.model.regimes) {
      regime.alpha *= ratios.communication;
      regime.beta *= ratios.communication;
    }
    c.model.gamma *= ratios.communication;
  }
  return profile;
}

}  // namespace orrery::cost
