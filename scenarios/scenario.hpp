// A scenario: one question about one training run, as a JSON file. The same file is predicted by `orrery run`
// and done for real by `orrery train`. Everything here is a plain value described by `fields()`; reading,
// checking and listing are in this folder, and nothing here touches a file (artifact.hpp does).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/fields.hpp"
#include "sim/base/json_io.hpp"
#include "sim/base/text_hash.hpp"
#include "workloads/model/config.hpp"
#include "workloads/parallel/plan.hpp"

namespace orrery::scenario {

enum class Kind { training };
constexpr auto names_of(Kind) {
  return std::array{std::string_view("training")};
}

enum class NoiseMode { off, on };
constexpr auto names_of(NoiseMode) {
  return std::array{std::string_view("off"), std::string_view("on")};
}

struct ClusterConfig {
  int ranks = 1;
  std::optional<Bytes> node_memory;
};
template <class V>
void fields(V& v, ClusterConfig& c) {
  v("ranks", c.ranks, "processes that train, one core each, all on one node", between(1, 4096));
  v("node_memory", c.node_memory,
    "memory that all ranks share; when they need more, the answer is \"does not fit\"", more_than(0));
}

/// Only the real trainer reads data; the prediction depends on shapes alone.
struct FashionMnistData {
  static constexpr std::string_view kind = "fashion_mnist";
  static constexpr std::string_view kind_help = "28 x 28 images of clothes in 10 classes, four IDX files";
  std::optional<std::string> dir;
};
template <class V>
void fields(V& v, FashionMnistData& c) {
  v("dir", c.dir,
    "folder with the IDX files; none: where the Debian package dataset-fashion-mnist puts them");
}

struct TextData {
  static constexpr std::string_view kind = "text";
  static constexpr std::string_view kind_help = "characters of a text, one token each";
  std::optional<std::string> file;
};
template <class V>
void fields(V& v, TextData& c) {
  v("file", c.file, "plain text; none: a freely licensed text that Debian ships");
}

struct SyntheticData {
  static constexpr std::string_view kind = "synthetic";
  static constexpr std::string_view kind_help = "random numbers of the model's shape; needs no file";
};
template <class V>
void fields(V&, SyntheticData&) {}

using DataConfig = std::variant<FashionMnistData, TextData, SyntheticData>;

struct OutputConfig {
  bool trace = false;
};
template <class V>
void fields(V& v, OutputConfig& c) {
  v("trace", c.trace, "write trace.json.gz beside result.json (the option --trace)");
}

struct Scenario {
  std::int64_t version = 1;
  Kind kind = Kind::training;
  std::string name;
  std::string question;
  ClusterConfig cluster;
  model::ModelConfig model;
  parallel::ParallelPlan plan;
  std::int64_t batch = 128;
  model::OptimizerConfig optimizer;
  std::int64_t steps = 50;
  DataConfig data;
  std::string profile;
  NoiseMode noise = NoiseMode::on;
  std::uint64_t seed = 1;
  OutputConfig outputs;
};
template <class V>
void fields(V& v, Scenario& c) {
  v("version", c.version, "version of this format", between(1, 1).required());
  v("kind", c.kind, "what is simulated", required());
  v("name", c.name, "short name for reports", required());
  v("question", c.question, "the question that this file answers, in one line");
  v("cluster", c.cluster, "the machine");
  v("model", c.model, "what is trained", required());
  v("plan", c.plan, "how the ranks share the work");
  v("batch", c.batch, "samples per step over all ranks; the ranks divide it evenly", at_least(1));
  v("optimizer", c.optimizer, "the update rule");
  v("steps", c.steps, "training steps", between(1, 10000000));
  v("data", c.data, "what the real trainer learns from; not used by the prediction");
  v("profile", c.profile,
    "profile of the machine; relative to this file's folder, then to the working directory", required());
  v("noise", c.noise, "\"on\": times vary as they were measured; \"off\": every call takes its median");
  v("seed", c.seed, "of all random numbers");
  v("outputs", c.outputs, "what --out writes besides result.json and scenario.json");
}

/// A checked scenario with the document that it came from.
struct ScenarioFile {
  Scenario scenario;
  JsonDocument document;
};

/// Parses, applies `overrides` ("plan.bucket=4 MiB", in order), reads and checks. `name` is used in messages
/// and to resolve relative paths. Throws ScenarioError.
ScenarioFile read_scenario(std::string text, std::string name,
                           const std::vector<std::string>& overrides = {});
/// The same for a document that is parsed and has its overrides applied.
ScenarioFile read_scenario(JsonDocument document);

/// The rules that join several fields: ranks, plan and batch fit together; heads divide the width. Throws
/// ScenarioError with a value that would work.
void check(const ScenarioFile& file);

/// Every resolved value with its origin: the file, --set, or default.
struct ResolvedValue {
  std::string path, value, origin;
};
std::vector<ResolvedValue> resolved_values(const ScenarioFile& file);
/// The same for the leaves (flatten_fields) of whatever was read from the document.
std::vector<ResolvedValue> resolved_values(const JsonDocument& document,
                                           const std::vector<std::pair<std::string, std::string>>& leaves);

/// The resolved scenario as JSON text, two spaces of indent and a newline at the end.
std::string scenario_text(const Scenario& scenario);

/// 16 hexadecimal digits over everything that can change a result except the profile's content: all fields
/// but `outputs` and the profile's path.
std::string scenario_hash(const Scenario& scenario);

}  // namespace orrery::scenario
