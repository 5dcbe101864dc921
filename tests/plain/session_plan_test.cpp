// The plan that is printed without a device: complete, adding up, and within the time of a visit to a GPU.
#include "calibrate/session_plan.hpp"

#include <catch2/catch.hpp>
#include <sstream>

using namespace orrery;
using namespace orrery::calibrate;

namespace {

SessionOptions gpu(bool full) {
  SessionOptions options;
  options.sweep = {.full = full, .ranks = 1, .target = SweepTarget::gpu};
  options.budget_s = full ? 480.0 : 180.0;
  return options;
}

/// The first number behind `start` at the beginning of a line.
double number_behind(const std::string& text, const std::string& start) {
  const std::size_t at = ("\n" + text).find("\n" + start);
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + start.size()));
}

}  // namespace

TEST_CASE("the plan names every class, and the seconds of its lines add up to those of the first round") {
  for (const bool full : {false, true}) {
    const std::string text = plan_text(gpu(full));
    for (const std::string& name : sweep_classes(SweepTarget::gpu)) {
      INFO(name);
      CHECK(("\n" + text).find("\n" + name + " ") != std::string::npos);
    }
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);  // names of columns
    double sum = 0.0, cases = 0.0;
    while (std::getline(lines, line) && line.rfind("checks", 0) != 0) {
      std::istringstream cells(line.substr(24));
      double count = 0.0, seconds = 0.0;
      cells >> count >> seconds;
      cases += count;
      sum += seconds;
    }
    CHECK(sum == Approx(number_behind(text, "round 1: about ")).margin(0.5 + 0.05 * 56));
    const auto plan = session_plan(gpu(full));
    CHECK(cases == std::count_if(plan.begin(), plan.end(), [](const Visit& v) { return v.round == 0; }));
  }
}

TEST_CASE("a full session reaches the end of the first round in 8 minutes, a quick one in 3") {
  for (const bool full : {false, true}) {
    INFO(plan_text(gpu(full)));
    CHECK(planned_seconds(gpu(full)) < gpu(full).budget_s);
    CHECK(planned_seconds(gpu(full)) > 0.2 * gpu(full).budget_s);  // and does not leave the time unused
  }
}

TEST_CASE("a plan of few classes names them alone and costs less") {
  SessionOptions options = gpu(false);
  options.classes = {"copy", "launch"};
  const std::string text = plan_text(options);
  CHECK(text.find("\ncopy ") != std::string::npos);
  CHECK(text.find("\nadam_bf16 ") == std::string::npos);
  CHECK(planned_seconds(options) < 0.3 * planned_seconds(gpu(false)));
}

TEST_CASE("plans are told apart by their name, which is the same for the same options") {
  const std::string name = session_plan_name(gpu(false));
  CHECK(name == session_plan_name(gpu(false)));
  CHECK_THAT(name, Catch::StartsWith("quick seed=1 visits="));
  CHECK(name != session_plan_name(gpu(true)));
  SessionOptions other = gpu(false);
  other.sweep.seed = Seed{2};
  CHECK(name != session_plan_name(other));
  SessionOptions copies = gpu(false), casts = gpu(false);
  copies.classes = {"copy_h2d"};
  casts.classes = {"copy_d2h"};  // as many cases
  CHECK(session_plan(copies).size() == session_plan(casts).size());
  CHECK(session_plan_name(copies) != session_plan_name(casts));
}
