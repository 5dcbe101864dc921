// measurements.csv: round trip, and a place for every mistake.
#include "calibrate/measurements.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "calibrate/measurement_store.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::calibrate;
using Catch::Contains;

namespace {

Measurement a_row(double median_s) {
  Measurement row;
  row.subject = cost::Op(cost::Gemm{.m = 64, .n = 10, .k = 784, .trans_b = true});
  row.conditions = {2, Bytes(65536)};
  row.ranks = 2;
  row.round = 1;
  row.start_s = 12.5;
  row.times.samples = 40;
  row.times.outliers = 2;
  row.times.median_s = median_s;
  row.times.mean_s = row.times.max_s = 2 * median_s;
  row.times.min_s = 0.5 * median_s;
  row.times.quantiles_s.fill(median_s);
  row.worst_rank_median_s = median_s;
  row.backend = "cpu";
  row.device = "A \"fast\" chip, 2 cores";
  row.algorithm = "library 1.0";
  row.fingerprint_id = "0123";
  return row;
}

MeasurementFile a_file() {
  MeasurementFile file{"2026-01-31", {{"cpu", "A = B"}, {"env X", ""}}, {{"sweep", "quick"}}, {}};
  file.rows = {a_row(1.5e-5), a_row(2.5e-3)};
  file.rows[1].subject = cost::CollectiveCase{cost::CollectiveKind::all_gather, Bytes(4096), 2};
  file.rows[1].is_anchor = true;
  return file;
}

std::string scratch_file(const std::string& name) {
  const std::string path = (std::filesystem::temp_directory_path() / ("orrery_" + name)).string();
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".part");
  return path;
}

}  // namespace

TEST_CASE("a table of measurements survives writing and reading") {
  const std::string text = write_measurements(a_file());
  const MeasurementFile back = read_measurements(text, "m.csv");
  CHECK(write_measurements(back) == text);
  CHECK(back.date == "2026-01-31");
  CHECK(back.fingerprint == a_file().fingerprint);
  CHECK(back.facts.at("sweep") == "quick");
  REQUIRE(back.rows.size() == 2);
  CHECK(back.rows[0].subject == a_file().rows[0].subject);
  CHECK(back.rows[0].conditions.ranks_busy == 2);
  CHECK(back.rows[0].device == "A \"fast\" chip, 2 cores");
  CHECK(back.rows[0].times.median_s == 1.5e-5);
  CHECK(back.rows[1].is_anchor);
  CHECK(class_name(back.rows[1].subject) == "all_gather");
}

TEST_CASE("an imported table needs class, shape and median only, in any order") {
  const MeasurementFile file =
      read_measurements("median_s,class,shape\n0.001,copy,elements=1000\n", "import.csv");
  REQUIRE(file.rows.size() == 1);
  CHECK(file.rows[0].subject == Case(cost::Op(cost::Copy{.elements = 1000})));
  CHECK(file.rows[0].conditions.ranks_busy == 1);
}

TEST_CASE("a malformed table is refused with file, line and column") {
  const auto reading = [](const std::string& text) { return read_measurements(text, "m.csv"); };
  CHECK_THROWS_WITH(reading("class,shape,median\n"),
                    Contains("m.csv:1:13") && Contains("did you mean \"median_s\""));
  CHECK_THROWS_WITH(reading("# a=b\nclass,shape\n"), Contains("m.csv:2:1") && Contains("median_s"));
  const std::string head = "class,shape,median_s\n";
  CHECK_THROWS_WITH(reading(head + "copy,elements=10,fast\n"),
                    Contains("m.csv:2:18") && Contains("median_s: expected a number >= 0, got \"fast\""));
  CHECK_THROWS_WITH(reading(head + "copy,elements=10,-1\n"), Contains("m.csv:2:18"));
  CHECK_THROWS_WITH(reading(head + "copy,elements=10\n"), Contains("m.csv:2") && Contains("2 cells"));
  CHECK_THROWS_WITH(reading(head + "\ncopi,elements=10,1\n"), Contains("m.csv:3:1") && Contains("copy"));
  CHECK_THROWS_WITH(reading(head + "copy,rows=10,1\n"), Contains("m.csv:2:1") && Contains("elements"));
  CHECK_THROWS_WITH(reading(head + "all_reduce,size=10,1\n"), Contains("bytes=4096 ranks=2"));
  CHECK_THROWS_WITH(reading(head + "copy,elements=10,0\n"), Contains("time > 0"));
  CHECK_THROWS_WITH(reading(head + "copy,\"elements=10,1\n"), Contains("m.csv:2:1") && Contains("closing quote"));
  CHECK_THROWS_WITH(reading("# nothing here\n"), Contains("not a table of measurements"));
}

TEST_CASE("every column has a name of its own and an explanation") {
  std::set<std::string> names;
  for (const ColumnHelp& column : measurement_columns()) {
    names.insert(column.name);
    CHECK(!column.help.empty());
  }
  CHECK(names.size() == measurement_columns().size());
  CHECK(names.count("worst_rank_median_s") == 1);
}

TEST_CASE("every column is explained in docs/measurements.md") {
  const std::string page = read_text_file(std::string(ORRERY_SOURCE_DIR) + "/docs/measurements.md");
  for (const ColumnHelp& column : measurement_columns()) {
    CHECK_THAT(page, Contains("| `" + column.name + "` | " + column.help + " |"));
  }
}

TEST_CASE("an interrupted sweep keeps its finished rows and drops half a line") {
  const std::string path = scratch_file("resume.csv");
  MeasurementFile header = a_file();
  header.rows.clear();
  { MeasurementStore(path, header).append(a_row(1e-3)); }
  write_text_file(path + ".part", read_text_file(path + ".part") + "cpu,half a li");
  header.date = "2026-02-01";
  {
    MeasurementStore again(path, header);
    CHECK(again.rows_kept() == 1);
    CHECK(again.last_start_s() == 12.5);
    again.append(a_row(2e-3));
    CHECK_FALSE(std::filesystem::exists(path));
    again.finish();
  }
  const MeasurementFile file = read_measurements(read_text_file(path), path);
  REQUIRE(file.rows.size() == 2);
  CHECK(file.rows[1].times.median_s == 2e-3);
  CHECK_FALSE(std::filesystem::exists(path + ".part"));
  std::filesystem::remove(path);
}

TEST_CASE("rows of another machine or plan are not continued") {
  const std::string path = scratch_file("foreign.csv");
  MeasurementFile header = a_file();
  header.rows.clear();
  { MeasurementStore(path, header).append(a_row(1e-3)); }
  header.fingerprint["cpu"] = "another";
  CHECK(MeasurementStore(path, header).rows_kept() == 0);
  std::filesystem::remove(path + ".part");
  CHECK_THROWS_AS(MeasurementStore("/nowhere/m.csv", header), BackendError);
  CHECK_THROWS_AS(read_text_file("/nowhere/m.csv"), ScenarioError);
}

TEST_CASE("class and dtype have columns of their own and find together again") {
  Measurement row;
  row.subject = cost::Op(cost::Gemm{.m = 64, .n = 64, .k = 64, .dtype = cost::DType::bf16});
  row.times.median_s = 1e-5;
  row.telemetry.host = Seconds(2e-6);
  row.telemetry.kernels = 3;
  row.telemetry.algorithm = "algo 21, tile 128x128";
  row.telemetry.throttle = "power";
  MeasurementFile file;
  file.rows.push_back(row);
  const std::string text = write_measurements(file);
  CHECK(text.find("gemm_nn,m=64 n=64 k=64 batch=1,bf16") != std::string::npos);
  const MeasurementFile again = read_measurements(text, "m.csv");
  CHECK(again.rows[0].subject == row.subject);
  CHECK(again.rows[0].telemetry.host.value() == 2e-6);
  CHECK(again.rows[0].telemetry.kernels == 3);
  CHECK(again.rows[0].telemetry.algorithm == "algo 21, tile 128x128");
  CHECK(again.rows[0].telemetry.throttle == "power");
}

TEST_CASE("a short table may name the type in the class or beside it, but not two") {
  const auto read = [](const std::string& row) {
    return read_measurements("class,shape,dtype,median_s\n" + row + "\n", "m.csv").rows.at(0).subject;
  };
  const Case half = cost::Op(cost::Elementwise{cost::ElementwiseKind::add, 2, 2, cost::DType::fp16});
  CHECK(read("add,rows=2 cols=2,fp16,1") == half);
  CHECK(read("add_fp16,rows=2 cols=2,fp16,1") == half);
  CHECK_THROWS_WITH(read("add_fp16,rows=2 cols=2,bf16,1"), Catch::Contains("dtype"));
  CHECK_THROWS_WITH(read("copy,elements=2,bf16,1"), Catch::Contains("dtype"));
  CHECK_THROWS_WITH(read("add,rows=2 cols=2,bf61,1"), Catch::Contains("bf16"));
}

TEST_CASE("a skipped case keeps its reason and takes no part in fits") {
  Measurement row;
  row.subject = cost::Op(cost::Copy{.elements = 1000});
  row.skipped = "does not fit: 8 GB";
  MeasurementFile file;
  file.rows = {row};
  const MeasurementFile again = read_measurements(write_measurements(file), "m.csv");
  REQUIRE(again.rows.size() == 1);
  CHECK(!again.rows[0].is_measured());
  CHECK(again.rows[0].skipped == "does not fit: 8 GB");
  CHECK(measured_rows(again.rows).empty());
}
