// `orrery train` as users meet it: the answer, the files, exit codes, and going on after an interruption.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/program.hpp"

using namespace orrery;
using namespace orrery::cli_test;
using Catch::Contains;

namespace {

/// Small, without data files, on two ranks.
const std::string kTrain =
    "train scenarios/train/mlp_dp2.json --set model.hidden=[16] --set model.inputs=12 --set batch=16 "
    "--set data.kind=synthetic ";

std::string stored(const std::string& name) {
  return scenario::read_file((scratch() / name).string());
}

}  // namespace

TEST_CASE("training on two ranks prints one answer and stores its record, tables and trace") {
  std::filesystem::remove_all(scratch() / "trained");
  const Result result = run(kTrain + "--steps 12 --out trained");
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK_THAT(result.out, Contains("2 ranks") && Contains("training loss") && Contains("test split") &&
                             Contains("step time") && Contains("communication"));
  CHECK(result.out.find("training loss") == result.out.rfind("training loss"));
  CHECK_THAT(result.err, Contains("[12/12] loss"));

  const auto record = nlohmann::json::parse(stored("trained/train.json"));
  CHECK(record.at("losses").size() == 12);
  CHECK(record.at("ranks_log").size() == 2);
  CHECK_THAT(stored("trained/losses.csv"), Contains("step,loss\n0,") && Contains("\n11,"));
  CHECK_THAT(stored("trained/spans.csv"),
             Contains("step,rank,part,begin_s,end_s") && Contains("11,1,bucket0"));
  const std::string trace = scenario::gunzip(stored("trained/trace.json.gz"));
  CHECK_THAT(trace, Contains("rank 1") && Contains("update.optimizer") && Contains("all_reduce bucket 0"));
  CHECK(nlohmann::json::parse(trace).at("traceEvents").size() > 100);
  CHECK_THAT(stored("trained/scenario.json"), Contains("\"steps\": 12"));
}

TEST_CASE("a run that goes on from its checkpoint ends with the losses of an uninterrupted one") {
  std::filesystem::remove(scratch() / "checkpoint");
  REQUIRE(run(kTrain + "--steps 7 --checkpoint checkpoint").code == 0);
  REQUIRE(run(kTrain + "--steps 12 --checkpoint checkpoint --resume --out resumed").code == 0);
  REQUIRE(run(kTrain + "--steps 12 --out whole").code == 0);
  CHECK(stored("resumed/losses.csv") == stored("whole/losses.csv"));
}

TEST_CASE("wrong input to train is one message and exit code 2, reported by no rank twice") {
  const auto refuse = [](const std::string& options, const std::string& why) {
    const Result result = run(kTrain + options);
    INFO(options << "\n" << result.err);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, Contains(why));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK(result.out.empty());
  };
  refuse("--set batch=17", "17");
  refuse("--set data.kind=text", "text needs a gpt");
  refuse("--set data.kind=fashion_mnist --set data.dir=nowhere", "apt install dataset-fashion-mnist");
  refuse("--set datta.kind=text", "did you mean \"data\"");
  refuse("--resume", "--checkpoint");
  refuse("--set batch=8194", "8192 training samples");
}

TEST_CASE("a checkpoint of another run, or no checkpoint at all, is wrong input") {
  std::filesystem::remove(scratch() / "foreign");
  REQUIRE(run(kTrain + "--steps 3 --checkpoint foreign").code == 0);
  const Result other = run(kTrain + "--steps 6 --checkpoint foreign --resume --seed 9");
  CHECK(other.code == 2);
  CHECK_THAT(other.err, Contains("seed is 1 there and 9 here"));
  scenario::write_artifacts(scratch().string(), {{"foreign", "no checkpoint"}});
  CHECK(run(kTrain + "--steps 6 --checkpoint foreign --resume").code == 2);
}

namespace {

/// Two learners whose mini-batches take 10 ms, on a problem without data.
const std::string kSgd =
    "train scenarios/sgd/wait_for_k.json --set learners=2 --set 'variants=[\"sync\",\"async\"]' --set horizon.time=1s "
    "--set 'compute.distribution={\"kind\":\"constant\",\"time\":\"10 ms\"}' ";

}  // namespace

/// In 1 s sync updates 100 times and async 200 times by simulation; how close a loaded machine comes is not asked here.
TEST_CASE("a scenario of kind sgd runs for real on a parameter server, beside what is simulated for it") {
  std::filesystem::remove_all(scratch() / "sgd_trained");
  const Result result = run(kSgd + "--out sgd_trained");
  INFO(result.out << result.err);
  REQUIRE(result.code == 0);
  CHECK_THAT(result.out, Contains("updates/s") && Contains("100.00") && Contains("200.00") && Contains("real"));
  const std::string lines = stored("sgd_trained/runs.jsonl");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  CHECK(first.at("updates").get<int>() > 0);
  CHECK(first.at("config").at("variant").at("kind") == "sync");
  const Result one = run(kSgd + "--variant async");
  CHECK(one.code == 0);
  CHECK(one.out.find("sync  ") == one.out.find("async  ") + 1);  // no other row
}

TEST_CASE("a scenario of kind sgd that cannot run for real is refused with what would do") {
  const auto error = [](const std::string& more) {
    const Result result = run(kSgd + more);
    CHECK(result.code == 2);
    return result.err;
  };
  CHECK_THAT(error("--set horizon.time=1000s"), Contains("--minutes 2") && Contains("--set horizon.time=60s"));
  CHECK_THAT(error("--variant asinc"), Contains("async"));
  CHECK_THAT(error("--set push.method.kind=sign"), Contains("push.method.kind=none"));
  CHECK_THAT(error("--set horizon.epochs=3"), Contains("horizon.epochs"));
  CHECK_THAT(error("--set aggregation.kind=parameter_server --set aggregation.servers=2"), Contains("aggregation.servers=1"));
  CHECK_THAT(error("--set aggregation.kind=all_reduce --set 'variants=[\"sync\"]'"), Contains("aggregation.kind=free"));
  CHECK_THAT(error("--steps 4"), Contains("horizon.time"));
}
