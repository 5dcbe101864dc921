#include "sim/collective/algorithm.hpp"

namespace orrery::collective {

Registry<Algorithm>& Algorithm::registry() {
  static Registry<Algorithm> algorithms("collective algorithm", "collective_algorithms");
  return algorithms;
}

std::vector<Registered<Algorithm>> eligible(const PlanRequest& request) {
  std::vector<Registered<Algorithm>> able;
  for (const NameAndHelp& entry : Algorithm::registry().names()) {
    Registered<Algorithm> algorithm(entry.name);
    if (!algorithm->refusal(request)) able.push_back(std::move(algorithm));
  }
  return able;
}

}  // namespace orrery::collective
