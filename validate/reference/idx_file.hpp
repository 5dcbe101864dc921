// The IDX format of the MNIST family: two zero bytes, a type code, the number of dimensions, the dimensions
// as big-endian 32-bit integers, then the values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::reference {

struct IdxArray {
  std::vector<std::int64_t> dimensions;
  std::vector<std::uint8_t> values;
};

/// An array of unsigned bytes. `name` is used in messages. Throws ScenarioError when the bytes are no such
/// array.
IdxArray parse_idx(const std::vector<std::uint8_t>& bytes, const std::string& name);

}  // namespace orrery::reference
