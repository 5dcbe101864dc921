// `--set a.b=c`: one value of a scenario replaced from the command line, before it is read. The value is
// typed by what it looks like: JSON where it parses as JSON (numbers, true, lists), otherwise a string, so
// units need no quotes.
#pragma once

#include <string>

#include "sim/base/json_io.hpp"

namespace orrery::scenario {

/// Places the value at the dotted path ("plan.bucket", "model.hidden.0"), creating objects on the way. A new
/// `kind` drops the other keys of its object, because they belong to the old kind. Unknown keys are found
/// when the document is read. Throws ScenarioError when `option` has no "=" or the path leads through
/// something that is no object.
void apply_override(JsonDocument& document, const std::string& option);

}  // namespace orrery::scenario
