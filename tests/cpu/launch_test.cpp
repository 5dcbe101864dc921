// The launcher's plan, what it does with exit codes, and the communicators on one and on two ranks. Cases
// tagged
// [.two-ranks] or [.three-ranks] are hidden: the launcher tests start this very binary on so many ranks to
// run them.
#include "calibrate/backends/cpu/launch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <vector>

#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/local_communicator.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "sim/base/error.hpp"

using namespace orrery;

namespace {

bool contains(const cpu::LaunchPlan& plan, const std::string& word) {
  return std::find(plan.command.begin(), plan.command.end(), word) != plan.command.end();
}

/// This binary on `ranks` ranks with these arguments.
int on_ranks(int ranks, std::vector<std::string> arguments) {
  cpu::LaunchSite site = cpu::this_process();
  site.arguments = std::move(arguments);
  return cpu::launch_ranks(ranks, site);
}
int on_two_ranks(std::vector<std::string> arguments) {
  return on_ranks(2, std::move(arguments));
}

calibrate::Communicator& world() {
  static cpu::MpiSession session;
  return session.world();
}

/// Collectives of any size must give these results on every rank.
void check_collectives(calibrate::Communicator& ranks) {
  const int n = ranks.size();
  const auto rank = static_cast<float>(ranks.rank());
  for (const std::size_t size : {1UL, 7UL, 100000UL}) {
    // all-reduce: sum over r of (r + i) = n (n - 1) / 2 + n i
    std::vector<float> data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = rank + static_cast<float>(i % 100);
    ranks.all_reduce_sum(data);
    bool all_equal = true;
    for (std::size_t i = 0; i < size; ++i) {
      all_equal =
          all_equal && data[i] == static_cast<float>(n * (n - 1) / 2) + static_cast<float>(n) * (i % 100);
    }
    CHECK(all_equal);

    // all-gather: rank r's piece holds r; reduce-scatter of that leaves n * own rank.
    std::vector<float> own(size, rank);
    std::vector<float> all(size * static_cast<std::size_t>(n));
    ranks.all_gather(own, all);
    for (int r = 0; r < n; ++r) {
      CHECK(all[static_cast<std::size_t>(r) * size] == static_cast<float>(r));
      CHECK(all[static_cast<std::size_t>(r + 1) * size - 1] == static_cast<float>(r));
    }
    ranks.reduce_scatter_sum(all, own);
    CHECK(own.front() == static_cast<float>(n) * rank);
    CHECK(own.back() == static_cast<float>(n) * rank);
  }
  CHECK(ranks.all_reduce_max(-3.5 + ranks.rank()) == -3.5 + (n - 1));
  double value = ranks.rank() == 0 ? 2.75 : 0.0;
  ranks.broadcast(std::as_writable_bytes(std::span(&value, 1)), 0);
  CHECK(value == 2.75);
  ranks.barrier();
}

}  // namespace

TEST_CASE("ranks that sleep while they wait may share cores without a warning, with real-time priority if asked for") {
  cpu::LaunchSite site;
  site.cores = 2;
  site.share_cores = true;
  site.program = "program";
  CHECK(cpu::plan_launch(5, site).warning.empty());
  CHECK(cpu::plan_launch(5, site).command.front() == "mpirun");
  for (const int ranks : {2, 5}) {
    CHECK(contains(cpu::plan_launch(ranks, site), "--oversubscribe"));
    CHECK_FALSE(contains(cpu::plan_launch(ranks, site), "core"));
  }
  site.real_time = true;
  const auto command = cpu::plan_launch(5, site).command;
  CHECK(std::vector<std::string>(command.begin(), command.begin() + 4) ==
        std::vector<std::string>{"chrt", "--rr", "1", "mpirun"});
}

TEST_CASE("ranks are pinned one per core while cores suffice") {
  const cpu::LaunchPlan plan =
      cpu::plan_launch(2, {.cores = 2, .program = "orrery", .arguments = {"train", "a b"}});
  CHECK(plan.command.front() == "mpirun");
  CHECK(contains(plan, "--bind-to"));
  CHECK(contains(plan, "core"));
  CHECK_FALSE(contains(plan, "--oversubscribe"));
  CHECK_FALSE(contains(plan, "--allow-run-as-root"));
  CHECK(plan.warning.empty());
  const std::vector<std::string> tail(plan.command.end() - 3, plan.command.end());
  CHECK(tail == std::vector<std::string>{"orrery", "train", "a b"});
}

TEST_CASE("ranks that have threads of their own are not pinned") {
  const cpu::LaunchPlan plan = cpu::plan_launch(2, {.cores = 2, .pin = false, .program = "orrery", .arguments = {"train"}});
  CHECK(contains(plan, "none"));
  CHECK_FALSE(contains(plan, "core"));
  CHECK(plan.warning.empty());
}

TEST_CASE("more ranks than cores run unpinned, with one warning") {
  const cpu::LaunchPlan plan = cpu::plan_launch(4, {.cores = 1, .program = "orrery", .arguments = {}});
  CHECK(contains(plan, "--oversubscribe"));
  CHECK(contains(plan, "none"));
  CHECK(plan.warning == "warning: 4 ranks share 1 core: not pinned, and times mean little");
}

TEST_CASE("only root tells mpirun that root is meant") {
  CHECK(contains(cpu::plan_launch(2, {.is_root = true, .program = "x", .arguments = {}}),
                 "--allow-run-as-root"));
}

TEST_CASE("this process knows its executable, its arguments and at least one core") {
  const cpu::LaunchSite site = cpu::this_process();
  CHECK(site.program.find("cpu_tests") != std::string::npos);
  CHECK(site.cores >= 1);
}

TEST_CASE("a missing mpirun is an error of the environment that names the package") {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  CHECK_THROWS_WITH(on_two_ranks({"--list-tests"}), Catch::Contains("openmpi-bin"));
  CHECK_THROWS_AS(on_two_ranks({"--list-tests"}), BackendError);
  setenv("PATH", path.c_str(), 1);
}

TEST_CASE("one rank alone: collectives are the identity") {
  calibrate::LocalCommunicator alone;
  check_collectives(alone);
  CHECK(alone.first_ranks(1)->size() == 1);
  CHECK(alone.missing_after(Seconds(0.0)).empty());
  CHECK_THROWS_AS(alone.send({}, 0), InternalError);
}

TEST_CASE("the two-rank cases of this binary pass under mpirun") {
  REQUIRE_FALSE(cpu::MpiSession::is_launched());
  CHECK(on_two_ranks({"[two-ranks]", "--use-colour", "no"}) == 0);
}

TEST_CASE("the three-rank cases of this binary pass under mpirun") {
  CHECK(on_ranks(3, {"[three-ranks]", "--use-colour", "no"}) == 0);
}

TEST_CASE("nobody is missing at a meeting of all ranks, time after time", "[.][three-ranks]") {
  for (int i = 0; i < 20; ++i) CHECK(world().missing_after(Seconds(60.0)).empty());
}

TEST_CASE("a rank that stays away is named to all that came", "[.][three-ranks]") {
  const auto ranks = world().first_ranks(3);
  if (ranks->rank() != 2) CHECK(ranks->missing_after(Seconds(1.0)) == std::vector<int>{2});
  world().barrier();
  // It comes to the next one: late messages of the first meeting are none of the second.
  const auto again = world().first_ranks(3);
  CHECK(again->missing_after(Seconds(60.0)).empty());
  world().barrier();
}

TEST_CASE("without rank 0 there is no verdict, and rank 0 is the one named", "[.][three-ranks]") {
  const auto ranks = world().first_ranks(3);
  if (ranks->rank() != 0) CHECK(ranks->missing_after(Seconds(0.1)) == std::vector<int>{0});
  world().barrier();
}

TEST_CASE("a rank that comes too late is missing, finds nobody, and is back at the next meeting",
          "[.][three-ranks]") {
  const auto ranks = world().first_ranks(3);
  if (ranks->rank() == 1) {
    world().barrier();  // the others have given up by now
    CHECK(ranks->missing_after(Seconds(0.1)) == std::vector<int>{0});
  } else {
    CHECK(ranks->missing_after(Seconds(1.0)) == std::vector<int>{1});
    world().barrier();
  }
  world().barrier();
  CHECK(ranks->missing_after(Seconds(60.0)).empty());
}

TEST_CASE("the exit code of a rank is the exit code of the launch") {
  CHECK(on_two_ranks({"[three-failures]", "--out", "/dev/null"}) == 3);
}

TEST_CASE("collectives over MPI give the sums, pieces and maxima of all ranks", "[.][two-ranks]") {
  REQUIRE(world().size() == 2);
  check_collectives(world());
}

TEST_CASE("a group of the first rank leaves the second out", "[.][two-ranks]") {
  const auto group = world().first_ranks(1);
  CHECK((group != nullptr) == (world().rank() == 0));
  if (group) check_collectives(*group);
  check_collectives(*world().first_ranks(2));
}

TEST_CASE("messages arrive at the rank they were sent to", "[.][two-ranks]") {
  std::vector<int> data(1000, world().rank());
  if (world().rank() == 0) world().send(std::as_bytes(std::span(data)), 1);
  if (world().rank() == 1) {
    world().receive(std::as_writable_bytes(std::span(data)), 0);
    CHECK(data == std::vector<int>(1000, 0));
  }
}

TEST_CASE("three failed assertions", "[.][three-failures]") {
  world().barrier();
  CHECK(world().size() == 0);
  CHECK(world().size() == 0);
  CHECK(world().size() == 0);
}

TEST_CASE("collectives of any size can be prepared and timed on two ranks", "[.][two-ranks]") {
  cpu::CpuBackend backend(world());
  for (const std::string& name : cost::measured_collective_names()) {
    for (const double bytes : {0.0, 4.0, 8.0, 12.0, 65536.0}) {
      const cost::CollectiveCase whole{cost::collective_kind(name), Bytes(bytes), 2};
      const auto timed = backend.prepare(whole);
      for (int i = 0; i < 70; ++i) CHECK(timed->run().value() > 0.0);
    }
  }
  const auto alone = backend.prepare(cost::CollectiveCase{cost::CollectiveKind::barrier, Bytes(0.0), 1});
  CHECK((alone->run().value() > 0.0) == (world().rank() == 0));
  CHECK(backend.fingerprint().at("pinned") == (cpu::usable_cores() == 1 ? "yes" : "no"));
}
