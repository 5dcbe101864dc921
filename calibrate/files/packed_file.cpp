#include "calibrate/files/packed_file.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <memory>

#include "sim/base/error.hpp"

namespace orrery::calibrate {

std::string read_packed_file(const std::string& path) {
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  const std::unique_ptr<gzFile_s, Close> file(gzopen(path.c_str(), "rb"));  // reads plain files as they are
  if (file == nullptr) throw ScenarioError(path, "no such file, or it may not be read");
  std::string content, chunk(1U << 20U, '\0');
  while (true) {
    const int count = gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    int code = Z_OK;
    const char* why = gzerror(file.get(), &code);
    // A truncated file ends with Z_BUF_ERROR behind its last whole block.
    if (count < 0 || code == Z_BUF_ERROR) {
      throw BackendError(fmt::format("gzread({}) failed: the file is damaged, cut off or a folder: {}", path, why));
    }
    if (count == 0) return content;
    content.append(chunk, 0, static_cast<std::size_t>(count));
  }
}

}  // namespace orrery::calibrate
