#include "scenarios/schema.hpp"

#include "scenarios/collective_scenario.hpp"
#include "scenarios/scenario.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::scenario {

std::string schema_text() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Orrery scenario"}};
  schema["oneOf"] = Json::array({json_schema<Scenario>(), json_schema<CollectiveScenario>()});
  return schema.dump(2) + "\n";
}

std::string documentation_text() {
  return "# The scenario file\n\n"
         "Generated from the field descriptions in the sources (`orrery schema --markdown`); a test keeps it "
         "equal.\n\n"
         "One JSON file describes one run; its `kind` says of what. `orrery run FILE` predicts it; `orrery train FILE` "
         "does\n"
         "a training scenario for real. Dimensioned values are strings with units (`\"25 MiB\"`, `\"450 GB/s\"`, `\"3 "
         "us\"`); GB is\n"
         "10^9 bytes, GiB 2^30. Unknown keys are errors. Any value can be replaced on the command line: `--set "
         "plan.bucket=4MiB`.\n\n" +
         markdown_tables<Scenario>("Scenario of kind `training`") + "\n" +
         markdown_tables<CollectiveScenario>("Scenario of kind `collective`");
}

}  // namespace orrery::scenario
