#include "validate/reference/train_run.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/stats.hpp"

namespace orrery::reference {
namespace {

constexpr const char* kFormat = "orrery-train-run-1";

double number(const Json& json) {
  return json.is_null() ? std::nan("") : json.get<double>();
}

std::size_t warm_start(const TrainRun& run) {
  return std::min(static_cast<std::size_t>(run.warm_up), run.logs.front().steps.size() - 1);
}

StepParts operator+(const StepParts& a, const StepParts& b) {
  return {a.input + b.input,       a.forward + b.forward,
          a.backward + b.backward, a.communication + b.communication,
          a.waiting + b.waiting,   a.update + b.update};
}

StepParts operator*(const StepParts& a, double factor) {
  return {a.input * factor,         a.forward * factor, a.backward * factor,
          a.communication * factor, a.waiting * factor, a.update * factor};
}

/// The rank that ends this step last.
int last_rank(const TrainRun& run, std::size_t step) {
  const auto last = std::max_element(
      run.logs.begin(), run.logs.end(),
      [step](const RankLog& a, const RankLog& b) { return a.steps[step].end < b.steps[step].end; });
  return static_cast<int>(last - run.logs.begin());
}

}  // namespace

StepParts step_parts(const TrainRun& run, int rank, std::size_t step) {
  const StepLog& log = run.logs[static_cast<std::size_t>(rank)].steps[step];
  StepParts parts;
  for (std::size_t b = 0; b < log.buckets.size(); ++b) {
    double all_arrived = log.buckets[b].begin;
    for (const RankLog& other : run.logs)
      all_arrived = std::max(all_arrived, other.steps[step].buckets[b].begin);
    all_arrived = std::min(all_arrived, log.buckets[b].end);
    parts.waiting += all_arrived - log.buckets[b].begin;
    parts.communication += log.buckets[b].end - all_arrived;
  }
  parts.input = log.input - log.start;
  parts.forward = log.forward - log.input;
  parts.backward = log.backward - log.forward - parts.waiting - parts.communication;
  parts.update = log.end - log.backward;
  return parts;
}

RunSummary summarise(const TrainRun& run) {
  SIM_ASSERT(!run.logs.empty() && !run.logs.front().steps.empty(), "a run without steps has no summary");
  const std::vector<StepLog>& steps = run.logs.front().steps;
  const std::size_t first = warm_start(run);
  RunSummary summary;
  for (std::size_t i = first; i < steps.size(); ++i) {
    summary.steps.push_back((i + 1 < steps.size() ? steps[i + 1].start : steps[i].end) - steps[i].start);
  }
  summary.median = median(summary.steps);
  summary.p10 = quantile(summary.steps, 0.1);
  summary.p90 = quantile(summary.steps, 0.9);
  const double elapsed = steps.back().end - steps[first].start;
  summary.samples_per_s =
      static_cast<double>(run.config.batch) * static_cast<double>(summary.steps.size()) / elapsed;
  const double low = quantile(summary.steps, 0.25);
  const double high = quantile(summary.steps, 0.75);
  StepParts sum;
  for (std::size_t i = first; i < steps.size(); ++i) {
    const double length = summary.steps[i - first];
    if (length >= low && length <= high) sum = sum + step_parts(run, last_rank(run, i), i);
  }
  summary.parts = sum * (summary.median / sum.total());
  return summary;
}

Json rank_log_json(const RankLog& log) {
  Json steps = Json::array();
  for (const StepLog& s : log.steps) {
    Json buckets = Json::array();
    for (const Span& b : s.buckets) {
      buckets.push_back(b.begin);
      buckets.push_back(b.end);
    }
    steps.push_back(Json::array({s.start, s.input, s.forward, s.backward, s.end, buckets}));
  }
  Json nodes = Json::array();
  for (const NodeLog& n : log.nodes) nodes.push_back(Json::array({n.step, n.node, n.span.begin, n.span.end}));
  return Json{{"steps", steps}, {"nodes", nodes}};
}

RankLog parse_rank_log(const Json& json) {
  RankLog log;
  for (const Json& s : json.at("steps")) {
    StepLog step{s.at(0).get<double>(), s.at(1).get<double>(), s.at(2).get<double>(),
                 s.at(3).get<double>(), s.at(4).get<double>(), {}};
    const Json& buckets = s.at(5);
    for (std::size_t i = 0; i + 1 < buckets.size(); i += 2) {
      step.buckets.push_back({buckets.at(i).get<double>(), buckets.at(i + 1).get<double>()});
    }
    log.steps.push_back(std::move(step));
  }
  for (const Json& n : json.at("nodes")) {
    log.nodes.push_back({n.at(0).get<std::int64_t>(), n.at(1).get<std::size_t>(),
                         Span{n.at(2).get<double>(), n.at(3).get<double>()}});
  }
  return log;
}

std::string train_run_text(const TrainRun& run) {
  Json json{{"format", kFormat},
            {"config", write_json(run.config)},
            {"ranks", run.ranks},
            {"model", run.model_name},
            {"data", run.data_description},
            {"parameters", run.parameters},
            {"first_step", run.first_step},
            {"warm_up", run.warm_up},
            {"losses", run.losses}};
  if (run.test) {
    json["test"] = {{"loss", run.test->loss}, {"accuracy", run.test->accuracy}, {"labels", run.test->labels}};
  }
  if (run.bigram_entropy) json["bigram_entropy"] = *run.bigram_entropy;
  json["node_names"] = run.node_names;
  json["ranks_log"] = Json::array();
  for (const RankLog& log : run.logs) json["ranks_log"].push_back(rank_log_json(log));
  return json.dump() + "\n";
}

TrainRun parse_train_run(const JsonDocument& document) {
  const Json& json = document.root;
  if (!json.is_object() || json.value("format", "") != kFormat) {
    throw ScenarioError(document.name,
                        std::string("not a recorded training run (no \"format\": \"") + kFormat + "\")");
  }
  TrainRun run;
  try {
    JsonDocument config;
    config.name = document.name;
    config.root = json.at("config");
    read_json(config, run.config);
    run.ranks = json.at("ranks").get<int>();
    run.model_name = json.at("model").get<std::string>();
    run.data_description = json.at("data").get<std::string>();
    run.parameters = json.at("parameters").get<std::int64_t>();
    run.first_step = json.at("first_step").get<std::int64_t>();
    run.warm_up = json.at("warm_up").get<std::int64_t>();
    for (const Json& loss : json.at("losses")) run.losses.push_back(number(loss));
    if (json.contains("test")) {
      const Json& test = json.at("test");
      run.test =
          Score{number(test.at("loss")), number(test.at("accuracy")), test.at("labels").get<std::int64_t>()};
    }
    if (json.contains("bigram_entropy")) run.bigram_entropy = json.at("bigram_entropy").get<double>();
    run.node_names = json.at("node_names").get<std::vector<std::string>>();
    for (const Json& log : json.at("ranks_log")) run.logs.push_back(parse_rank_log(log));
  } catch (const Json::exception& error) {
    throw ScenarioError(document.name, std::string("damaged record of a training run: ") + error.what());
  }
  if (run.ranks < 1 || run.logs.size() != static_cast<std::size_t>(run.ranks)) {
    throw ScenarioError(document.name, "damaged record of a training run: its logs do not cover its ranks");
  }
  for (const RankLog& log : run.logs) {
    const bool complete = !log.steps.empty() && log.steps.size() == run.logs.front().steps.size();
    if (!complete) throw ScenarioError(document.name, "damaged record of a training run: incomplete logs");
  }
  return run;
}

}  // namespace orrery::reference
