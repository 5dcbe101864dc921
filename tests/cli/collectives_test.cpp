// Tables of collectives as a user meets them: fitting a fabric profile and scoring a folder.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/cli/program.hpp"

using namespace orrery::cli_test;
using Catch::Contains;

namespace {

void write(const std::string& file, const std::string& text) {
  std::filesystem::create_directories((scratch() / file).parent_path());
  std::ofstream(scratch() / file) << text;
}

}  // namespace

TEST_CASE("calibrate fit turns a table of collectives into a fabric profile") {
  std::string table = "gpu,collective,nranks,size_bytes,time_us\n";
  for (const char* row : {"1024,16", "65536,20", "1048576,27", "16777216,122", "268435456,1230"}) {
    table += std::string("H100,all_reduce,8,") + row + "\n";
  }
  write("collectives.csv", table);
  const Result fitted = run("calibrate fit --collectives collectives.csv --system h100 --out fabric.json");
  CHECK(fitted.code == 0);
  CHECK_THAT(fitted.out, Contains("headline: h100_sxm: 1 stacks from 5 rows"));

  const Result missing = run("calibrate fit --collectives collectives.csv --system b200 --out fabric.json");
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, Contains("they hold: h100_sxm"));
  CHECK(run("calibrate fit --collectives collectives.csv --out fabric.json").code == 2);
}

TEST_CASE("validate collectives skips what is not there and says so last but one") {
  std::filesystem::create_directories(scratch() / "no_tables");
  const Result result = run("validate collectives --data no_tables");
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("skipped: collectives/aiconfigurator_nccl.csv: not in the data folder"));
  CHECK_THAT(result.out, Contains("\nheadline: "));
  CHECK(run("validate collectives --data nowhere").code == 2);
}

TEST_CASE("validate collectives without a folder of tables says what folder it expects") {
  const Result result = run("validate collectives");
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Contains("--data") && Contains("collectives/ and training/"));
}
