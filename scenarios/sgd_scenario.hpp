// A scenario of kind "sgd": variants of parallel SGD race on one problem, one cluster and one distribution of compute
// times. A plain value described by `fields()`, like the other kinds. `orrery run` answers it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/measured_compute.hpp"
#include "sim/base/fields.hpp"
#include "sim/base/json_io.hpp"
#include "workloads/learn/mixture.hpp"
#include "workloads/sgd/spec.hpp"

namespace orrery::scenario {

enum class SgdOnly { sgd };
constexpr auto names_of(SgdOnly) {
  return std::array{std::string_view("sgd")};
}

struct DigitsSource {
  static constexpr std::string_view kind = "digits";
  static constexpr std::string_view kind_help = "1,797 handwritten digits of 8 x 8 pixels (UCI), part of the program";
};
template <class V>
void fields(V&, DigitsSource&) {}

struct FashionMnistSource {
  static constexpr std::string_view kind = "fashion_mnist";
  static constexpr std::string_view kind_help = "70,000 images of clothes of 28 x 28 pixels, four IDX files";
  std::optional<std::string> dir;
};
template <class V>
void fields(V& v, FashionMnistSource& c) {
  v("dir", c.dir, "folder with the IDX files; none: where the Debian package dataset-fashion-mnist puts them");
}

struct MixtureSource : learn::MixtureConfig {
  static constexpr std::string_view kind = "mixture";
  static constexpr std::string_view kind_help = "seeded normal clouds, one per class; needs no file";
};

using LearningData = std::variant<DigitsSource, FashionMnistSource, MixtureSource>;

/// A registered variant that can stand in a list.
struct VariantChoice : Registered<sync::Variant> {
  VariantChoice() : Registered("sync") {}
};

struct SgdTarget {
  std::optional<double> loss, accuracy;
};
template <class V>
void fields(V& v, SgdTarget& c) {
  v("loss", c.loss, "training loss that is to be reached");
  v("accuracy", c.accuracy, "test accuracy that is to be reached, 0 to 1", between(0, 1));
}

struct SgdOutputs {
  bool trace = false;
  std::vector<Seconds> loss_at;
  int timeline = 200;
};
template <class V>
void fields(V& v, SgdOutputs& c) {
  v("trace", c.trace, "write trace.json.gz beside result.json (the option --trace)");
  v("loss_at", c.loss_at, "moments whose loss the table shows, at the nearest evaluation; none: 5, 10, 30 and 100 hundredths of "
    "horizon.time", more_than(0));
  v("timeline", c.timeline, "spans of each variant's learners that the answer holds, for the page and the trace", between(0, 100000));
}

struct SgdScenario {
  std::int64_t version = 1;
  SgdOnly kind = SgdOnly::sgd;
  std::string name;
  std::string question;
  std::string look_at;
  int learners = 8;
  Registered<learn::Problem> problem{"softmax_regression"};
  LearningData data;
  std::int64_t batch = 32;
  learn::UpdateConfig update;
  straggler::StragglerConfig compute;
  std::optional<MeasuredTimes> measured;
  sgd::Aggregation aggregation;
  learn::CompressionConfig push, pull;
  std::vector<VariantChoice> variants = std::vector<VariantChoice>(1);
  sgd::Horizon horizon;
  sgd::EvaluationConfig evaluation;
  SgdTarget target;
  int seeds = 10;
  std::uint64_t seed = 1;
  SgdOutputs outputs;
};
template <class V>
void fields(V& v, SgdScenario& c) {
  v("version", c.version, "version of this format", between(1, 1).required());
  v("kind", c.kind, "what is simulated", required());
  v("name", c.name, "short name for reports", required());
  v("question", c.question, "the question that this file answers, in one line");
  v("look_at", c.look_at, "what to look at in the answer, in one line");
  v("learners", c.learners, "P: processes that compute gradients", between(1, 4096));
  v("problem", c.problem, "what is learned (orrery list problems)");
  v("data", c.data, "what it is learned from; not read by problems that make their own");
  v("batch", c.batch, "samples of one learner's mini-batch", between(1, 1048576));
  v("update", c.update, "how gradients change the model");
  v("compute", c.compute, "how long a mini-batch takes a learner");
  v("measured", c.measured, "take `compute` from measured times instead");
  v("aggregation", c.aggregation, "how gradients meet and models travel");
  v("push", c.push, "compression of gradients on their way to the server");
  v("pull", c.pull, "compression of updates on their way to the learners");
  v("variants", c.variants, "what races (orrery list sgd_variants)");
  v("horizon", c.horizon, "when a run ends");
  v("evaluation", c.evaluation, "when and on what the model is scored");
  v("target", c.target, "what the time to is reported for");
  v("seeds", c.seeds, "runs of each variant, with seeds seed, seed+1, ...; all variants share them", between(1, 10000));
  v("seed", c.seed, "of all random numbers of the first run");
  v("outputs", c.outputs, "what the answer holds");
}

/// Reads and checks: variants fit the learners, distributions and aggregation make sense, the problem can learn from the
/// data's kind. `compute` is not yet what `measured` says (question.hpp). Throws ScenarioError with a value that would work.
SgdScenario read_sgd_scenario(const JsonDocument& document);

/// One run: that variant with the run-th seed.
sgd::SgdSpec sgd_spec(const SgdScenario& scenario, std::size_t variant, int run, const learn::Dataset* data);

/// 16 hexadecimal digits over everything that can change a result (of measured times: over what became of them).
std::string scenario_hash(const SgdScenario& scenario);

}  // namespace orrery::scenario
