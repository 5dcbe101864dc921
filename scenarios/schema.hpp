// The scenario format for editors and for people, generated from the field descriptions of every kind of scenario.
#pragma once

#include <string>

namespace orrery::scenario {

/// The checked-in scenarios/scenario.schema.json and docs/scenario.md.
std::string schema_text();
std::string documentation_text();

}  // namespace orrery::scenario
