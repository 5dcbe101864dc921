#include "scenarios/schema.hpp"

#include "scenarios/collective_scenario.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/sgd_scenario.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::scenario {
namespace {

/// The block that makes a file a sweep (sweep.hpp): its keys are paths, so it has no described struct.
Json sweep_schema() {
  const Json lists = {{"type", "object"},
                      {"additionalProperties", {{"type", "array"}, {"minItems", 1}}},
                      {"description", "lists of values by key, such as {\"cluster.ranks\": [1, 2, 4]}"}};
  Json seeds = {{"description", "number of seeds, the same ones for each point, or a list of them"}};
  seeds["anyOf"] = Json::array({{{"type", "integer"}, {"minimum", 1}}, {{"type", "array"}, {"minItems", 1}}});
  return {{"type", "object"},
          {"additionalProperties", false},
          {"description", "many runs from this file: every combination of the grid, lists side by side, seeds"},
          {"properties", {{"grid", lists}, {"lists", lists}, {"seeds", seeds}}}};
}

template <class S>
Json schema_of_kind() {
  Json schema = json_schema<S>();
  schema["properties"]["sweep"] = sweep_schema();
  return schema;
}

}  // namespace

std::string schema_text() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Orrery scenario"}};
  schema["oneOf"] = Json::array({schema_of_kind<Scenario>(), schema_of_kind<CollectiveScenario>(), schema_of_kind<SgdScenario>()});
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
         "plan.bucket=4MiB`.\n"
         "A file with the key `sweep` describes many runs: see [sweeps](sweep.md).\n\n" +
         markdown_tables<Scenario>("Scenario of kind `training`") + "\n" +
         markdown_tables<CollectiveScenario>("Scenario of kind `collective`") + "\n" +
         markdown_tables<SgdScenario>("Scenario of kind `sgd`");
}

}  // namespace orrery::scenario
