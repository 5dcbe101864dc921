// Oracle vectors of parallel SGD by id, whichever of the three files they stand in.
#pragma once

#include <fstream>
#include <string>

#include "sim/base/json_io.hpp"

namespace orrery::sgd {

inline nlohmann::json oracle(const std::string& id) {
  for (const char* name : {"sgd_engine", "sgd_iteration", "sgd_learning", "collectives"}) {
    std::ifstream file(std::string(ORRERY_SOURCE_DIR "/tests/oracles/") + name + ".json");
    const nlohmann::json all = nlohmann::json::parse(file);
    const nlohmann::json& vectors = all.contains("vectors") ? all.at("vectors") : all;
    if (vectors.contains(id)) return vectors.at(id);
  }
  throw std::runtime_error("no oracle vector " + id);
}

}  // namespace orrery::sgd
