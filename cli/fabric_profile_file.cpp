#include "cli/fabric_profile_file.hpp"

#include <algorithm>
#include <filesystem>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> profile_names(const std::string& folder) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

cost::FabricProfile open_fabric_profile(const std::string& named, const std::string& folder) {
  const auto read = [](const std::string& path) {
    return cost::parse_fabric_profile(scenario::read_file(path), path);
  };
  if (named.find('/') != std::string::npos || fs::path(named).extension() == ".json") return read(named);
  std::vector<std::string> names = profile_names(folder);
  if (std::find(names.begin(), names.end(), named) != names.end())
    return read((fs::path(folder) / (named + ".json")).string());
  for (const cost::FabricSpec& spec : cost::known_fabrics()) {
    if (spec.system == named) return {spec, "", {}, {}};
    if (std::find(names.begin(), names.end(), spec.system) == names.end()) names.push_back(spec.system);
  }
  throw ScenarioError("--profile", "unknown fabric \"" + named + "\"" + spelling_hint(named, names));
}

}  // namespace orrery::cli
