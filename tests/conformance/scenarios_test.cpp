// Every scenario of the repository is under test the moment its file exists.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "scenarios/question.hpp"

using namespace orrery;
using namespace orrery::scenario;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> all_scenarios() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(ORRERY_SOURCE_DIR) / "scenarios")) {
    const std::string name = entry.path().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json") && !name.ends_with("_sweep.json")) {
      files.push_back(name);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Few steps, or a short time and one seed: what is checked does not depend on their number.
Question read(const std::string& path) {
  std::vector<std::string> few;
  if (path.find("/train/") != std::string::npos) few = {"steps=5"};
  if (path.find("/sgd/") != std::string::npos) {
    few = {"horizon.time=6 s", "outputs.loss_at=[]", "evaluation.points=4", "evaluation.samples=50", "seeds=2"};
  }
  return read_question_file(path, few);
}

}  // namespace

TEST_CASE("every scenario reads, has its file's name and a question") {
  REQUIRE(all_scenarios().size() >= 12);
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Question q = read(path);
    const auto [name, question] =
        std::visit([](const auto& s) { return std::pair{s.name, s.question}; }, q.scenario);
    CHECK(name == fs::path(path).stem().string());
    CHECK(question.size() > 20);
    CHECK(question.back() != ' ');
  }
}

TEST_CASE("every scenario runs twice with the same bytes, with and without a trace") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Question q = read(path);
    const Answer first = answer(q, false);
    CHECK(goal_met(first));
    CHECK(first.trace.empty());
    const Answer traced = answer(q, true);
    CHECK(result_json(first) == result_json(traced));
    CHECK_FALSE(traced.trace.empty());
    CHECK(traced.trace == answer(read(path), true).trace);
    CHECK_FALSE(rows(first).empty());
  }
}

TEST_CASE("the resolved form of every scenario is the same question again") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const std::string text = question_text(read(path));
    CHECK(question_text(read_question(parse_json(text, path))) == text);
  }
}

TEST_CASE("the answer to every scenario fits one screen and ends with where the time goes") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Answer result = answer(read(path));
    for (const bool here : {false, true}) {
      const std::string table = answer_text(result, Format::table, {here, false, false});
      CHECK(std::count(table.begin(), table.end(), '\n') <= 40);
      if (const auto* training = std::get_if<RunReport>(&result.report)) {
        CHECK_THAT(table, Catch::Contains("100.0 %"));  // the shares of the step
        CHECK(table.ends_with(training->prediction->bottleneck + "\n"));
      } else if (const auto* collective = std::get_if<CollectiveReport>(&result.report)) {
        CHECK(table.ends_with(collective->verdict + "\n"));
      } else {
        CHECK(table.ends_with(std::get<SgdReport>(result.report).verdict + "\n"));
      }
    }
  }
}

TEST_CASE("every sgd scenario says what to look at, and its learners' time is accounted for") {
  for (const std::string& path : all_scenarios()) {
    const Question q = read(path);
    const auto* scenario = std::get_if<SgdScenario>(&q.scenario);
    if (scenario == nullptr) continue;
    CAPTURE(path);
    CHECK(scenario->look_at.size() > 20);
    const Answer result = answer(q);
    for (const SgdVariantReport& v : std::get<SgdReport>(result.report).variants) {
      CAPTURE(v.label);
      CHECK(v.computed_share + v.wasted_share + v.waited_share + v.communicated_share == Approx(1.0).margin(1e-6));
      CHECK(static_cast<double>(v.staleness_shares.size()) <=
            1.0 + static_cast<double>(v.staleness_bound.value_or(INT32_MAX)));
    }
  }
}

TEST_CASE("no collective beats what the ports of its ranks allow, and no link carries more than it can") {
  for (const std::string& path : all_scenarios()) {
    CAPTURE(path);
    const Answer result = answer(read(path));
    const auto* report = std::get_if<CollectiveReport>(&result.report);
    if (report == nullptr) continue;
    for (const CollectiveCaseReport& c : report->cases) {
      CAPTURE(c.algorithm, c.size_bytes);
      CHECK(c.time_s >= c.bound_s);
      for (const LinkReport& link : c.links) {
        CHECK(link.utilisation <= 1.0);
        // The mean over time is the utilisation of the whole; both runs round each event to a nanosecond.
        double mean = 0.0;
        for (const double share : link.utilisation_over_time) mean += share / c.links[0].utilisation_over_time.size();
        if (!link.utilisation_over_time.empty()) CHECK(mean == Approx(link.utilisation).epsilon(1e-3));
      }
    }
  }
}
