#include "cli/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "calibrate/backends/cpu/fingerprint.hpp"

namespace orrery::cli {
namespace {

/// Facts that differ between this machine and the profile's. How the calibration was launched (pinning,
/// environment) is no property of the machine.
std::vector<std::string> machine_differences(const cost::Profile& profile) {
  auto here = cpu::fingerprint();
  for (const cost::Fact& fact : profile.fingerprint) {
    const bool of_the_launch = fact.name == "pinned" || fact.name.rfind("env ", 0) == 0;
    if (of_the_launch) here[fact.name] = fact.value;
  }
  std::erase_if(here, [&profile](const auto& fact) {
    const auto same_name = [&fact](const cost::Fact& other) { return other.name == fact.first; };
    return fact.first.rfind("env ", 0) == 0 &&
           std::none_of(profile.fingerprint.begin(), profile.fingerprint.end(), same_name);
  });
  return cost::fingerprint_differences(profile, here);
}

}  // namespace

bool is_measured_here(const cost::Profile& profile) {
  const std::vector<std::string> differences = machine_differences(profile);
  if (differences.empty()) return true;
  const auto is_cpu = [](const std::string& text) { return text.rfind("cpu:", 0) == 0; };
  const auto cpu = std::find_if(differences.begin(), differences.end(), is_cpu);
  fmt::print(stderr, "orrery: the profile was not measured on this machine: {} ({} difference{})\n",
             cpu == differences.end() ? differences.front() : *cpu, differences.size(),
             differences.size() == 1 ? "" : "s");
  return false;
}

}  // namespace orrery::cli
