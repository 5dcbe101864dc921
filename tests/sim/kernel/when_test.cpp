// Waiting for all or any of several processes.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/kernel/sync.hpp"
#include "sim/kernel/when.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using kernel::Process;
using kernel::Simulator;
using kernel::when_all;
using kernel::when_any;

Process<int> value_after(Simulator& sim, Seconds delay, int value) {
  co_await sim.delay(delay);
  co_return value;
}

Process<> mark_after(Simulator& sim, Seconds delay, int& mark) {
  co_await sim.delay(delay);
  ++mark;
}

Process<int> instant(int value) {
  co_return value;
}

Process<> fail_after(Simulator& sim, Seconds delay) {
  co_await sim.delay(delay);
  throw std::runtime_error("link down");
}

Process<> fail_at_once() {
  throw std::runtime_error("no link");
  co_return;
}

template <class Body>
void run(Simulator& sim, Process<> (*body)(Simulator&, Body&), Body& state) {
  sim.spawn(body(sim, state), "parent");
  sim.run();
}

struct State {
  std::vector<int> values;
  std::size_t index = 99;
  int value = 0;
  int marks = 0;
  std::string error;
};

Process<> await_all(Simulator& sim, State& state) {
  state.values = co_await when_all(value_after(sim, 3_ms, 1), value_after(sim, 1_ms, 2), instant(3));
}

Process<> await_first(Simulator& sim, State& state) {
  const auto [index, value] = co_await when_any(value_after(sim, 3_ms, 1), value_after(sim, 1_ms, 2));
  state.index = index;
  state.value = value;
}

Process<> await_instant(Simulator& sim, State& state) {
  const auto [index, value] =
      co_await when_any(value_after(sim, 3_ms, 1), instant(5), value_after(sim, 1_ms, 2));
  state.index = index;
  state.value = value;
}

Process<> await_tie(Simulator& sim, State& state) {
  state.index = co_await when_any(mark_after(sim, 2_ms, state.marks), mark_after(sim, 2_ms, state.marks));
}

Process<> await_failing(Simulator& sim, State& state) {
  try {
    co_await when_all(mark_after(sim, 5_ms, state.marks), fail_after(sim, 2_ms));
  } catch (const std::exception& error) {
    state.error = error.what();
  }
}

Process<> await_failing_start(Simulator& sim, State& state) {
  try {
    co_await when_all(mark_after(sim, 5_ms, state.marks), fail_at_once(), mark_after(sim, 0_s, state.marks));
  } catch (const std::exception& error) {
    state.error = error.what();
  }
}

Process<> await_none(Simulator&, State& state) {
  co_await when_all(std::vector<Process<>>());
  state.marks = 1;
}

Process<> await_nested(Simulator& sim, State& state) {
  struct Parts {
    static Process<> pair(Simulator& sim, State& state) {
      co_await when_all(mark_after(sim, 1_ms, state.marks), mark_after(sim, 4_ms, state.marks));
    }
  };
  state.index = co_await when_any(Parts::pair(sim, state), kernel::sleep(sim, 2_ms));
}

}  // namespace

TEST_CASE("when_all ends with the slowest and keeps the results in order") {
  Simulator sim;
  State state;
  run(sim, await_all, state);
  REQUIRE(state.values == std::vector<int>{1, 2, 3});
  REQUIRE(sim.now() == SimTime{3'000'000});
}

TEST_CASE("when_any ends with the first, and the others are cancelled") {
  Simulator sim;
  State state;
  run(sim, await_first, state);
  REQUIRE(state.index == 1);
  REQUIRE(state.value == 2);
  REQUIRE(sim.now() == SimTime{1'000'000});  // the event at 3 ms died with its process
}

TEST_CASE("a child that ends at once decides when_any before the later ones start") {
  Simulator sim;
  State state;
  run(sim, await_instant, state);
  REQUIRE(state.index == 1);
  REQUIRE(state.value == 5);
  REQUIRE(sim.now() == SimTime{0});
}

TEST_CASE("of two that end at one instant the one scheduled first wins, and the other does nothing more") {
  Simulator sim;
  State state;
  run(sim, await_tie, state);
  REQUIRE(state.index == 0);
  REQUIRE(state.marks == 1);
}

TEST_CASE("the failure of one destroys the others at that instant and reaches the parent") {
  Simulator sim;
  State state;
  SECTION("later") {
    run(sim, await_failing, state);
    REQUIRE(state.error == "link down");
    REQUIRE(sim.now() == SimTime{2'000'000});
  }
  SECTION("at its start") {
    run(sim, await_failing_start, state);
    REQUIRE(state.error == "no link");
    REQUIRE(sim.now() == SimTime{0});
  }
  REQUIRE(state.marks == 0);
}

TEST_CASE("waiting for none is over at once") {
  Simulator sim;
  State state;
  run(sim, await_none, state);
  REQUIRE(state.marks == 1);
}

TEST_CASE("cancellation reaches the children of children") {
  Simulator sim;
  State state;
  run(sim, await_nested, state);
  REQUIRE(state.index == 1);
  REQUIRE(state.marks == 1);
  REQUIRE(sim.now() == SimTime{2'000'000});
}

TEST_CASE("a child of when_all waits under the name of its top-level process") {
  Simulator sim;
  kernel::Gate gate(sim, "never");
  struct Parts {
    static Process<> wait(kernel::Gate& gate) { co_await gate.wait(); }
    static Process<> both(kernel::Gate& gate) { co_await when_all(wait(gate), wait(gate)); }
  };
  sim.spawn(Parts::both(gate), "rank 5");
  REQUIRE_THROWS_AS(sim.run(), kernel::DeadlockError);
  REQUIRE(sim.waiting().size() == 2);
  REQUIRE_THAT(sim.waiting().front(), Catch::Matchers::Contains("process 'rank 5' waits for gate 'never'"));
}
