#include "scenarios/scenario.hpp"

#include <catch2/catch.hpp>

#include "scenarios/artifact.hpp"
#include "scenarios/schema.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;

namespace {

const std::string kText = R"({
  "version": 1,
  "kind": "training",
  "name": "t",
  "cluster": {"ranks": 2},
  "model": {"kind": "mlp"},
  "plan": {"data_parallel": 2, "bucket": "1 MiB"},
  "batch": 64,
  "profile": "p.json"
})";

std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  try {
    read_scenario(text, "s.json", overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kText;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a scenario is read with defaults for what it does not say") {
  const Scenario s = read_scenario(kText, "s.json").scenario;
  CHECK(s.plan.bucket.value() == 1048576.0);
  CHECK_FALSE(s.plan.overlap);
  CHECK(s.batch == 64);
  CHECK(std::get<model::MlpConfig>(s.model).hidden == std::vector<std::int64_t>{256});
  CHECK(s.noise == NoiseMode::on);
  CHECK_FALSE(s.cluster.node_memory);
}

TEST_CASE("a scenario that makes no sense is refused with what would") {
  CHECK(error_of(replaced("\"bucket\"", "\"bukcet\"")) ==
        "s.json:7:32: $.plan.bukcet: unknown key \"bukcet\"; did you mean \"bucket\"? (known: data_parallel, "
        "bucket, "
        "overlap)");
  CHECK(error_of(replaced("1 MiB", "1 MiB/s")) ==
        "s.json:7:32: $.plan.bucket: \"1 MiB/s\" is a data rate; expected an amount of data such as \"25 "
        "MiB\"");
  CHECK(error_of(replaced("64", "63")) ==
        "s.json:8:3: $.batch: plan.data_parallel=2 does not divide batch=63; use a batch such as 62 or 64");
  CHECK(error_of(replaced("64", "1")) ==
        "s.json:8:3: $.batch: plan.data_parallel=2 does not divide batch=1; use a batch such as 2");
  CHECK(error_of(replaced("\"ranks\": 2", "\"ranks\": 4")) ==
        "s.json:7:12: $.plan.data_parallel: plan.data_parallel=2 does not use cluster.ranks=4; set both to 2 "
        "or 4");
  CHECK(error_of(replaced("\"kind\": \"mlp\"", "\"kind\": \"gpt\", \"width\": 12, \"heads\": 5")) ==
        "s.json:6:41: $.model.heads: model.heads=5 does not divide model.width=12; use one of 1, 2, 3, 4, 6, "
        "12");
  CHECK(error_of(replaced("\"version\": 1", "\"version\": 2")) ==
        "s.json:2:3: $.version: 2 is out of range; expected between 1 and 1");
  CHECK(error_of(replaced("training", "serving")) ==
        "s.json:3:3: $.kind: unknown name \"serving\"; known: training");
}

TEST_CASE("absurd sizes are refused before they overflow") {
  CHECK(error_of(kText, {"model.inputs=9000000000000000000"}) ==
        "s.json:6:3: $.model: with batch=64 a tensor has 2.3e+21 elements; expected at most 1e15");
  CHECK_THAT(error_of(kText, {"batch=9000000000000000000"}), Catch::Contains("expected at most 1e15"));
  CHECK_THAT(error_of(kText, {"model.kind=gpt", "model.context=1000000000"}),
             Catch::Contains("at most 1e15"));
  CHECK(error_of(kText, {"model.hidden=[]"}) == "no error");  // softmax regression
}

TEST_CASE("--set replaces one value, typed by what it looks like") {
  const std::vector<std::string> overrides = {"plan.bucket=4 MiB", "batch=32",
                                              "plan.overlap=true", "model.hidden=[512, 128]",
                                              "model.hidden.1=64", "noise=off"};
  const Scenario s = read_scenario(kText, "s.json", overrides).scenario;
  CHECK(s.plan.bucket.value() == 4.0 * 1048576);
  CHECK(s.batch == 32);
  CHECK(s.plan.overlap);
  CHECK(std::get<model::MlpConfig>(s.model).hidden == std::vector<std::int64_t>{512, 64});
  CHECK(s.noise == NoiseMode::off);
}

TEST_CASE("--set of a kind drops the keys of the old kind") {
  const std::string text = replaced("{\"kind\": \"mlp\"}", "{\"kind\": \"mlp\", \"inputs\": 10}");
  const Scenario s = read_scenario(text, "s.json", {"model.kind=gpt", "model.layers=2"}).scenario;
  CHECK(std::get<model::GptConfig>(s.model).layers == 2);
  // The same kind again changes nothing.
  const Scenario same = read_scenario(text, "s.json", {"model.kind=mlp"}).scenario;
  CHECK(std::get<model::MlpConfig>(same.model).inputs == 10);
  // A kind by its name alone can be gone into as well.
  const std::string short_text = replaced("{\"kind\": \"mlp\"}", "\"mlp\"");
  CHECK(std::get<model::MlpConfig>(read_scenario(short_text, "s.json", {"model.inputs=10"}).scenario.model).inputs ==
        10);
}

TEST_CASE("a wrong --set is met with the option, not with a line of the file") {
  CHECK_THAT(error_of(kText, {"plan.bukcet=1 MiB"}),
             Catch::StartsWith("--set plan.bukcet: unknown key \"bukcet\"; did you mean \"bucket\"?"));
  CHECK(error_of(kText, {"batch=many"}) == "--set batch: expected a whole number, got \"many\" (a string)");
  CHECK(error_of(kText, {"batch=63"}) ==
        "--set batch: plan.data_parallel=2 does not divide batch=63; use a batch such as 62 or 64");
  CHECK(error_of(kText, {"batch"}) == "--set batch: expected KEY=VALUE, such as --set plan.bucket=4MiB");
  CHECK(error_of(kText, {"name=\xff"}) == "--set: the value is not valid UTF-8 text");
  CHECK(error_of(kText, {"a..b=1"}) ==
        "--set a..b=1: the key has an empty part; expected a form such as plan.bucket");
  CHECK(error_of(kText, {"batch.x=1"}) == "--set batch.x=1: \"x\" lies below a plain value");
  CHECK(error_of(kText, {"model.hidden=[1]", "model.hidden.1=4"}) ==
        "--set model.hidden.1=4: \"1\" is no index of a list of 1 (counted from 0)");
}

TEST_CASE("a dry run names the origin of every value") {
  const ScenarioFile file = read_scenario(kText, "s.json", {"plan.overlap=true"});
  std::map<std::string, ResolvedValue> values;
  for (const ResolvedValue& value : resolved_values(file)) values[value.path] = value;
  CHECK(values.at("plan.bucket").origin == "file");
  CHECK(values.at("plan.bucket").value == "\"1 MiB\"");
  CHECK(values.at("plan.overlap").origin == "--set");
  CHECK(values.at("plan.overlap").value == "true");
  CHECK(values.at("optimizer.learning_rate").origin == "default");
  CHECK(values.at("model.kind").origin == "file");
  CHECK(values.at("model.hidden").origin == "default");
}

TEST_CASE("the resolved scenario is read back as the same scenario") {
  const Scenario s =
      read_scenario(kText, "s.json", {"model.kind=gpt", "cluster.node_memory=24 GiB"}).scenario;
  CHECK(scenario_text(read_scenario(scenario_text(s), "").scenario) == scenario_text(s));
}

TEST_CASE("the hash changes with everything that can change a result, and with nothing else") {
  const auto hash = [](const std::vector<std::string>& overrides) {
    return scenario_hash(read_scenario(kText, "s.json", overrides).scenario);
  };
  CHECK(hash({}) == hash({"outputs.trace=true"}));
  CHECK(hash({}) == hash({"plan.bucket=1024 KiB"}));
  CHECK(hash({}) != hash({"seed=2"}));
  CHECK(hash({}) != hash({"plan.bucket=2 MiB"}));
  CHECK(hash({}).size() == 16);
}

TEST_CASE("the checked-in schema and documentation equal the generated ones") {
  const std::string root = ORRERY_SOURCE_DIR;
  CHECK(read_file(root + "/scenarios/scenario.schema.json") == schema_text());
  CHECK(read_file(root + "/docs/scenario.md") == documentation_text());
}
