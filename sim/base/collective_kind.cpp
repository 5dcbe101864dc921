#include "sim/base/collective_kind.hpp"

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery {
namespace {

constexpr auto kNames = names_of(CollectiveKind{});
static_assert(kNames.size() == kCollectiveKinds);

}  // namespace

std::string name(CollectiveKind kind) {
  return std::string(kNames[static_cast<std::size_t>(kind)]);
}

std::vector<std::string> collective_names() {
  return {kNames.begin(), kNames.end()};
}

CollectiveKind collective_kind(const std::string& text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<CollectiveKind>(i);
  }
  throw ScenarioError("", "unknown collective \"" + text + "\"" + spelling_hint(text, collective_names()));
}

double busbw_factor(CollectiveKind kind, int ranks) {
  const double n = ranks;
  switch (kind) {
    case CollectiveKind::all_reduce:
      return 2.0 * (n - 1.0) / n;
    case CollectiveKind::reduce_scatter:
    case CollectiveKind::all_gather:
    case CollectiveKind::all_to_all:
      return (n - 1.0) / n;
    default:
      return 1.0;
  }
}

}  // namespace orrery
