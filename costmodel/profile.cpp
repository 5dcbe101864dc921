#include "costmodel/profile.hpp"

#include <algorithm>
#include <cstdio>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::cost {
namespace {

constexpr const char* kFormat = "orrery-profile";
constexpr int kVersion = 1;

/// FNV-1a (Fowler, Noll, Vo), 64 bits: finds accidents, not attacks.
std::string hash_text(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3ULL;
  }
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

bool is_leaf_list(const Json& json) {
  return json.is_array() &&
         std::none_of(json.begin(), json.end(), [](const Json& j) { return j.is_structured(); });
}

/// Indented objects, but lists of numbers on one line: a profile stays readable and small.
void print(const Json& json, int depth, std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth) + 1, ' ');
  if (json.is_object() && !json.empty()) {
    out += "{\n";
    for (auto it = json.begin(); it != json.end(); ++it) {
      if (it != json.begin()) out += ",\n";
      out += indent + Json(it.key()).dump() + ": ";
      print(it.value(), depth + 1, out);
    }
    out += "\n" + indent.substr(1) + "}";
  } else if (json.is_array() && !is_leaf_list(json)) {
    out += "[\n";
    for (std::size_t i = 0; i < json.size(); ++i) {
      out += (i > 0 ? ",\n" : "") + indent;
      print(json[i], depth + 1, out);
    }
    out += "\n" + indent.substr(1) + "]";
  } else {
    out += json.dump();
  }
}

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
  JsonDocument document = parse_json(text, place);
  Json& root = document.root;
  const auto text_at = [&root](const char* key) {
    return root.is_object() && root.contains(key) && root[key].is_string() ? root[key].get<std::string>()
                                                                           : "";
  };
  if (text_at("format") != kFormat) {
    throw ScenarioError(place, "this is not a profile: expected \"format\": \"" + std::string(kFormat) +
                                   "\" (a file written by `orrery calibrate fit`)");
  }
  const Json version = root.contains("version") ? root["version"] : Json();
  if (version != Json(kVersion)) {
    throw ScenarioError(place, "profile version " + version.dump() + "; this program reads version " +
                                   std::to_string(kVersion) + ": fit the measurements again");
  }
  const std::string expected = text_at("checksum");
  root.erase("checksum");
  if (const std::string found = hash_text(root.dump()); found != expected) {
    throw ScenarioError(place, "the profile is damaged or was edited: checksum \"" + expected +
                                   "\", content \"" + found + "\"; fit the measurements again");
  }
  root.erase("format");
  root.erase("version");
  document.text.clear();  // the checksum holds, so no message will need a line number; finding one takes time
  Profile profile;
  read_json(document, profile);
  check(profile, place);
  return profile;
}

std::string write_profile(const Profile& profile) {
  Json root{{"format", kFormat}, {"version", kVersion}};
  const Json content = write_json(profile);
  for (auto it = content.begin(); it != content.end(); ++it) root[it.key()] = it.value();
  root["checksum"] = hash_text(root.dump());
  std::string text;
  print(root, 0, text);
  return text + "\n";
}

std::unique_ptr<CostModel> load_profile(const std::string& text, const std::string& place) {
  return make_cost_model(parse_profile(text, place));
}

std::string fingerprint_id(const std::map<std::string, std::string>& fingerprint) {
  std::string facts;
  for (const auto& [name, value] : fingerprint) facts += name + "=" + value + "\n";
  return hash_text(facts);
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
