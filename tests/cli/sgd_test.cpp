// `orrery run` on scenarios of kind sgd, and the page that it writes, opened in a real browser where there is one.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>

#include "scenarios/artifact.hpp"
#include "tests/cli/program.hpp"

using namespace orrery::cli_test;
using Catch::Contains;

namespace {

const std::string kShort = "run scenarios/sgd/stragglers_exponential.json --set seeds=2 --set 'horizon.time=40 s' ";

bool has_browser() {
  return std::system("command -v chromium >/dev/null 2>&1") == 0;
}

/// The document as the browser has it after the page's script ran, no network being there.
std::string opened(const std::string& file) {
  const std::string dom = (scratch() / "dom.html").string();
  const std::string command = "timeout 100 chromium --headless --no-sandbox --disable-gpu --host-resolver-rules='MAP * ~NOTFOUND' "
                              "--virtual-time-budget=5000 --user-data-dir='" + (scratch() / "browser").string() +
                              "' --dump-dom 'file://" + (scratch() / file).string() + "' >'" + dom + "' 2>/dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
  return orrery::scenario::read_file(dom);
}

int counted(const std::string& document, const std::string& name) {
  std::smatch match;
  REQUIRE(std::regex_search(document, match, std::regex("data-" + name + "=\"([0-9]+)\"")));
  return std::stoi(match[1]);
}

}  // namespace

TEST_CASE("run on an sgd scenario prints theory beside simulation and writes JSON and CSV") {
  const Result result = run(kShort + "--out sgd_out");
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("E[T]") && Contains("K-sync, K=4") && Contains("Lowest loss after"));
  const auto json = nlohmann::json::parse(orrery::scenario::read_file((scratch() / "sgd_out/result.json").string()));
  CHECK(json["variants"].size() == 6);
  const std::string csv = orrery::scenario::read_file((scratch() / "sgd_out/curves.csv").string());
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 6 * 61);  // start and 60 points for each variant
}

TEST_CASE("a page opens from a file, asks for nothing and draws every series") {
  const Result result = run(kShort + "--plot page.html");
  if (result.code == 3) {
    CHECK_THAT(result.err, Contains("npm ci --prefix web"));
    WARN("skipped: built without uPlot (npm ci --prefix web)");
    return;
  }
  REQUIRE(result.code == 0);
  const std::string page = orrery::scenario::read_file((scratch() / "page.html").string());
  CHECK_FALSE(std::regex_search(page, std::regex("(src|href)\\s*=\\s*[\"']?https?:")));
  if (!has_browser()) {
    WARN("skipped: no chromium (Debian package chromium) to open the page with");
    return;
  }
  const std::string document = opened("page.html");
  CHECK_THAT(document, Contains("data-ready=\"yes\""));
  CHECK(counted(document, "variants") == 6);
  CHECK(counted(document, "series") == 12);  // loss and accuracy of each
  CHECK(counted(document, "bars") == 3);     // K-async, K-batch-async and async have stale gradients
  CHECK(counted(document, "spans") > 100);
  CHECK(counted(document, "requests") == 0);
  CHECK(counted(document, "blocked") == 0);
}

TEST_CASE("only sgd scenarios have a page") {
  const Result result = run("run scenarios/collective/torus_2x2.json --plot page.html");
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Contains("--plot"));
}
