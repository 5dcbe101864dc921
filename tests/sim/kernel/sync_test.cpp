// Gate, Semaphore and Barrier: who goes on when, and what cancellation gives back.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/sync.hpp"
#include "sim/kernel/when.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using kernel::Barrier;
using kernel::Gate;
using kernel::Permit;
using kernel::Process;
using kernel::Semaphore;
using kernel::Simulator;

using Log = std::vector<std::string>;

std::string stamp(const Simulator& sim, const std::string& who) {
  return who + "@" + std::to_string(sim.now().ns / 1'000'000);
}

Process<> pass(Simulator& sim, Gate& gate, Log& log, std::string who) {
  co_await gate.wait();
  log.push_back(stamp(sim, who));
}

/// Arrives at `at`, holds `units` for `hold`, logs when it got them.
Process<> use(Simulator& sim, Semaphore& semaphore, Log& log, std::string who, Seconds at, Seconds hold,
              int units = 1, int priority = 0) {
  co_await sim.delay(at);
  const Permit permit = co_await semaphore.acquire(units, priority);
  log.push_back(stamp(sim, who));
  co_await sim.delay(hold);
}

Process<> arrive(Simulator& sim, Barrier& barrier, Log& log, std::string who, Seconds at) {
  co_await sim.delay(at);
  co_await barrier.arrive();
  log.push_back(stamp(sim, who));
}

Process<> give_up_after(Simulator& sim, Process<> task, Seconds patience) {
  co_await kernel::when_any(std::move(task), kernel::sleep(sim, patience));
}

}  // namespace

TEST_CASE("a gate lets all waiting processes go on in the order of arrival, and passes while open") {
  Simulator sim;
  Gate gate(sim, "gate");
  Log log;
  sim.spawn(pass(sim, gate, log, "a"), "a");
  sim.spawn(pass(sim, gate, log, "b"), "b");
  sim.at(SimTime{2'000'000}, [&] { gate.open(); });
  sim.at(SimTime{3'000'000}, [&] { sim.spawn(pass(sim, gate, log, "c"), "c"); });
  sim.run();
  REQUIRE(log == Log{"a@2", "b@2", "c@3"});
}

TEST_CASE("a gate that opens and closes at one instant still lets the waiting ones go") {
  Simulator sim;
  Gate gate(sim, "gate");
  Log log;
  sim.spawn(pass(sim, gate, log, "early"), "early");
  sim.at(SimTime{1'000'000}, [&] {
    gate.open();
    gate.close();
  });
  sim.at(SimTime{2'000'000}, [&] { sim.spawn_background(pass(sim, gate, log, "late"), "late"); });
  sim.run();
  REQUIRE(log == Log{"early@1"});
}

TEST_CASE("a semaphore of one unit serves first come, first served") {
  Simulator sim;
  Semaphore server(sim, "server", 1);
  Log log;
  for (const char* who : {"a", "b", "c"}) sim.spawn(use(sim, server, log, who, 0_s, 2_ms), who);
  sim.run();
  REQUIRE(log == Log{"a@0", "b@2", "c@4"});
  REQUIRE(server.available() == 1);
}

TEST_CASE("of waiting requests the lower priority value is served first, equal ones in order") {
  Simulator sim;
  Semaphore server(sim, "server", 1);
  Log log;
  sim.spawn(use(sim, server, log, "first", 0_s, 5_ms), "first");
  sim.spawn(use(sim, server, log, "low 1", 1_ms, 1_ms, 1, 2), "low 1");
  sim.spawn(use(sim, server, log, "low 2", 2_ms, 1_ms, 1, 2), "low 2");
  sim.spawn(use(sim, server, log, "high", 3_ms, 1_ms, 1, 1), "high");
  sim.run();
  REQUIRE(log == Log{"first@0", "high@5", "low 1@6", "low 2@7"});
}

TEST_CASE("a large request at the head holds up small ones, so that it does not starve") {
  Simulator sim;
  Semaphore memory(sim, "memory", 4);
  Log log;
  sim.spawn(use(sim, memory, log, "three", 0_s, 4_ms, 3), "three");
  sim.spawn(use(sim, memory, log, "four", 1_ms, 2_ms, 4), "four");
  sim.spawn(use(sim, memory, log, "one", 2_ms, 1_ms, 1), "one");
  sim.run();
  REQUIRE(log == Log{"three@0", "four@4", "one@6"});
}

TEST_CASE("when a large request gives up, those it held up go on at once") {
  Simulator sim;
  Semaphore memory(sim, "memory", 4);
  Log log;
  sim.spawn(use(sim, memory, log, "three", 0_s, 9_ms, 3), "three");
  sim.spawn(give_up_after(sim, use(sim, memory, log, "four", 1_ms, 2_ms, 4), 5_ms), "four");
  sim.spawn(use(sim, memory, log, "one", 2_ms, 1_ms, 1), "one");
  sim.run();
  REQUIRE(log == Log{"three@0", "one@5"});
}

TEST_CASE("a cancelled holder gives its units back") {
  Simulator sim;
  Semaphore server(sim, "server", 1);
  Log log;
  sim.spawn(give_up_after(sim, use(sim, server, log, "holder", 0_s, 100_ms), 3_ms), "holder");
  sim.spawn(use(sim, server, log, "next", 1_ms, 1_ms), "next");
  sim.run();
  REQUIRE(log == Log{"holder@0", "next@3"});
  REQUIRE(server.available() == 1);
}

TEST_CASE("a unit granted to a process that is cancelled at the same instant goes to the next one") {
  Simulator sim;
  Semaphore server(sim, "server", 1);
  Log log;
  // The impatient one's timer for 2 ms is scheduled before the holder's end at 2 ms; the order of events is:
  // holder ends and grants the unit, the timer wins the when_any, the granted process dies before it could go
  // on.
  sim.spawn(use(sim, server, log, "holder", 0_s, 2_ms), "holder");
  sim.spawn(give_up_after(sim, use(sim, server, log, "impatient", 0_s, 1_ms), 2_ms), "impatient");
  sim.spawn(use(sim, server, log, "next", 1_ms, 1_ms), "next");
  sim.run();
  REQUIRE(log == Log{"holder@0", "next@2"});
  REQUIRE(server.available() == 1);
}

TEST_CASE("a permit can be given back early and moved") {
  Simulator sim;
  Semaphore server(sim, "server", 2);
  struct Parts {
    static Process<> move_about(Semaphore& server) {
      Permit first = co_await server.acquire();
      Permit second = co_await server.acquire();
      REQUIRE(server.available() == 0);
      first = std::move(second);  // what was held is given back
      REQUIRE(server.available() == 1);
      REQUIRE(first.held());
      REQUIRE_FALSE(second.held());
      first.release();
      first.release();
      REQUIRE(server.available() == 2);
    }
  };
  sim.spawn(Parts::move_about(server), "mover");
  sim.run();
}

TEST_CASE("a permit outlives its semaphore harmlessly") {
  Simulator sim;
  Log log;
  auto server = std::make_unique<Semaphore>(sim, "server", 1);
  sim.spawn(use(sim, *server, log, "holder", 0_s, 2_ms), "holder");
  sim.spawn_background(use(sim, *server, log, "stranded", 0_s, 2_ms), "stranded");
  sim.at(SimTime{1'000'000}, [&] { server.reset(); });
  sim.run();
  REQUIRE(log == Log{"holder@0"});
}

TEST_CASE("a barrier meets exactly when the last party arrives, round after round") {
  Simulator sim;
  Barrier barrier(sim, "step", 3);
  Log log;
  for (int round = 0; round < 2; ++round) {
    sim.spawn(arrive(sim, barrier, log, "a", Seconds(1e-3 + 10e-3 * round)), "a");
    sim.spawn(arrive(sim, barrier, log, "b", Seconds(3e-3 + 10e-3 * round)), "b");
    sim.spawn(arrive(sim, barrier, log, "c", Seconds(2e-3 + 10e-3 * round)), "c");
  }
  sim.run();
  REQUIRE(log == Log{"b@3", "a@3", "c@3", "b@13", "a@13", "c@13"});
}

TEST_CASE("an arrival that is cancelled does not count") {
  Simulator sim;
  Barrier barrier(sim, "step", 2);
  Log log;
  sim.spawn(give_up_after(sim, arrive(sim, barrier, log, "gone", 1_ms), 2_ms), "gone");
  sim.spawn(arrive(sim, barrier, log, "b", 3_ms), "b");
  sim.spawn(arrive(sim, barrier, log, "c", 4_ms), "c");
  sim.run();
  REQUIRE(log == Log{"c@4", "b@4"});
  REQUIRE(barrier.arrived() == 0);
}
