#include "validate/reference/idx_file.hpp"

#include <fmt/core.h>

#include "sim/base/error.hpp"

namespace orrery::reference {

IdxArray parse_idx(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  const auto refuse = [&name](const std::string& why) {
    throw ScenarioError("$.data", fmt::format("file {} is no IDX array of bytes: {}", name, why));
  };
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0) refuse("wrong first bytes");
  if (bytes[2] != 8) refuse(fmt::format("type code {} instead of 8", bytes[2]));
  const std::size_t rank = bytes[3];
  const std::size_t header = 4 + 4 * rank;
  if (rank == 0 || bytes.size() < header) refuse("the header is cut off");
  IdxArray array;
  std::size_t count = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8U | bytes[4 + 4 * d + i];
    if (size == 0 || count > bytes.size() / size) refuse("its dimensions and its length differ");
    count *= size;
    array.dimensions.push_back(static_cast<std::int64_t>(size));
  }
  if (bytes.size() != header + count) {
    refuse(fmt::format("{} values announced, {} present", count, bytes.size() - header));
  }
  array.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return array;
}

}  // namespace orrery::reference
