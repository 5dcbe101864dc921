// Channels: order, bounds, closing, and values that must not be lost when a receiver is cancelled.
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "sim/kernel/channel.hpp"
#include "sim/kernel/when.hpp"

namespace {

using namespace orrery;
using namespace orrery::literals;
using kernel::Channel;
using kernel::Process;
using kernel::Simulator;

struct Received {
  int value;
  std::int64_t ms;
  bool operator==(const Received&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Received& r) {
  return out << r.value << "@" << r.ms;
}

Process<> produce(Simulator& sim, Channel<int>& channel, int count, Seconds pause) {
  for (int i = 0; i < count; ++i) {
    co_await sim.delay(pause);
    co_await channel.send(i);
  }
  channel.close();
}

Process<> consume(Simulator& sim, Channel<int>& channel, std::vector<Received>& log, Seconds work) {
  for (;;) {
    const std::optional<int> value = co_await channel.receive();
    if (!value) break;
    log.push_back(Received{*value, sim.now().ns / 1'000'000});
    co_await sim.delay(work);
  }
}

Process<> receive_one(Simulator& sim, Channel<int>& channel, std::vector<Received>& log) {
  const std::optional<int> value = co_await channel.receive();
  if (value) log.push_back(Received{*value, sim.now().ns / 1'000'000});
}

Process<> give_up_at(Simulator& sim, Process<> task, SimTime moment) {
  co_await kernel::when_any(std::move(task), kernel::sleep(sim, moment - sim.now()));
}

}  // namespace

TEST_CASE("a channel hands over values in order, at the instant they are sent") {
  Simulator sim;
  Channel<int> channel(sim, "requests");
  std::vector<Received> log;
  sim.spawn(consume(sim, channel, log, 0_s), "consumer");
  sim.spawn(produce(sim, channel, 3, 2_ms), "producer");
  sim.run();
  REQUIRE(log == std::vector<Received>{{0, 2}, {1, 4}, {2, 6}});
}

TEST_CASE("a full channel makes its sender wait") {
  Simulator sim;
  Channel<int> channel(sim, "requests", 1);
  std::vector<Received> log;
  // Sending takes no time; each value takes 5 ms to consume. The consumer gets 0 at once, 1 lies in the
  // channel, the producer waits with 2 until 1 is taken, and so on: one value each 5 ms.
  sim.spawn(produce(sim, channel, 4, 0_s), "producer");
  sim.spawn(consume(sim, channel, log, 5_ms), "consumer");
  sim.run();
  REQUIRE(log == std::vector<Received>{{0, 0}, {1, 5}, {2, 10}, {3, 15}});
}

TEST_CASE("a closed channel gives what is left, then nothing") {
  Simulator sim;
  Channel<int> channel(sim, "requests");
  std::vector<Received> log;
  channel.push(1);
  channel.push(2);
  channel.close();
  sim.spawn(consume(sim, channel, log, 1_ms), "a");
  sim.spawn(receive_one(sim, channel, log), "b");
  sim.run();
  REQUIRE(log == std::vector<Received>{{1, 0}, {2, 0}});
  REQUIRE_THROWS_AS(channel.push(3), InternalError);
}

TEST_CASE("closing wakes every waiting receiver") {
  Simulator sim;
  Channel<int> channel(sim, "requests");
  std::vector<Received> log;
  sim.spawn(receive_one(sim, channel, log), "a");
  sim.spawn(receive_one(sim, channel, log), "b");
  sim.at(SimTime{1'000'000}, [&] { channel.close(); });
  sim.run();
  REQUIRE(log.empty());
  REQUIRE(sim.live_processes() == 0);
}

TEST_CASE("a value handed to a receiver that is cancelled at the same instant is not lost") {
  Simulator sim;
  Channel<int> channel(sim, "requests");
  std::vector<Received> log;
  const bool someone_else_waits = GENERATE(false, true);
  // At 1 ms the value is handed to the first receiver; the timer that cancels it, scheduled later for the
  // same instant, comes before the receiver's wake-up.
  sim.at(SimTime{1'000'000}, [&] { channel.push(42); });
  sim.spawn(give_up_at(sim, receive_one(sim, channel, log), SimTime{1'000'000}), "cancelled");
  if (someone_else_waits) {
    sim.spawn(receive_one(sim, channel, log), "waiting");
  } else {
    sim.at(SimTime{3'000'000}, [&] { sim.spawn(receive_one(sim, channel, log), "later"); });
  }
  sim.run();
  REQUIRE(log == std::vector<Received>{{42, someone_else_waits ? 1 : 3}});
}

TEST_CASE("a channel may die while a value is on its way") {
  Simulator sim;
  auto channel = std::make_unique<Channel<int>>(sim, "requests");
  std::vector<Received> log;
  sim.spawn(receive_one(sim, *channel, log), "receiver");
  sim.at(SimTime{1'000'000}, [&] {
    channel->push(1);
    channel.reset();
  });
  sim.run();
  REQUIRE(log == std::vector<Received>{{1, 1}});
}

TEST_CASE("a deadlock on a channel says on which side") {
  Simulator sim;
  Channel<int> channel(sim, "requests", 1);
  std::vector<Received> log;
  channel.push(0);
  sim.spawn(produce(sim, channel, 1, 0_s), "producer");
  sim.run_until(SimTime{1});
  REQUIRE(sim.waiting() ==
          std::vector<std::string>{"process 'producer' waits for room in channel 'requests' since "
                                   "t = 0.000000000 s"});
}
