// A sweep into a table: checks come first, what is wrong on one rank is left out on all, and an interrupted
// sweep goes on, checks included.
#include "calibrate/table_sweep.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <thread>

#include "calibrate/checks_on_ranks.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/measurement_store.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

/// "Computing" writes ones into every output.
void write_ones(const cost::Op& op, OperandValues& values) {
  const auto operands = cost::operands(op);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].access != cost::Access::read) std::fill(values[i].begin(), values[i].end(), 1.0F);
  }
}

/// What ranks agree on, one thread per rank.
struct Meeting {
  explicit Meeting(int ranks) : barrier(ranks) {}
  std::barrier<> barrier;
  std::array<double, 2> values{};
};

/// A fake GPU that computes, but for `wrong` classes; one of several ranks where there is a meeting.
class ComputingGpu : public FakeBackend {
 public:
  explicit ComputingGpu(std::set<std::string> wrong = {}, int rank = 0, Meeting* meeting = nullptr)
      : FakeBackend({.ranks = meeting == nullptr ? 1 : 2, .seconds_per_prepare = 0.1}, fake_gpu_truth()),
        wrong_(std::move(wrong)),
        rank_(rank),
        meeting_(meeting) {}
  int rank() const override { return rank_; }
  void compute(const cost::Op& op, OperandValues& values) override {
    checked.insert(cost::class_name(op));
    if (cost::class_name(op) == dies_in) throw InternalError("the process ends here");
    if (wrong_.count(cost::class_name(op)) == 0) write_ones(op, values);
  }
  double max_over_ranks(double value) override {
    if (meeting_ == nullptr) return value;
    meeting_->values[static_cast<std::size_t>(rank_)] = value;
    meeting_->barrier.arrive_and_wait();
    const double most = std::max(meeting_->values[0], meeting_->values[1]);
    meeting_->barrier.arrive_and_wait();
    return most;
  }

  std::set<std::string> checked;
  std::string dies_in;

 private:
  std::set<std::string> wrong_;
  int rank_;
  Meeting* meeting_;
};

std::string scratch(const std::string& name) {
  const fs::path folder = fs::path(ORRERY_BINARY_DIR) / "table_sweep_test";
  fs::remove_all(folder / name);
  fs::create_directories(folder / name);
  return (folder / name / "m.csv").string();
}

TableOptions gpu_options(const std::string& file) {
  TableOptions options;
  options.file = file;
  options.date = "2026-01-31";
  options.sweep = {.ranks = 1, .target = SweepTarget::gpu};
  options.reference = write_ones;
  return options;
}

TableResult run(ComputingGpu& gpu, const TableOptions& options, std::string* said = nullptr) {
  return measure_table(gpu, options, [&gpu] { return gpu.now(); },
                       {[said](const std::string& line) {
                          if (said != nullptr) *said += line + "\n";
                        },
                        {}});
}

std::vector<CheckRecord> records_of(const std::string& file) {
  return parse_checks(read_text_file(file + ".checks.jsonl"), "checks");
}

}  // namespace

TEST_CASE("a GPU's classes are checked before they are timed, and a wrong one has rows without times") {
  const std::string file = scratch("wrong");
  ComputingGpu gpu({"add_bf16"});
  std::string said;
  const TableResult result = run(gpu, gpu_options(file), &said);
  CHECK(result.left_out == 1);
  CHECK_THAT(said, Contains("1 wrong or refused") && Contains("add_bf16: failed its check"));
  CHECK(records_of(file).size() > sweep_classes(SweepTarget::gpu).size());
  int wrong = 0;
  for (const Measurement& row : read_measurements(read_text_file(file), file).rows) {
    CHECK(row.is_measured() == (class_name(row.subject) != "add_bf16"));
    wrong += row.is_measured() ? 0 : 1;
  }
  CHECK(wrong > 0);
}

TEST_CASE("a GPU's sweep ends when its time is up, and what was spent before counts") {
  const std::string file = scratch("budget");
  ComputingGpu gpu;
  TableOptions options = gpu_options(file);
  options.spent_s = 150.0;  // of 170 s; each visit takes 0.1 s or more
  const TableResult result = run(gpu, options);
  CHECK(result.reached < result.planned);
  CHECK(result.reached > 50);
  CHECK(gpu.now() < 21.0);
  CHECK(read_measurements(read_text_file(file), file).rows.size() == result.reached);
  CHECK_FALSE(fs::exists(file + ".part"));
}

TEST_CASE("a sweep without a moment left writes no table, and goes on when it is started again") {
  const std::string file = scratch("no time");
  ComputingGpu gpu, again;
  TableOptions options = gpu_options(file);
  options.spent_s = 171.0;
  CHECK(run(gpu, options).reached == 0);
  CHECK_FALSE(fs::exists(file));
  options.spent_s = 165.0;
  CHECK(run(again, options).reached > 0);
  CHECK(again.checked.empty());  // the first run's checks count
}

TEST_CASE("a check that took the process down is not tried again, the others are not repeated") {
  const std::string file = scratch("died");
  ComputingGpu first, second;
  first.dies_in = "copy";
  CHECK_THROWS_AS(run(first, gpu_options(file)), InternalError);
  CHECK(records_of(file).back().state == "started");
  TableOptions options = gpu_options(file);
  options.spent_s = 160.0;
  const TableResult result = run(second, options);
  CHECK(result.left_out == 1);
  CHECK(second.checked.count("copy") == 0);
  CHECK(second.checked.count("add_bf16") == 0);  // sorted before copy
  CHECK(second.checked.count("transpose_bf16") == 1);
}

TEST_CASE("the checks of another sweep do not count") {
  const std::string file = scratch("other");
  ComputingGpu first({"add_bf16"}), second;
  TableOptions options = gpu_options(file);
  options.spent_s = 169.0;
  CHECK(run(first, options).left_out == 1);
  CHECK(run(second, options).left_out == 0);
  CHECK(second.checked.count("add_bf16") == 1);
}

TEST_CASE("what is wrong on one rank is left out on all, and rank 0 writes that it was another") {
  const std::string file = scratch("ranks");
  const std::vector<std::string> classes{"add_bf16", "copy", "relu_forward_bf16"};
  Meeting meeting(2);
  std::map<std::string, std::string> excluded[2];
  std::set<std::string> checked[2];
  Journal journal(file + ".checks.jsonl");
  journal.open();
  journal.add(record_line({"relu_forward_bf16", "", "started", "", 0.0, 0.0, ""}));
  const auto rank = [&](int number, const std::set<std::string>& wrong, Journal* own) {
    ComputingGpu gpu(wrong, number, &meeting);
    excluded[number] = check_on_ranks(gpu, classes, write_ones, own);
    checked[number] = gpu.checked;
  };
  std::thread other(rank, 1, std::set<std::string>{"copy"}, nullptr);
  rank(0, {}, &journal);
  other.join();
  CHECK(checked[0] == std::set<std::string>{"add_bf16", "copy"});
  CHECK(checked[1] == checked[0]);
  for (const auto& of_rank : excluded) {
    CHECK(of_rank.size() == 2);
    CHECK(of_rank.count("copy") == 1);
    CHECK(of_rank.count("relu_forward_bf16") == 1);
  }
  CHECK_THAT(excluded[0].at("copy"), Contains("on another rank"));
  CHECK(records_of(file).back().class_name == "copy");
}

TEST_CASE("a CPU's sweep makes every visit and checks nothing") {
  const std::string file = scratch("cpu");
  FakeBackend cpu({.ranks = 2});
  TableOptions options;
  options.file = file;
  options.sweep = {.ranks = 2};
  const TableResult result = measure_table(cpu, options, [&cpu] { return cpu.now(); }, {});
  CHECK(result.reached == result.planned);
  CHECK_FALSE(fs::exists(file + ".checks.jsonl"));
}
