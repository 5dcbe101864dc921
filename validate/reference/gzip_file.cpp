#include "validate/reference/gzip_file.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <filesystem>
#include <memory>

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
  const std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw ScenarioError("$.data", fmt::format("file {} cannot be read", path));
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> chunk(1U << 20U);
  for (;;) {
    const int got = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    int code = Z_OK;
    const char* text = gzerror(file.get(), &code);
    // A truncated file ends with Z_BUF_ERROR after its last whole block.
    if (got < 0 || code == Z_BUF_ERROR) {
      throw ScenarioError("$.data", fmt::format("file {} is damaged: {}", path, text));
    }
    if (got == 0) return bytes;
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + got);
  }
}

}  // namespace orrery::reference
