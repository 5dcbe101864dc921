#include "workloads/learn/problem.hpp"

namespace orrery::learn {

Registry<Problem>& Problem::registry() {
  // Eigen cuts large products by the caches that it finds, which changes the order of sums. Fixed sizes give the same
  // bits on every machine.
  static const bool fixed = (Eigen::setCpuCacheSizes(32 << 10, 512 << 10, 8 << 20), true);
  static_cast<void>(fixed);
  static Registry<Problem> registry("problem", "problems");
  return registry;
}

}  // namespace orrery::learn
