// Which part of a gradient a compressor works on: how many numbers it keeps, how many share their scale. Said once for
// the compressors beside this file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sim/base/fields.hpp"

namespace orrery::learn {

/// A share of the numbers above 0, for fields.
constexpr Limits kShare{0.0, 1.0, true, false};

/// How many of `numbers` a share is: at least one.
inline std::int64_t kept(double share, std::int64_t numbers) {
  return std::max<std::int64_t>(1, std::llround(share * static_cast<double>(numbers)));
}

/// Consecutive numbers that are scaled together; a size of 0 means all.
struct Buckets {
  Buckets(std::int64_t configured, std::int64_t numbers)
      : size(configured > 0 ? std::min(configured, std::max<std::int64_t>(1, numbers))
                            : std::max<std::int64_t>(1, numbers)),
        count((numbers + size - 1) / size) {}

  std::int64_t size, count;
};

}  // namespace orrery::learn
