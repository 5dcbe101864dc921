// Identities that cannot be mixed up: one strong integer type per kind of thing. An id is an index into the vector
// that owns the things of its kind; ids of different kinds do not compare, convert or add.
#pragma once

#include <compare>
#include <cstdint>

namespace orrery {

template <class Tag>
struct Id {
  std::int32_t value = -1;  ///< -1 means "none"

  constexpr auto operator<=>(const Id&) const = default;
  constexpr bool valid() const { return value >= 0; }
  constexpr std::size_t index() const { return static_cast<std::size_t>(value); }
};

using RankId = Id<struct RankTag>;
using TensorId = Id<struct TensorTag>;
using TrackId = Id<struct TrackTag>;

}  // namespace orrery
