// Command-line options name things that registries and tables look up; when one is unknown, the message has to say which
// option was meant.
#pragma once

#include <string>

#include "sim/base/error.hpp"

namespace orrery::scenario {

/// The result of `lookup()`; a ScenarioError of it begins with `option` ("--kind").
template <class Lookup>
auto named(const std::string& option, Lookup lookup) {
  try {
    return lookup();
  } catch (const ScenarioError& error) {
    throw ScenarioError(option, error.what());
  }
}

}  // namespace orrery::scenario
