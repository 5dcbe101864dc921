// The clock, the order of events, timers, and how a run ends well or badly.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/kernel/simulator.hpp"
#include "sim/kernel/sync.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using Catch::Matchers::Contains;
using kernel::Gate;
using kernel::Process;
using kernel::Simulator;

Process<> log_at(Simulator& sim, Seconds delay, std::vector<std::string>& log, std::string text) {
  co_await sim.delay(delay);
  log.push_back(std::move(text));
}

template <class Error>
Process<> fail_at(Simulator& sim, Seconds delay, Error error) {
  co_await sim.delay(delay);
  throw error;
}

Process<> wait_for(Gate& gate) {
  co_await gate.wait();
}

Process<> violate(Simulator& sim) {
  co_await sim.delay(1_ms);
  co_await sim.delay(Seconds(-1.0));
}

std::string message_of(Simulator& sim) {
  try {
    sim.run();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("time passes from event to event, in integer nanoseconds") {
  Simulator sim;
  std::vector<std::string> log;
  sim.spawn(log_at(sim, 3_us, log, "b"), "p1");
  sim.spawn(log_at(sim, 1_us, log, "a"), "p2");
  sim.run();
  REQUIRE(log == std::vector<std::string>{"a", "b"});
  REQUIRE(sim.now() == SimTime{3000});
}

TEST_CASE("what is scheduled first for an instant happens first, processes and timers alike") {
  Simulator sim;
  std::vector<std::string> log;
  sim.at(SimTime{1000}, [&] { log.push_back("timer 1"); });
  sim.spawn(log_at(sim, 1_us, log, "process"),
            "p");  // schedules its event for 1 us only when it starts, at 0
  sim.at(SimTime{1000}, [&] { log.push_back("timer 2"); });
  sim.run();
  REQUIRE(log == std::vector<std::string>{"timer 1", "timer 2", "process"});
}

TEST_CASE("a delay of zero lets everything go first that is already scheduled for the instant") {
  Simulator sim;
  std::vector<std::string> log;
  sim.spawn(log_at(sim, 0_s, log, "yielding"), "p1");
  sim.at(SimTime{0}, [&] { log.push_back("scheduled"); });
  sim.run();
  REQUIRE(log == std::vector<std::string>{"scheduled", "yielding"});
}

TEST_CASE("a cancelled timer does not run, and cancelling twice or too late does nothing") {
  Simulator sim;
  int runs = 0;
  kernel::EventHandle kept = sim.after(1_ms, [&] { ++runs; });
  kernel::EventHandle dropped = sim.after(1_ms, [&] { runs += 100; });
  REQUIRE(dropped.pending());
  REQUIRE(dropped.cancel());
  REQUIRE_FALSE(dropped.cancel());
  REQUIRE_FALSE(dropped.pending());
  // the slot of the cancelled timer is used again; the old handle must not reach the new timer
  const kernel::EventHandle next = sim.after(2_ms, [&] { runs += 10; });
  REQUIRE_FALSE(dropped.cancel());
  REQUIRE(next.pending());
  sim.run();
  REQUIRE(runs == 11);
  REQUIRE_FALSE(kept.cancel());
  REQUIRE_FALSE(kernel::EventHandle().cancel());
}

TEST_CASE("a timer may cancel another of the same instant, and schedule itself anew") {
  Simulator sim;
  int ticks = 0;
  kernel::EventHandle victim;
  struct Tick {
    Simulator& sim;
    int& ticks;
    void operator()() const {
      if (++ticks < 5) sim.after(1_ms, *this);
    }
  };
  sim.after(1_ms, [&] { victim.cancel(); });
  victim = sim.after(1_ms, [&] { ticks += 1000; });
  sim.after(1_ms, Tick{sim, ticks});
  sim.run();
  REQUIRE(ticks == 5);
  REQUIRE(sim.now() == SimTime{5'000'000});
}

TEST_CASE("run_until stops the clock at the moment given and can be continued") {
  Simulator sim;
  std::vector<std::string> log;
  sim.spawn(log_at(sim, 2_ms, log, "at the limit"), "p1");
  sim.spawn(log_at(sim, 3_ms, log, "after it"), "p2");
  sim.run_until(SimTime{2'000'000});
  REQUIRE(log == std::vector<std::string>{"at the limit"});
  REQUIRE(sim.now() == SimTime{2'000'000});
  REQUIRE(sim.live_processes() == 1);
  sim.spawn(log_at(sim, 500_us, log, "in between"), "p3");
  sim.run();
  REQUIRE(log == std::vector<std::string>{"at the limit", "in between", "after it"});
}

TEST_CASE("an error in a process ends the run and names the process and the time, in its own type") {
  Simulator sim;
  std::vector<std::string> log;
  sim.spawn(log_at(sim, 9_ms, log, "never"), "later");
  SECTION("the user's input") {
    sim.spawn(fail_at(sim, 1500_us, ScenarioError("$.batch", "indivisible")), "rank 3");
    REQUIRE_THROWS_AS(sim.run(), ScenarioError);
  }
  SECTION("the environment") {
    sim.spawn(fail_at(sim, 1500_us, BackendError("MPI_Send: 5")), "rank 3");
    REQUIRE_THROWS_AS(sim.run(), BackendError);
  }
  SECTION("our own mistake") {
    sim.spawn(fail_at(sim, 1500_us, InternalError("broken")), "rank 3");
    REQUIRE_THROWS_AS(sim.run(), InternalError);
  }
  SECTION("anything else, with the text") {
    sim.spawn(fail_at(sim, 1500_us, std::runtime_error("boom")), "rank 3");
    const std::string message = message_of(sim);
    REQUIRE_THAT(message, Contains("process 'rank 3'") && Contains("0.001500000 s") && Contains("boom"));
  }
  REQUIRE(log.empty());
}

TEST_CASE("waiting for the past is a mistake of ours, reported with the process") {
  Simulator sim;
  sim.spawn(violate(sim), "time traveller");
  REQUIRE_THAT(message_of(sim), Contains("time traveller") && Contains("a delay cannot be negative"));
}

TEST_CASE("a deadlock names who waits for what, since when") {
  Simulator sim;
  Gate ready(sim, "weights ready");
  kernel::Barrier step(sim, "step", 3);
  struct Parts {
    static Process<> arrive(Simulator& sim, kernel::Barrier& barrier) {
      co_await sim.delay(2_ms);
      co_await barrier.arrive();
    }
  };
  sim.spawn(wait_for(ready), "rank 0");
  sim.spawn(Parts::arrive(sim, step), "rank 1");
  std::string message;
  try {
    sim.run();
  } catch (const kernel::DeadlockError& error) {
    message = error.what();
  }
  REQUIRE_THAT(message, Contains("deadlock at t = 0.002000000 s"));
  REQUIRE_THAT(message, Contains("process 'rank 0' waits for gate 'weights ready' since t = 0.000000000 s"));
  REQUIRE_THAT(message, Contains("process 'rank 1' waits for barrier 'step' since t = 0.002000000 s"));
}

TEST_CASE("a background process may wait for ever") {
  Simulator sim;
  Gate never(sim, "never");
  sim.spawn_background(wait_for(never), "server loop");
  REQUIRE_NOTHROW(sim.run());
  REQUIRE(sim.live_processes() == 1);
}

TEST_CASE("synchronisation objects and streams of waiters may die before the simulator") {
  Simulator sim;
  {
    Gate gate(sim, "short-lived");
    sim.spawn_background(wait_for(gate), "stranded");
    sim.run();
  }
  REQUIRE(sim.waiting().empty());
}

TEST_CASE("the same program gives the same run") {
  const auto run = [] {
    Simulator sim;
    std::vector<std::string> log;
    for (int i = 0; i < 50; ++i) {
      sim.spawn(log_at(sim, Seconds(1e-6 * (i * 7 % 10)), log, std::to_string(i)), "p");
    }
    sim.run();
    return log;
  };
  REQUIRE(run() == run());
}
