// The kernel against queueing theory: every system is built from processes, semaphores and delays only, and
// its means must lie inside their own confidence intervals, which are required to be narrow. Vectors:
// tests/oracles/queueing.json. The exact test against Lindley's recursion says that no single customer is off
// by a nanosecond.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/rng.hpp"
#include "sim/base/stats.hpp"
#include "sim/kernel/sync.hpp"
#include "sim/kernel/when.hpp"

namespace {

using namespace orrery;
using kernel::Permit;
using kernel::Process;
using kernel::Semaphore;
using kernel::Simulator;
using nlohmann::json;

json oracle(const std::string& id) {
  std::ifstream file(ORRERY_SOURCE_DIR "/tests/oracles/queueing.json");
  return json::parse(file).at("vectors").at(id);
}

/// The unit of time of the oracles, the mean service time, is a millisecond here: rounding to nanoseconds is
/// 1e-6 of it.
constexpr double kUnit = 1e-3;

using Draw = std::function<double(RngStream&)>;

/// An open queueing system: Poisson arrivals to `servers` servers with a common queue.
struct OpenSystem {
  OpenSystem(int servers, std::size_t customers) : server(sim, "server", servers) {
    waits.reserve(customers);
  }

  Simulator sim;
  Semaphore server;
  std::vector<double> pauses;    // between arrivals, in units
  std::vector<double> services;  // in units, in order of arrival
  std::vector<double> waits;     // in units, in order of service
  std::vector<double> sojourns;  // in units, in order of departure
  double area = 0.0;             // integral of the number in the system over time, in units
  std::int64_t present = 0;
  SimTime last_change;

  void change(std::int64_t by) {
    area += static_cast<double>(present) * ((sim.now() - last_change).value() / kUnit);
    present += by;
    last_change = sim.now();
  }
};

Process<> customer(OpenSystem& system, double service, int priority, std::vector<double>& waits) {
  const SimTime arrival = system.sim.now();
  system.change(+1);
  {
    const Permit permit = co_await system.server.acquire(1, priority);
    waits.push_back((system.sim.now() - arrival).value() / kUnit);
    co_await system.sim.delay(Seconds(service * kUnit));
  }
  system.change(-1);
  system.sojourns.push_back((system.sim.now() - arrival).value() / kUnit);
}

Process<> arrivals(OpenSystem& system, double rate, Draw service, std::size_t count, RngStream random,
                   int priority, std::vector<double>& waits) {
  for (std::size_t i = 0; i < count; ++i) {
    const double pause = random.exponential(1.0 / rate);
    co_await system.sim.delay(Seconds(pause * kUnit));
    system.pauses.push_back(pause);
    system.services.push_back(service(random));
    system.sim.spawn(customer(system, system.services.back(), priority, waits), "customer");
  }
}

void require_oracle(const std::string& what, const std::vector<double>& series, double expected,
                    double widest = 0.03) {
  const std::span<const double> steady = std::span(series).subspan(series.size() / 50);  // 2 % warm-up
  const Interval interval = batch_means_interval(steady, 30, 0.99);
  INFO(what << " = " << interval.centre << " +- " << interval.half_width << ", expected " << expected);
  REQUIRE(interval.relative() < widest);
  REQUIRE(interval.contains(expected));
}

/// One class of customers through the system until all have left.
void run(OpenSystem& system, double rate, const Draw& service, std::size_t count, const std::string& name) {
  system.sim.spawn(arrivals(system, rate, service, count, stream(Seed{1}, name), 0, system.waits),
                   "arrivals");
  system.sim.run();
  REQUIRE(system.waits.size() == count);
}

/// Little's law holds for every single run that starts and ends empty: the integral of the number in the
/// system over time is the sum of the sojourn times.
void require_little(const OpenSystem& system) {
  double sum = 0.0;
  for (double x : system.sojourns) sum += x;
  REQUIRE(system.present == 0);
  REQUIRE(system.area == Approx(sum).epsilon(1e-9));
}

/// The waits of a single-server system, with the luck of the draw taken out by control variates: what the
/// run's pauses and services differ from their known means moves the wait by the derivatives of Pollaczek and
/// Khinchine's formula,
///   Wq = lam E[S^2] / (2 (1 - lam E[S])).
/// The corrections have mean zero whatever their coefficients, so the result is unbiased; its variance is 2
/// to 7 times smaller.
std::vector<double> controlled_waits(const OpenSystem& system, double rate, double mean, double mean_square) {
  const double slack = 1.0 - rate * mean;
  const double by_square = rate / (2.0 * slack);
  const double by_mean = rate * rate * mean_square / (2.0 * slack * slack);
  std::vector<double> result;
  for (std::size_t i = 0; i < system.waits.size(); ++i) {
    const double service = system.services[i];
    result.push_back(system.waits[i] - by_square * (service * service - mean_square) -
                     by_mean * ((service - mean) - (system.pauses[i] - 1.0 / rate)));
  }
  return result;
}

double number(const json& value, const char* key) {
  return value.at(key).get<double>();
}

Process<> station(Simulator& sim, Semaphore& server, double service, std::vector<double>& times) {
  const SimTime arrival = sim.now();
  const Permit permit = co_await server.acquire();
  co_await sim.delay(Seconds(service * kUnit));
  times.push_back((sim.now() - arrival).value() / kUnit);
}

struct ForkJoin {
  Simulator sim;
  Semaphore left{sim, "left", 1};
  Semaphore right{sim, "right", 1};
  std::vector<double> left_times;
  std::vector<double> right_times;
  std::vector<double> sojourns;
};

Process<> forked_job(ForkJoin& system, double left, double right) {
  const SimTime arrival = system.sim.now();
  co_await kernel::when_all(station(system.sim, system.left, left, system.left_times),
                            station(system.sim, system.right, right, system.right_times));
  system.sojourns.push_back((system.sim.now() - arrival).value() / kUnit);
}

Process<> forked_arrivals(ForkJoin& system, double rate, double mean, std::size_t count, RngStream random) {
  for (std::size_t i = 0; i < count; ++i) {
    const Seconds pause(random.exponential(1.0 / rate) * kUnit);
    co_await system.sim.delay(pause);
    const double left = random.exponential(mean);
    const double right = random.exponential(mean);
    system.sim.spawn(forked_job(system, left, right), "job");
  }
}

struct ClosedNetwork {
  Simulator sim;
  Semaphore first{sim, "first", 1};
  Semaphore second{sim, "second", 1};
  std::vector<double> first_times;
  std::vector<double> second_times;
  std::vector<double> departures;  // moments, in units
};

Process<> cycle(ClosedNetwork& net, double think, double first, double second, RngStream random) {
  for (;;) {
    const Seconds pause(random.exponential(think) * kUnit);
    co_await net.sim.delay(pause);
    const double one = random.exponential(first);
    co_await station(net.sim, net.first, one, net.first_times);
    const double two = random.exponential(second);
    co_await station(net.sim, net.second, two, net.second_times);
    net.departures.push_back(net.sim.now().seconds().value() / kUnit);
  }
}

}  // namespace

TEST_CASE("G1: M/M/1 waits, sojourns, their tail and the number present are those of theory") {
  const json g1 = oracle("G1.mm1");
  const double rate = number(g1["inputs"], "lam");
  const double mean = 1.0 / number(g1["inputs"], "mu");
  const std::size_t customers = 850'000;
  OpenSystem system(1, customers);
  run(
      system, rate, [=](RngStream& r) { return r.exponential(mean); }, customers, "mm1");
  const json& expected = g1["expected"];
  require_oracle("Wq", controlled_waits(system, rate, mean, 2.0 * mean * mean), number(expected, "Wq"));
  require_oracle("W", system.sojourns, number(expected, "W"));
  std::vector<double> beyond_p90;
  for (double x : system.sojourns) beyond_p90.push_back(x > number(expected, "p90") ? 1.0 : 0.0);
  require_oracle("P(T > p90)", beyond_p90, 0.1, 0.085);
  require_little(system);
  // the time average of the number present, by Little with the arrival rate that this run had
  const double elapsed = system.sim.now().seconds().value() / kUnit;
  REQUIRE(system.area / elapsed == Approx(number(expected, "L")).epsilon(0.03));
}

TEST_CASE("G2: M/D/1 waits half as long as M/M/1") {
  const json g2 = oracle("G2.md1");
  const double rate = number(g2["inputs"], "lam");
  const double service = number(g2["inputs"], "D");
  const std::size_t customers = 400'000;
  OpenSystem system(1, customers);
  run(
      system, rate, [=](RngStream&) { return service; }, customers, "md1");
  require_oracle("Wq", controlled_waits(system, rate, service, service * service),
                 number(g2["expected"], "Wq"));
  require_oracle("W", system.sojourns, number(g2["expected"], "W"));
  require_little(system);
}

TEST_CASE("G3: M/G/1 with lognormal service obeys Pollaczek and Khinchine") {
  const json g3 = oracle("G3.mg1.lognormal.cv2=4");
  const double rate = number(g3["inputs"], "lam");
  const double mean = number(g3["inputs"], "ES");
  const double cv2 = number(g3["inputs"], "cv2");
  const std::size_t customers = 1'300'000;
  OpenSystem system(1, customers);
  run(
      system, rate, [=](RngStream& r) { return r.lognormal_mean_cv2(mean, cv2); }, customers, "mg1");
  require_oracle("Wq", controlled_waits(system, rate, mean, mean * mean * (1.0 + cv2)),
                 number(g3["expected"], "Wq"), 0.045);
  require_little(system);
}

TEST_CASE("G4: M/M/4 waits as Erlang says, and as often") {
  const json g4 = oracle("G4.mmc.c4");
  const double mean = 1.0 / number(g4["inputs"], "mu");
  const std::size_t customers = 900'000;
  OpenSystem system(g4["inputs"]["c"].get<int>(), customers);
  run(
      system, number(g4["inputs"], "lam"), [=](RngStream& r) { return r.exponential(mean); }, customers,
      "mmc");
  require_oracle("Wq", system.waits, number(g4["expected"], "Wq"), 0.05);
  require_oracle("W", system.sojourns, number(g4["expected"], "W"));
  std::vector<double> waited;
  for (double x : system.waits) waited.push_back(x > 0.0 ? 1.0 : 0.0);
  require_oracle("P(wait)", waited, number(g4["expected"], "P_wait"));
  require_little(system);
}

TEST_CASE("G7: non-preemptive priorities share the wait as Cobham says") {
  const json g7 = oracle("G7.priority.nonpreemptive");
  const std::vector<double> rates = g7["inputs"]["lam"];
  const std::vector<double> means = g7["inputs"]["ES"];
  const std::size_t customers = 300'000;  // of the urgent class; both classes arrive during the same time
  OpenSystem system(1, customers);
  std::vector<std::vector<double>> waits(2);
  for (std::size_t k = 0; k < 2; ++k) {
    const auto count = static_cast<std::size_t>(static_cast<double>(customers) * rates[k] / rates[0]);
    const double mean = means[k];  // exponential: E[S^2] = 2 mean^2, as the vector says
    REQUIRE(g7["inputs"]["ES2"][k].get<double>() == 2.0 * mean * mean);
    system.sim.spawn(arrivals(
                         system, rates[k], [=](RngStream& r) { return r.exponential(mean); }, count,
                         stream(Seed{1}, "priority", k), static_cast<int>(k), waits[k]),
                     "arrivals");
  }
  system.sim.run();
  require_oracle("Wq of the urgent", waits[0], number(g7["expected"], "Wq1"));
  require_oracle("Wq of the others", waits[1], number(g7["expected"], "Wq2"), 0.04);
  require_little(system);
}

TEST_CASE("G8: a job forked to two queues takes as long as Flatto and Hahn say") {
  const json g8 = oracle("G8.forkjoin2");
  ForkJoin system;
  const double rate = number(g8["inputs"], "lam");
  const double mean = 1.0 / number(g8["inputs"], "mu");
  system.sim.spawn(forked_arrivals(system, rate, mean, 250'000, stream(Seed{1}, "forkjoin")), "arrivals");
  system.sim.run();
  require_oracle("W", system.sojourns, number(g8["expected"], "W"));
  // each branch alone is an M/M/1 queue: W = 1 / (mu - lam)
  require_oracle("W of the left branch", system.left_times, 1.0 / (1.0 / mean - rate));
}

TEST_CASE("G9: a closed network has the throughput and the queues of mean value analysis") {
  const json g9 = oracle("G9.mva.closed");
  const json& inputs = g9["inputs"];
  const json& expected = g9["expected"];
  ClosedNetwork net;
  const int customers = inputs["N"];
  for (int i = 0; i < customers; ++i) {
    net.sim.spawn(cycle(net, number(inputs, "Z"), inputs["S"][0], inputs["S"][1],
                        stream(Seed{1}, "closed", static_cast<std::uint64_t>(i))),
                  "customer");
  }
  const double horizon = 60'000.0;
  net.sim.run_until(SimTime{} + Seconds(horizon * kUnit));
  // departures per window of 10 units; the throughput is their mean over 10
  std::vector<double> rates(static_cast<std::size_t>(horizon / 10.0), 0.0);
  for (double moment : net.departures)
    rates[std::min(rates.size() - 1, static_cast<std::size_t>(moment / 10.0))] += 0.1;
  const double throughput = number(expected, "X");
  require_oracle("X", rates, throughput, 0.01);
  // Little at each station: the mean number there is the throughput times the mean time there
  require_oracle("R of the first", net.first_times, expected["Q"][0].get<double>() / throughput);
  require_oracle("R of the second", net.second_times, expected["Q"][1].get<double>() / throughput);
}

TEST_CASE(
    "every customer starts when the recursion of Lindley, Kiefer and Wolfowitz says, to the nanosecond") {
  const int servers = GENERATE(1, 3);
  const std::size_t count = 30'000;
  OpenSystem system(servers, count);
  const auto service = [](RngStream& r) { return r.lognormal_mean_cv2(1.0, 4.0); };
  run(system, 0.8 * servers, service, count, "lindley");
  // the same random numbers through the recursion: a customer starts when it is there and the first server is
  // free
  RngStream random = stream(Seed{1}, "lindley");
  std::vector<SimTime> free_at(static_cast<std::size_t>(servers));
  SimTime arrival;
  for (std::size_t i = 0; i < count; ++i) {
    arrival = arrival + Seconds(random.exponential(1.0 / (0.8 * servers)) * kUnit);
    const auto first = std::min_element(free_at.begin(), free_at.end());
    const SimTime start = std::max(arrival, *first);
    *first = start + Seconds(service(random) * kUnit);
    if (system.waits[i] != (start - arrival).value() / kUnit)
      FAIL("customer " << i << " waits " << system.waits[i]);
  }
  SUCCEED("all waits equal");
}
