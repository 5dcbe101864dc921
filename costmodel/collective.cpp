#include "costmodel/collective.hpp"

namespace orrery::cost {

std::vector<std::string> measured_collective_names() {
  std::vector<std::string> names;
  for (const CollectiveKind kind :
       {CollectiveKind::all_reduce, CollectiveKind::reduce_scatter, CollectiveKind::all_gather,
        CollectiveKind::broadcast, CollectiveKind::point_to_point, CollectiveKind::barrier}) {
    names.push_back(name(kind));
  }
  return names;
}

}  // namespace orrery::cost
