#include "calibrate/fit/table_files.hpp"

#include <zlib.h>

#include <array>
#include <memory>

#include "sim/base/error.hpp"

namespace orrery::calibrate {

std::string read_table_file(const std::string& path) {
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };
  const std::unique_ptr<gzFile_s, Close> file(gzopen(path.c_str(), "rb"));  // reads plain files as they are
  if (file == nullptr) throw ScenarioError(path, "no such file, or it may not be read");
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const int count = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int code = Z_OK;
    gzerror(file.get(), &code);  // a truncated file ends with Z_BUF_ERROR behind its last whole block
    if (count < 0 || code == Z_BUF_ERROR) {
      throw BackendError("gzread(" + path + ") failed: the file is damaged, cut off or a folder");
    }
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace orrery::calibrate
