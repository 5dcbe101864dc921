#include "scenarios/sweep.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstring>
#include <set>

#include "scenarios/override.hpp"
#include "scenarios/scenario.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::scenario {
namespace {

constexpr std::size_t kPointsMax = 100000;
constexpr std::size_t kNameMax = 120;

/// One step of the product: `settings[i]` are the values that its i-th alternative sets together.
struct Axis {
  std::vector<std::vector<std::pair<std::string, Json>>> settings;
};

class SweepReader {
 public:
  explicit SweepReader(const JsonDocument& document) : document_(document), block_(document.root.at("sweep")) {
    if (!block_.is_object()) fail("", "expected an object with grid, lists or seeds");
    for (const auto& [key, value] : block_.items()) {
      if (key == "grid") {
        read_grid(value);
      } else if (key == "lists") {
        read_lists(value);
      } else if (key != "seeds") {
        fail("." + key, "unknown key \"" + key + "\"" + spelling_hint(key, {"grid", "lists", "seeds"}));
      }
    }
    if (!zipped_.settings.empty()) axes_.push_back(zipped_);
    if (block_.contains("seeds")) read_seeds(block_["seeds"]);
    if (axes_.empty()) fail("", "nothing varies; give grid, lists or seeds");
  }

  std::vector<SweepPoint> points() const {
    std::size_t count = 1;
    for (const Axis& axis : axes_) {
      count *= axis.settings.size();
      if (count > kPointsMax) fail("", fmt::format("more than {} points", kPointsMax));
    }
    std::vector<SweepPoint> points(1);
    for (const Axis& axis : axes_) {
      std::vector<SweepPoint> longer;
      for (const SweepPoint& point : points) {
        for (const auto& setting : axis.settings) {
          longer.push_back(point);
          longer.back().values.insert(longer.back().values.end(), setting.begin(), setting.end());
        }
      }
      points = std::move(longer);
    }
    return points;
  }

  const std::set<std::string>& keys() const { return keys_; }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& problem) const {
    throw ScenarioError(json_place(document_, "$.sweep" + path), problem);
  }

  void read_values(const Json& block, const std::string& path) {
    if (!block.is_object()) fail(path, "expected an object of lists, such as {\"cluster.ranks\": [1, 2, 4]}");
    for (const auto& [key, values] : block.items()) {
      const std::string place = path + "." + key;
      if (!values.is_array() || values.empty()) fail(place, "expected a list of values, such as [1, 2, 4]");
      if (!keys_.insert(key).second) fail(place, "\"" + key + "\" is varied twice");
    }
  }

  void read_grid(const Json& grid) {
    read_values(grid, ".grid");
    for (const auto& [key, values] : grid.items()) {
      Axis axis;
      for (const Json& value : values) axis.settings.push_back({{key, value}});
      axes_.push_back(axis);
    }
  }

  void read_lists(const Json& lists) {
    read_values(lists, ".lists");
    for (const auto& [key, values] : lists.items()) {
      if (zipped_.settings.empty()) zipped_.settings.resize(values.size());
      if (values.size() != zipped_.settings.size()) {
        fail(".lists." + key, fmt::format("{} values, but the other lists have {}; lists go side by side", values.size(),
                                          zipped_.settings.size()));
      }
      for (std::size_t i = 0; i < values.size(); ++i) zipped_.settings[i].emplace_back(key, values[i]);
    }
  }

  void read_seeds(const Json& seeds) {
    if (!keys_.insert("seed").second) fail(".seeds", "\"seed\" is varied twice");
    Axis axis;
    if (seeds.is_number_integer() && seeds.get<std::int64_t>() >= 1 &&
        seeds.get<std::int64_t>() <= static_cast<std::int64_t>(kPointsMax)) {
      const auto found = document_.root.find("seed");
      const bool given = found != document_.root.end();
      if (given && !found->is_number_unsigned()) {
        throw ScenarioError(json_place(document_, "$.seed"),
                            found->dump() + " is no seed that \"seeds\" can count up from; expected a whole number of at "
                                            "least 0");
      }
      const std::uint64_t first = given ? found->get<std::uint64_t>() : Scenario{}.seed;
      for (std::uint64_t i = 0; i < seeds.get<std::uint64_t>(); ++i) axis.settings.push_back({{"seed", first + i}});
    } else if (seeds.is_array() && !seeds.empty()) {
      for (const Json& seed : seeds) axis.settings.push_back({{"seed", seed}});
    } else {
      fail(".seeds", fmt::format("expected a number of seeds (1 to {}) or a list of seeds", kPointsMax));
    }
    axes_.push_back(axis);
  }

  const JsonDocument& document_;
  const Json block_;
  std::vector<Axis> axes_;
  Axis zipped_;
  std::set<std::string> keys_;
};

bool overlap(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() < b.size() ? a : b;
  const std::string& longer = a.size() < b.size() ? b : a;
  return longer.rfind(shorter, 0) == 0 && (longer.size() == shorter.size() || longer[shorter.size()] == '.');
}

}  // namespace

std::vector<std::string> SweepPoint::overrides() const {
  std::vector<std::string> options;
  for (const auto& [key, value] : values) options.push_back(key + "=" + value.dump());
  return options;
}

std::string SweepPoint::name() const {
  std::string exact, name;
  for (const auto& [key, value] : values) {
    exact += (exact.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  bool changed = false;
  for (const char letter : exact) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || std::strchr("._=,+-", letter) != nullptr;
    if (plain) name += letter;
    if (!plain && letter != ' ') name += '_', changed = true;
  }
  if (name.size() > kNameMax) name.resize(kNameMax), changed = true;
  return changed ? name + "-" + text_hash(exact).substr(0, 8) : name;
}

bool is_sweep(const JsonDocument& document) {
  return document.root.is_object() && document.root.contains("sweep");
}

Sweep expand(JsonDocument document, const std::vector<std::string>& overrides) {
  for (const std::string& option : overrides) apply_override(document, option);
  if (!is_sweep(document)) {
    throw ScenarioError(document.name, "no block \"sweep\"; such as \"sweep\": {\"grid\": {\"cluster.ranks\": [1, 2, 4]}}");
  }
  Sweep sweep{std::move(document), {}};
  const SweepReader reader(sweep.base);
  sweep.points = reader.points();
  for (const std::string& option : sweep.base.overridden) {
    for (const std::string& key : reader.keys()) {
      if (overlap(option, key)) {
        throw ScenarioError("--set " + option, "the sweep varies \"" + key + "\"; change its values in the sweep instead");
      }
    }
  }
  std::set<std::string> names;
  for (const SweepPoint& point : sweep.points) {
    if (!names.insert(point.name()).second) {
      throw ScenarioError(json_place(sweep.base, "$.sweep"), "the point " + point.name() + " comes twice");
    }
  }
  sweep.base.root.erase("sweep");
  return sweep;
}

}  // namespace orrery::scenario
