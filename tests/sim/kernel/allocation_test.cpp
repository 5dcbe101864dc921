// No allocation per event in steady state: every operator new of this binary is counted, and a long stretch
// of simulated time must pass without one.
#include <catch2/catch.hpp>

#include "sim/base/rng.hpp"
#include "sim/kernel/channel.hpp"
#include "sim/kernel/simulator.hpp"
#include "sim/kernel/sync.hpp"
#include "tests/counted_allocations.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using kernel::Process;
using kernel::Simulator;

Process<> hold(Simulator& sim, RngStream& random) {
  for (;;) {
    const Seconds pause(random.exponential(1e-3));
    co_await sim.delay(pause);
  }
}

Process<int> service(Simulator& sim, Seconds time) {
  co_await sim.delay(time);
  co_return 1;
}

Process<> customer(Simulator& sim, kernel::Semaphore& server, kernel::Channel<int>& done, Seconds time) {
  const kernel::Permit permit = co_await server.acquire();
  const int served = co_await service(sim, time);
  done.push(served);
}

/// Spawns a process per customer, with a timer that is always cancelled and a collector at the other end.
Process<> arrivals(Simulator& sim, kernel::Semaphore& server, kernel::Channel<int>& done, RngStream& random) {
  for (;;) {
    const Seconds pause(random.exponential(1e-3));
    kernel::EventHandle timeout = sim.after(10_s, [] {});
    co_await sim.delay(pause);
    timeout.cancel();
    sim.spawn(customer(sim, server, done, Seconds(random.exponential(0.5e-3))), "customer");
  }
}

Process<> collect(kernel::Channel<int>& done, int& total) {
  for (;;) {
    const std::optional<int> served = co_await done.receive();
    total += *served;
  }
}

}  // namespace

TEST_CASE("the counter counts") {
  const std::size_t before = allocations;
  delete[] new int[100];
  REQUIRE(allocations > before);
}

TEST_CASE("passing time allocates nothing in steady state") {
  Simulator sim;
  RngStream random = stream(Seed{1}, "hold");
  for (int i = 0; i < 500; ++i) sim.spawn(hold(sim, random), "hold");
  sim.run_until(SimTime{} + 50_ms);
  const std::size_t before = allocations;
  const std::uint64_t events = sim.events();
  sim.run_until(SimTime{} + 150_ms);
  const std::size_t during = allocations - before;
  REQUIRE(sim.events() - events > 45'000);
  REQUIRE(during == 0);
}

TEST_CASE("starting, queueing, serving, messaging, cancelling and ending allocate nothing in steady state") {
  Simulator sim;
  RngStream random = stream(Seed{2}, "customers");
  kernel::Semaphore server(sim, "server", 1);
  kernel::Channel<int> done(sim, "done");
  int total = 0;
  sim.spawn(arrivals(sim, server, done, random), "arrivals");
  sim.spawn(collect(done, total), "collector");
  // a rush at the start: more customers at once than later, so that no later rush needs more memory
  for (int i = 0; i < 100; ++i) sim.spawn(customer(sim, server, done, 1_ms), "customer");
  sim.run_until(SimTime{} + 5_s);
  const std::size_t before = allocations;
  const int served = total;
  sim.run_until(SimTime{} + 15_s);
  const std::size_t during = allocations - before;
  REQUIRE(total - served > 9'000);
  REQUIRE(during == 0);
}
