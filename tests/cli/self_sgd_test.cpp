// `orrery validate self-sgd` as a user runs it: the whole way in its shortest form, scoring again, and what it says where
// it cannot run. Whether goals are met is not asked here: these runs are far too short for that.
#include <catch2/catch.hpp>

#include "tests/cli/program.hpp"

using namespace orrery;
using cli_test::run;

namespace {

std::string from_headline(const std::string& text) {
  return text.substr(text.find("headline:"), text.find('\n', text.find("headline:")) - text.find("headline:"));
}

}  // namespace

TEST_CASE("self-sgd predicts, runs a parameter server for real, and scores; scoring can be repeated") {
  const auto session = run("validate self-sgd --learners 2 --seconds 1 --repeats 1 --out self_sgd_session");
  INFO(session.out << session.err);
  CHECK((session.code == 0 || session.code == 1));
  CHECK(session.out.find("7 variants predicted before any scored run, seal ") != std::string::npos);
  CHECK(session.out.find("Decisions: 7 of 7 runs replayed") != std::string::npos);
  const auto again = run("validate self-sgd --score-only self_sgd_session");
  CHECK(again.code == session.code);
  CHECK(from_headline(again.out) == from_headline(session.out));
}

TEST_CASE("self-sgd without mpirun says what is missing and that nothing was shown to be wrong") {
  const auto skipped = run("validate self-sgd --out self_sgd_nothing", "PATH=/nonexistent ");
  CHECK(skipped.code == 0);
  CHECK(skipped.out.find("skipped: self-sgd needs mpirun") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(cli_test::scratch() / "self_sgd_nothing"));
}

TEST_CASE("self-sgd refuses a file as its folder and a length that is no number, naming the option") {
  scenario::write_artifacts(cli_test::scratch().string(), {{"self_sgd_file", "text"}});
  const auto file = run("validate self-sgd --short --out self_sgd_file");
  CHECK(file.code == 2);
  CHECK(file.err.find("--out: self_sgd_file is not a folder") != std::string::npos);
  const auto length = run("validate self-sgd --seconds nan");
  CHECK(length.code == 2);
  CHECK(length.err.find("--seconds") != std::string::npos);
}

TEST_CASE("a misspelt suite is met with the nearest one, and a folder without a session with what belongs there") {
  const auto misspelt = run("validate self-sdg");
  CHECK(misspelt.code == 2);
  CHECK(misspelt.err.find("self-sgd") != std::string::npos);
  const auto nothing = run("validate self-sgd --score-only no_such_folder");
  CHECK(nothing.code == 2);
  CHECK(nothing.err.find("orrery validate self-sgd --out") != std::string::npos);
}
