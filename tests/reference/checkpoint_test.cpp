// Checkpoints: whole or not at all, only for the run they came from, and a killed run goes on as if nothing
// happened.
#include "validate/reference/checkpoint.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/local_communicator.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "sim/base/error.hpp"
#include "tests/reference/tiny_configs.hpp"
#include "validate/reference/trainer.hpp"

using namespace orrery;
using namespace orrery::reference;
using namespace orrery::reference_tests;
using Catch::Contains;

namespace {

constexpr const char* kFileVariable = "ORRERY_TEST_CHECKPOINT";

TrainOptions with_checkpoint(const std::string& file, std::int64_t every, bool resume) {
  TrainOptions options;
  options.checkpoint = file;
  options.checkpoint_every = every;
  options.resume = resume;
  return options;
}

TrainRun train_alone(const TrainConfig& config, const TrainOptions& options = {}) {
  calibrate::LocalCommunicator alone;
  return train(config, options, alone);
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.identity = {{"batch", "12"}, {"ranks", "1"}};
  checkpoint.step = 7;
  checkpoint.losses = {0.1, 1.0 / 3.0};
  checkpoint.buffers = {{1.0F, -0.5F, 3e-40F}, {}};
  return checkpoint;
}

/// The long run that gets killed: the configuration of the test below, but practically endless.
TrainConfig endless(TrainConfig config) {
  config.steps = 1000000000;
  return config;
}

/// Ranks notice the death of their launcher a moment later and may still write: waits until the file has been
/// the same for a second.
void wait_until_nobody_writes(const std::string& file) {
  std::filesystem::file_time_type seen;
  for (int quiet = 0, waited = 0; quiet < 10 && waited < 600; ++waited) {
    const auto now = std::filesystem::last_write_time(file);
    quiet = now == seen ? quiet + 1 : 0;
    seen = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

/// Starts this binary with the hidden case, waits for its checkpoint and kills it without warning.
void run_and_kill(const std::string& hidden_case, const std::string& file) {
  setenv(kFileVariable, file.c_str(), 1);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    execl("/proc/self/exe", "reference_tests", hidden_case.c_str(), "--out", "/dev/null", nullptr);
    _exit(127);
  }
  for (int i = 0; i < 600 && !std::filesystem::exists(file); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(std::filesystem::exists(file));
  wait_until_nobody_writes(file);
}

}  // namespace

TEST_CASE("a checkpoint comes back exactly as it was written") {
  const ScratchFolder scratch;
  write_checkpoint(scratch.file("c"), example());
  const Checkpoint back = read_checkpoint(scratch.file("c"));
  CHECK(back.identity == example().identity);
  CHECK(back.step == 7);
  CHECK(back.losses == example().losses);
  CHECK(back.buffers == example().buffers);
  // Nothing temporary is left beside it.
  CHECK(std::distance(
            std::filesystem::directory_iterator(std::filesystem::path(scratch.file("c")).parent_path()),
            std::filesystem::directory_iterator{}) == 1);
}

TEST_CASE("a damaged, cut or foreign file is refused with its name") {
  const ScratchFolder scratch;
  const std::string file = scratch.file("c");
  write_checkpoint(file, example());
  const std::string good = read_all(file);
  const auto refuse = [&](std::string bytes, const std::string& why) {
    std::ofstream(file, std::ios::binary) << bytes;
    CHECK_THROWS_WITH(read_checkpoint(file), Contains(file) && Contains(why));
    CHECK_THROWS_AS(read_checkpoint(file), ScenarioError);
  };
  for (const std::size_t place : {good.size() - 1, good.size() / 2}) {
    std::string flipped = good;
    flipped[place] = static_cast<char>(flipped[place] ^ 4);
    refuse(flipped, "damaged");
  }
  refuse(good.substr(0, good.size() - 3), "damaged");
  refuse("", "not a checkpoint");
  refuse("{\"version\": 1}\n", "not a checkpoint");
  refuse("orrery-checkpoint 2 10 10\n", "version 2");
  CHECK_THROWS_WITH(read_checkpoint(scratch.file("absent")), Contains("cannot be read"));
}

TEST_CASE("a checkpoint of another run is refused, naming what differs") {
  const ScratchFolder scratch;
  const std::string file = scratch.file("c");
  train_alone(tiny_mlp(), with_checkpoint(file, 0, false));
  TrainConfig other = tiny_mlp();
  other.steps = 40;
  CHECK_NOTHROW(check_config(other, with_checkpoint(file, 0, true), 1));
  other.optimizer = model::MomentumConfig{0.07, 0.9};
  CHECK_THROWS_WITH(check_config(other, with_checkpoint(file, 0, true), 1),
                    Contains("optimizer.learning_rate is 0.05 there and 0.07 here"));
  other = tiny_mlp();
  CHECK_THROWS_WITH(check_config(other, with_checkpoint(file, 0, true), 2),
                    Contains("ranks is 1 there and 2 here"));
  CHECK_THROWS_WITH(check_config(other, with_checkpoint(file, 0, true), 1),
                    Contains("already done 20 steps"));
  CHECK_THROWS_WITH(check_config(other, with_checkpoint("", 0, true), 1), Contains("--checkpoint"));
}

TEST_CASE("a run in two halves has the losses of one run, bit for bit, with every optimizer") {
  const ScratchFolder scratch;
  for (const model::OptimizerConfig& optimizer :
       {model::OptimizerConfig(model::SgdConfig{}), model::OptimizerConfig(model::MomentumConfig{}),
        model::OptimizerConfig(model::AdamConfig{})}) {
    TrainConfig whole = tiny_gpt();
    whole.optimizer = optimizer;
    TrainConfig half = whole;
    half.steps = 5;
    const std::string file = scratch.file("half" + std::to_string(optimizer.index()));
    train_alone(half, with_checkpoint(file, 0, false));
    const TrainRun resumed = train_alone(whole, with_checkpoint(file, 0, true));
    const TrainRun expected = train_alone(whole);
    CHECK(resumed.first_step == 5);
    CHECK(resumed.logs[0].steps.size() == 7);
    CHECK(resumed.losses == expected.losses);
    CHECK(resumed.test->loss == expected.test->loss);
  }
}

TEST_CASE("a killed run resumes to the bit-identical loss curve") {
  const ScratchFolder scratch;
  const std::string file = scratch.file("killed");
  run_and_kill("[endless]", file);
  TrainConfig config = tiny_mlp();
  config.steps = read_checkpoint(file).step + 30;
  const TrainRun resumed = train_alone(config, with_checkpoint(file, 0, true));
  CHECK(resumed.first_step > 0);
  CHECK(resumed.losses == train_alone(config).losses);
}

TEST_CASE("a killed run on two ranks resumes to the bit-identical loss curve") {
  const ScratchFolder scratch;
  const std::string file = scratch.file("killed");
  run_and_kill("[endless-launch]", file);
  setenv(kFileVariable, file.c_str(), 1);
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"[resume-two-ranks]", "--use-colour", "no"};
  CHECK(cpu::launch_ranks(2, site) == 0);
}

TEST_CASE("a run without end that writes checkpoints", "[.][endless]") {
  cpu::RankSession session;
  train(endless(tiny_mlp()), with_checkpoint(std::getenv(kFileVariable), 10, false), session.world());
}

TEST_CASE("two ranks without end that write checkpoints", "[.][endless-launch]") {
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = {"[endless]", "--out", "/dev/null"};
  cpu::launch_ranks(2, site);
}

TEST_CASE("two ranks that go on from the killed run's checkpoint", "[.][resume-two-ranks]") {
  cpu::RankSession session;
  const std::string file = std::getenv(kFileVariable);
  TrainConfig config = tiny_mlp();
  config.steps = read_checkpoint(file).step + 30;
  const TrainRun resumed = train(config, with_checkpoint(file, 1000000, true), session.world());
  const TrainRun expected = train(config, {}, session.world());
  CHECK(session.world().size() == 2);
  CHECK(resumed.losses == expected.losses);
}
