// Every way to be wrong on the command line gives one message and the right exit code.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/cli/program.hpp"

using namespace orrery::cli_test;
using Catch::Contains;

namespace {
const std::string kRun =
    "run scenarios/train/mlp_dp2.json --set profile=tests/golden/fake_profile.json --set steps=3 ";
}

TEST_CASE("wrong input gives exit code 2, one line that helps, and nothing on stdout") {
  struct Row {
    std::string arguments, message;
  };
  const auto row = GENERATE(values<Row>({
      {"", "A subcommand is required; see orrery --help"},
      {"rnu x.json", "unknown verb \"rnu\"; did you mean \"run\"?"},
      {"run", "run: scenario is required; see orrery run --help"},
      {"run missing.json", "missing.json: cannot open the file: No such file or directory"},
      {"run scenarios", "scenarios: is a directory; expected a file"},
      {kRun + "--dryrun", "run: unknown option \"--dryrun\"; did you mean \"--dry-run\"?"},
      {kRun + "extra", "unexpected \"extra\""},
      {kRun + "--format xml", "xml not in {table,json,csv,md}"},
      {kRun + "--trace", "--trace: needs --out DIR"},
      {kRun + "--set plan.bukcet=1MiB",
       "--set plan.bukcet: unknown key \"bukcet\"; did you mean \"bucket\"?"},
      {kRun + "--set plan.bucket=1", "--set plan.bucket: 1 has no unit; expected an amount of data"},
      {kRun + "--set plan.bucket=1GB/s",
       "\"1GB/s\" is a data rate; expected an amount of data such as \"25 MiB\""},
      {kRun + "--set batch=255",
       "plan.data_parallel=2 does not divide batch=255; use a batch such as 254 or 256"},
      {kRun + "--set batch=lots", "--set batch: expected a whole number, got \"lots\" (a string)"},
      {kRun + "--set model.kind=rnn", "--set model.kind: unknown kind \"rnn\"; known: mlp, gpt"},
      {kRun + "--set profile=none.json", "none.json: file not found; looked for"},
      {kRun + "--set profile=scenarios/train/mlp_dp1.json", "mlp_dp1.json"},
      {kRun + "--seed x", "--set seed: expected a whole number, got \"x\" (a string)"},
      {"list modles", "list: unknown group \"modles\"; did you mean \"models\"?"},
      {"collective --topology rnig", "--topology: unknown topology \"rnig\"; did you mean \"ring\"?"},
      {"collective --kind allreduce", "--kind: unknown collective \"allreduce\"; did you mean \"all_reduce\"?"},
      {"collective --algorithm rnig", "did you mean \"ring\"?"},
      {"collective --sizes 1GiB..1KiB", "--sizes: the range \"1GiB..1KiB\" has to go from a small size"},
      {"collective --algorithm torus_2d --ranks 7", "torus_2d needs a grid of two dimensions"},
      {"collective --set cluster.ranks=9", "use at most 8 ranks or cluster.network.topology.hosts=9"},
      {"collective --profile h100_sxn", "--profile: unknown fabric \"h100_sxn\"; did you mean \"h100_sxm\"?"},
      {"collective --profile none.json", "none.json: cannot open the file"},
      {"collective --profile scenarios/train/mlp_dp1.json", "mlp_dp1.json"},
      {"collective --profile h100_sxm --ranks 16", "16 ranks on 1 node, but a node of h100_sxm has 8 GPUs; use --nodes 2"},
      {"collective --profile h100_sxm --ranks 16 --nodes 3", "--nodes: 16 ranks cannot be spread evenly over 3 nodes"},
      {"collective --profile h100_sxm --kind barrier", "--kind: a fabric profile has no cost of barrier; use one of all_r"},
      {"collective --profile h100_sxm --kind point_to_point", "one message between 2 ranks, not 8; use --ranks 2"},
      {"collective --profile h100_sxm --stack \"nccl 2.27.4\"", "--stack: unknown software stack \"nccl 2.27.4\"; did you mean"},
      {"collective --profile h200_sxm --stack nccl", "--stack: h200_sxm has no profile, so no fitted stack"},
      {"collective --profile h100_sxm --topology ring", "--topology: belongs to a simulated network; with --profile"},
      {"collective --profile h100_sxm --algorithm ring", "--algorithm: belongs to a simulated network; with --profile"},
      {"collective --nodes 2", "--nodes: needs --profile"},
      {"run scenarios/collective/ring_vs_server_sweep.json", "the file describes many runs; use orrery sweep"},
      {"explain step_tim_s", "unknown key \"step_tim_s\"; did you mean \"step_time_s\"?"},
  }));
  CAPTURE(row.arguments);
  const Result result = run(row.arguments);
  CHECK(result.code == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains(row.message));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK_THAT(result.err, Catch::StartsWith("orrery: "));
}

TEST_CASE("a folder that cannot be written is the environment's fault: exit code 3") {
  const Result result = run(kRun + "--out stdout.txt/below");
  CHECK(result.code == 3);
  CHECK_THAT(result.err, Contains("create_directories(stdout.txt/below) failed"));
}

TEST_CASE("a model that does not fit is an answer with exit code 1") {
  const Result result = run(kRun + "--set cluster.node_memory=1MiB");
  CHECK(result.code == 1);
  CHECK_THAT(result.out,
             Contains("Does not fit: a rank needs 3.61 MiB and has 512 KiB. The largest part is"));
}

TEST_CASE("help and version are results, not errors") {
  for (const char* option : {"--help", "--version", "run --help"}) {
    const Result result = run(option);
    CHECK(result.code == 0);
    CHECK(result.err.empty());
    CHECK_FALSE(result.out.empty());
  }
  CHECK_THAT(run("--version").out, Catch::StartsWith("orrery 0."));
}

TEST_CASE("every verb's example runs as printed") {
  std::istringstream verbs(run("list verbs").out);
  std::string line;
  std::getline(verbs, line);
  REQUIRE(line == "verbs");
  int examples = 0;
  while (std::getline(verbs, line)) {
    const std::string verb = line.substr(2, line.find(' ', 2) - 2);
    const std::string help = run(verb + " --help").out;
    const auto at = help.find("\n  orrery ", help.find("Example"));
    REQUIRE(at != std::string::npos);
    const std::string example = help.substr(at + 10, help.find('\n', at + 1) - at - 10);
    const Result result = run(example);
    CAPTURE(example, result.err);
    CHECK(result.code == 0);
    CHECK_FALSE(result.out.empty());
    ++examples;
  }
  CHECK(examples >= 4);
}
