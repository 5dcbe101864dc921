// Compute times of an sgd scenario from a table of measured mini-batches: what becomes of them, how the answer names them,
// and what a wrong table or a wrong key is met with.
#include "scenarios/measured_compute.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "scenarios/artifact.hpp"
#include "scenarios/question.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::scenario;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Worker b takes twice as long as worker a.
const std::string kTwoWorkers = "job,worker,seconds\nj,a,1\nj,a,0.5\nj,a,1.5\nj,b,2\nj,b,1\nj,b,3\n";

struct Folder {
  Folder() : path(fs::temp_directory_path() / "orrery_measured_compute_test") { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string with(const std::string& name, const std::string& bytes) const {
    write_artifacts(path.string(), {{name, bytes}});
    return (path / name).string();
  }
  fs::path path;
};

std::string scenario_text(const std::string& measured) {
  return R"({"version": 1, "kind": "sgd", "name": "m", "learners": 4, "problem": {"kind": "quadratic"},
    "variants": ["sync"], "horizon": {"time": "20 s"}, "seeds": 2, "measured": )" + measured + "}";
}

Question question_of(const Folder& folder, const std::string& measured, const std::vector<std::string>& overrides = {}) {
  return read_question_file(folder.with("m.json", scenario_text(measured)), overrides);
}

std::string error_of(const Folder& folder, const std::string& measured, const std::vector<std::string>& overrides = {}) {
  try {
    question_of(folder, measured, overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

const straggler::StragglerConfig& compute_of(const Question& question) {
  return std::get<SgdScenario>(question.scenario).compute;
}

}  // namespace

/// The median of 0.5 1 1 1.5 2 3 is 1.25: factors 0.8 and 1.6. Over them both workers have 0.625, 1.25 and 1.875 s.
TEST_CASE("measured workers become factors, and what is left becomes the distribution") {
  const Folder folder;
  folder.with("t.csv", kTwoWorkers);
  const Question q = question_of(folder, R"({"file": "t.csv", "model": "empirical"})");
  CHECK(compute_of(q).factors == std::vector<double>{0.8, 1.6});
  CHECK(compute_of(q).distribution.name() == "empirical");
  CHECK(compute_of(q).distribution->quantile(0.5).value() == Approx(1.25));
  CHECK(compute_of(q).distribution->cdf(Seconds(0.624)) == 0.0);
  CHECK(compute_of(q).distribution->cdf(Seconds(1.876)) == 1.0);

  const Question alike = question_of(folder, R"({"file": "t.csv", "model": "empirical", "workers": false})");
  CHECK(compute_of(alike).factors == std::vector<double>{1.0});
  CHECK(compute_of(alike).distribution->quantile(0.5).value() == Approx(1.25));
  CHECK(compute_of(alike).distribution->cdf(Seconds(2.9)) < 1.0);
}

TEST_CASE("a packed table in milliseconds says the same as a plain one in seconds") {
  const Folder folder;
  folder.with("t.csv", kTwoWorkers);
  folder.with("ms.csv.gz", gzip("ms,job,worker\n1000,j,a\n500,j,a\n1500,j,a\n2000,j,b\n1000,j,b\n3000,j,b\n"));
  const Question plain = question_of(folder, R"({"file": "t.csv"})");
  const Question packed = question_of(folder, R"({"file": "ms.csv.gz", "column": "ms", "unit": "1 ms", "job": "j"})");
  CHECK(compute_of(packed).distribution.name() == compute_of(plain).distribution.name());
  CHECK(compute_of(packed).distribution->mean().value() == Approx(compute_of(plain).distribution->mean().value()));
  CHECK(compute_of(packed).factors == compute_of(plain).factors);
}

TEST_CASE("the answer says which family was fitted to how many times of which file, and how well") {
  const Folder folder;
  std::string csv = "seconds\n";
  RngStream random = stream(Seed{1}, "measured");
  for (int i = 0; i < 500; ++i) csv += std::to_string(random.exponential(0.2)) + "\n";
  folder.with("t.csv", csv);
  const Question q = question_of(folder, R"({"file": "t.csv"})");
  const auto report = std::get<SgdReport>(answer(q).report);
  CHECK_THAT(report.compute_time, Contains("exponential fitted to 500 times of t.csv") &&
                                      Contains("Kolmogorov-Smirnov distance 0.0"));
  CHECK(report.compute_mean_s == Approx(0.2).epsilon(0.1));
  CHECK_THAT(answer_text(answer(q), Format::table), Contains("fitted to 500 times of t.csv"));
}

TEST_CASE("a dry run lists what was made of measured times, and the stored scenario asks the same again") {
  const Folder folder;
  folder.with("t.csv", kTwoWorkers);
  const Question q = question_of(folder, R"({"file": "t.csv"})");
  bool listed = false;
  for (const ResolvedValue& value : resolved_values(q)) {
    if (value.path == "compute.factors.0" || value.path == "compute.factors") {
      listed = true;
      CHECK_THAT(value.value, Contains("0.8"));
    }
    if (value.path.starts_with("compute.")) CHECK(value.origin == "measured");
  }
  CHECK(listed);
  const Question again = read_question(parse_json(question_text(q), "elsewhere.json"));
  CHECK(question_text(again) == question_text(q));
  CHECK(scenario_hash(std::get<SgdScenario>(again.scenario)) == scenario_hash(std::get<SgdScenario>(q.scenario)));
}

TEST_CASE("wrong use of measured times is met with what would work") {
  const Folder folder;
  folder.with("t.csv", kTwoWorkers);
  folder.with("two.csv", "job,seconds\nfirst,1\nsecond,2\n");
  const std::string good = R"({"file": "t.csv"})";
  CHECK_THAT(error_of(folder, R"({"file": "none.csv"})"), Contains("none.csv"));
  CHECK_THAT(error_of(folder, R"({"file": "two.csv"})"), Contains("2 jobs") && Contains("\"first\""));
  CHECK_THAT(error_of(folder, R"({"file": "two.csv", "job": "secnd"})"), Contains("$.measured.job") && Contains("second"));
  CHECK_THAT(error_of(folder, R"({"file": "t.csv", "column": "second"})"), Contains("t.csv:1") && Contains("seconds"));
  CHECK_THAT(error_of(folder, R"({"file": "t.csv", "model": "fited"})"), Contains("fitted"));
  CHECK_THAT(error_of(folder, good, {"compute.factors=[1]"}), Contains("$.measured") && Contains("give one of them"));
  CHECK_THAT(error_of(folder, good, {"learners=1"}), Contains("2 workers for 1 learners") && Contains("workers=false"));
  CHECK(error_of(folder, good, {"learners=1", "measured.workers=false"}) == "no error");
}

// Not part of this repository (Weng et al., "MLaaS in the Wild", NSDI 2022): normalised times, ten workers to a job.
TEST_CASE("a production job's measured times run as a scenario of ten learners") {
  const char* data = std::getenv("ORRERY_DATA");
  if (data == nullptr) {
    WARN("skipped: the environment variable ORRERY_DATA names no folder with measured times");
    return;
  }
  const Folder folder;
  const std::string file = std::string(data) + "/traces/alibaba_pai_minibatch_times.csv.gz";
  const Question q = question_of(folder, R"({"file": ")" + file + R"(", "column": "batch_time_norm", "unit": "1 ms", "job": "1"})",
                                 {"learners=10"});
  const auto report = std::get<SgdReport>(answer(q).report);
  CHECK_THAT(report.compute_time, Contains("fitted to 3000 times") && Contains("10 workers"));
  // A synchronous iteration waits for the slowest of ten: it takes longer than the mean mini-batch.
  CHECK(report.variants[0].iteration_s > report.compute_mean_s);
}
