#include "cli/validate_collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "calibrate/fit/collective_suite.hpp"
#include "calibrate/files/packed_file.hpp"
#include "sim/base/error.hpp"
#include "validate/collective_goals.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

std::vector<cost::FabricProfile> read_profiles(const std::string& folder) {
  std::vector<std::string> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<cost::FabricProfile> profiles;
  for (const std::string& path : paths) {
    profiles.push_back(cost::parse_fabric_profile(calibrate::read_packed_file(path), path));
  }
  return profiles;
}

}  // namespace

ExitCode validate_collectives(const std::string& data, const std::string& profiles) {
  if (!fs::is_directory(data)) {
    throw ScenarioError("--data", "\"" + data + "\" is no folder; expected one with collectives/ and training/");
  }
  std::vector<calibrate::SuiteFile> files;
  for (const std::string& path : calibrate::suite_paths()) {
    const fs::path whole = fs::path(data) / path;
    if (fs::exists(whole)) {
      files.push_back({path, calibrate::read_packed_file(whole.string()), ""});
    } else {
      files.push_back({path, std::nullopt, "not in the data folder"});
    }
  }
  const calibrate::CollectiveSuite suite = calibrate::score_collectives(files, read_profiles(profiles));
  const auto goals = validate::judge_collectives(
      {.within_nodes = suite.within_nodes, .more_nodes = suite.more_nodes, .other_fabrics = suite.other_fabrics});
  fmt::print("{}\n{}{}", calibrate::suite_text(suite), validate::goals_text(goals), validate::goals_headline(goals));
  return validate::are_met(goals) ? ExitCode::done : ExitCode::goal_missed;
}

}  // namespace orrery::cli
