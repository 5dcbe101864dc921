#include "validate/reference/dataset_file.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "calibrate/files/packed_file.hpp"
#include "sim/base/error.hpp"

namespace orrery::reference {

std::vector<std::uint8_t> read_compressed(const std::string& path, const std::string& package) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw ScenarioError("$.data",
                        fmt::format("file {} does not exist; install Debian's package {} (apt install {}) "
                                    "or name another place",
                                    path, package, package));
  }
  try {
    const std::string content = calibrate::read_packed_file(path);
    return {content.begin(), content.end()};
  } catch (const BackendError& damaged) {
    throw ScenarioError("$.data", damaged.what());
  }
}

}  // namespace orrery::reference
