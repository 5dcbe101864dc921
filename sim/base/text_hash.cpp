#include "sim/base/text_hash.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace orrery {

std::string text_hash(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  return fmt::format("{:016x}", hash);
}

}  // namespace orrery
