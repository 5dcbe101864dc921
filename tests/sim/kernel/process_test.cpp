// Processes: when they run, who owns them, how results and errors travel.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/simulator.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using kernel::Process;
using kernel::Simulator;

Process<> note(std::vector<std::string>& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}

Process<int> square_later(Simulator& sim, int x) {
  co_await sim.delay(1_ms);
  co_return x* x;
}

Process<> sum_of_squares(Simulator& sim, int& result) {
  const int three = co_await square_later(sim, 3);
  const int four = co_await square_later(sim, 4);
  result = three + four;
}

Process<int> one() { co_return 1; }

Process<> sum_instants(int& sum, int count) {
  for (int i = 0; i < count; ++i) {
    const int value = co_await one();
    sum += value;
  }
}

/// Counts how many of its kind live.
struct Alive {
  explicit Alive(int& counter) : count(counter) { ++count; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --count; }
  int& count;
};

Process<> hold_for(Simulator& sim, int& alive, Seconds duration) {
  const Alive local(alive);
  co_await sim.delay(duration);
}

Process<> nest(Simulator& sim, int& alive, int depth) {
  const Alive local(alive);
  if (depth == 0) {
    co_await sim.delay(1_ms);
  } else {
    co_await nest(sim, alive, depth - 1);
  }
}

Process<int> fail_later(Simulator& sim) {
  co_await sim.delay(1_ms);
  throw std::runtime_error("disk on fire");
}

Process<> handle_failure(Simulator& sim, std::string& caught) {
  bool failed = false;
  try {
    co_await fail_later(sim);
  } catch (const std::runtime_error& error) {
    caught = error.what();
    failed = true;
  }
  if (failed) co_await sim.delay(1_ms);
}

Process<std::unique_ptr<int>> move_only() {
  co_return std::make_unique<int>(7);
}

Process<> take_move_only(int& result) {
  const std::unique_ptr<int> box = co_await move_only();
  result = *box;
}

}  // namespace

TEST_CASE("a process runs nothing before it is spawned") {
  std::vector<std::string> log;
  Process<> process = note(log, "ran");
  REQUIRE(log.empty());
  Simulator sim;
  sim.spawn(std::move(process), "note");
  REQUIRE(log.empty());
  sim.run();
  REQUIRE(log == std::vector<std::string>{"ran"});
}

TEST_CASE("an awaited process takes its time and gives its result") {
  Simulator sim;
  int result = 0;
  sim.spawn(sum_of_squares(sim, result), "sum");
  sim.run();
  REQUIRE(result == 25);
  REQUIRE(sim.now() == SimTime{2'000'000});
}

TEST_CASE("a result may be a type that can only be moved") {
  Simulator sim;
  int result = 0;
  sim.spawn(take_move_only(result), "take");
  sim.run();
  REQUIRE(result == 7);
}

TEST_CASE("dropping a process that never ran runs nothing and leaks nothing") {
  std::vector<std::string> log;
  { const Process<> process = note(log, "ran"); }
  REQUIRE(log.empty());
}

TEST_CASE("destroying a process destroys its locals and withdraws its event") {
  Simulator sim;
  int alive = 0;
  Process<> process = hold_for(sim, alive, 5_ms);
  process.handle().resume();  // by hand: nobody awaits it
  REQUIRE(alive == 1);
  REQUIRE(sim.pending_events() == 1);
  process.destroy();
  REQUIRE(alive == 0);
  REQUIRE(sim.pending_events() == 0);
  sim.run();
  REQUIRE(sim.now() == SimTime{0});
}

TEST_CASE("a simulator that dies early destroys what its processes hold, at any depth") {
  int alive = 0;
  {
    Simulator sim;
    sim.spawn(nest(sim, alive, 20), "nest");
    sim.spawn(hold_for(sim, alive, 1_s), "hold");
    sim.run_until(SimTime{500'000});
    REQUIRE(alive == 22);
  }
  REQUIRE(alive == 0);
}

TEST_CASE("a loop over processes that end without waiting needs no stack") {
  Simulator sim;
  int sum = 0;
  sim.spawn(sum_instants(sum, 200'000), "loop");
  sim.run();
  REQUIRE(sum == 200'000);
}

TEST_CASE("an awaiting process can catch what the awaited one threw, and go on") {
  Simulator sim;
  std::string caught;
  sim.spawn(handle_failure(sim, caught), "handler");
  sim.run();
  REQUIRE(caught == "disk on fire");
  REQUIRE(sim.now() == SimTime{2'000'000});
}
