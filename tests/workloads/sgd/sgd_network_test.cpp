// Communication in simulated SGD against closed forms. All learners need the same constant time for a mini-batch, so
// that they push at the same moment and an iteration is compute + pushes + update + pulls. One switch; a host's port is
// full duplex; a message between two hosts starts after a (two cables' latency) and takes n b alone.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "sim/base/stats.hpp"
#include "sim/collective/algorithm.hpp"
#include "tests/workloads/sgd/oracles.hpp"
#include "tests/workloads/sgd/specs.hpp"

using namespace orrery;
using namespace orrery::sgd;

namespace {

constexpr double kCompute = 1.0;
constexpr double kBytes = 67108864.0, kAlpha = 5e-6, kBeta = 2e-11;  // of the oracles C1 and C6

net::NetworkConfig oracle_network() {
  return part<net::NetworkConfig>(
      R"({"topology": {"kind": "single_switch", "link": {"bandwidth": "50 GB/s", "latency": "2.5 us"}}})");
}

ServerAggregation servers(int count) {
  ServerAggregation config;
  config.servers = count;
  config.network = oracle_network();
  config.model_size = Bytes(kBytes);
  return config;
}

AllReduceAggregation all_reduce(const std::string& algorithm) {
  AllReduceAggregation config;
  config.algorithm = registered<collective::Algorithm>("\"" + algorithm + "\"");
  config.network = oracle_network();
  config.model_size = Bytes(kBytes);
  return config;
}

SgdSpec constant_run(const std::string& variant_json, int learners, const Aggregation& aggregation) {
  SgdSpec spec = quadratic_run(variant_json);
  constant_times(spec, "1 s");
  spec.learners = learners;
  spec.aggregation = aggregation;
  return spec;
}

/// Of every iteration but the first, before which nobody had to pull: they must be equal.
double communication(const SgdResult& result) {
  REQUIRE(result.iterations.size() > 10);
  for (std::size_t i = 2; i < result.iterations.size(); ++i) {
    CHECK(result.iterations[i].value() == Approx(result.iterations[1].value()).margin(3e-9));
  }
  return result.iterations[1].value() - kCompute;
}

}  // namespace

/// Oracle C6.ps.time: 2 (a + (P-1) n b) for P - 1 = 7 learners and a server: all pushes share the server's port.
TEST_CASE("pushes that collide at one server's port take learners times bytes over bandwidth") {
  const auto vector = oracle("C6.ps.time");
  const int learners = vector["inputs"]["P"].get<int>() - 1;
  const SgdResult result = simulate(constant_run(R"("sync")", learners, servers(1)));
  CHECK(communication(result) == Approx(vector["expected"].get<double>()).margin(3e-9));
  // Half of it before the first update, which nobody had to pull for.
  CHECK(result.iterations[0].value() - kCompute == Approx(vector["expected"].get<double>() / 2).margin(3e-9));
}

/// Oracle C6.ps.sharded.time: 2 (a + W n / S b) with S servers while S <= W.
TEST_CASE("sharded servers divide the incast") {
  const auto vector = oracle("C6.ps.sharded.time");
  const SgdResult result =
      simulate(constant_run(R"("sync")", vector["inputs"]["workers"], servers(vector["inputs"]["servers"])));
  CHECK(communication(result) == Approx(vector["expected"].get<double>()).margin(3e-9));
}

/// With as many servers as learners, and with more, each learner's own port is the limit: 2 (a + n b).
TEST_CASE("more servers than learners help no more") {
  for (const int count : {4, 8}) {
    const SgdResult result = simulate(constant_run(R"("sync")", 4, servers(count)));
    CHECK(communication(result) == Approx(2 * (kAlpha + kBytes * kBeta)).margin(3e-9));
  }
}

/// Oracle C6.ps.central.volume: 2 N (P-1) an update, N up and N down for each of P - 1 learners.
TEST_CASE("through a parameter server go two models' bytes per learner and update") {
  const auto vector = oracle("C6.ps.central.volume");
  SgdSpec spec = constant_run(R"("sync")", vector["inputs"]["P"].get<int>() - 1, servers(1));
  spec.horizon.time = Seconds(20.5);  // in the middle of a mini-batch
  const SgdResult result = simulate(spec);
  const double updates = static_cast<double>(result.books.updates);
  CHECK((result.pushed + result.pulled) / Bytes(kBytes) == Approx(updates * vector["expected"].get<double>()));
}

TEST_CASE("updates are made one after the other") {
  ServerAggregation config = servers(1);
  config.update = Seconds(0.25);
  SECTION("sync: one in each iteration") {
    const SgdResult result = simulate(constant_run(R"("sync")", 4, config));
    CHECK(communication(result) == Approx(0.25 + 2 * (kAlpha + 4 * kBytes * kBeta)).margin(3e-9));
  }
  SECTION("async: eight learners of 1 s ask for 8 updates/s, the server makes 4") {
    SgdSpec spec = constant_run(R"("async")", 8, config);
    const SgdResult result = simulate(spec);
    for (std::size_t i = 100; i < result.iterations.size(); ++i) {
      CHECK(result.iterations[i].value() == Approx(0.25).margin(1e-9));
    }
    CHECK(result.waited.value() == Approx(400.0).epsilon(0.05));  // half of the learners' time
  }
}

/// Learner 0 needs 1 s, learner 1 5 s with K = 1: its mini-batch is cancelled at each update. With a message of 0.5 s
/// and compute times of 1 s and 1.25 s its push is cancelled on the wire, and its bytes do not count.
TEST_CASE("K-sync cancels mini-batches and pushes under way") {
  SgdSpec spec = constant_run(R"({"kind": "k_sync", "k": 1})", 2, FreeAggregation{});
  ServerAggregation config = servers(2);  // each learner's messages are limited by its own port
  config.model_size = Bytes(0.5 * 50e9);
  spec.aggregation = config;
  spec.compute.factors = {1.0, 1.25};
  spec.horizon.updates = 10;
  const SgdResult result = simulate(spec);
  CHECK(result.books.cancelled == 10);
  CHECK(result.pushed / *config.model_size == Approx(10.0));
  CHECK(result.wasted.value() == Approx(10 * 1.25));
  CHECK(result.computed.value() == Approx(10 * 1.0));
}

/// Oracle C1: 2 (P-1) a + 2 (P-1)/P n b; nothing is added up at the ends here (g = 0).
TEST_CASE("an all-reduce takes its collective's closed form") {
  for (const char* algorithm : {"ring", "recursive_doubling", "halving_doubling"}) {
    for (const int learners : {4, 8}) {
      const SgdResult result = simulate(constant_run(R"("sync")", learners, all_reduce(algorithm)));
      collective::PlanRequest request;
      request.ranks = learners;
      request.elements = static_cast<std::int64_t>(kBytes / 4);
      const collective::Hockney level{Seconds(kAlpha), SecondsPerByte(kBeta), SecondsPerByte(0.0)};
      const auto expected = registered<collective::Algorithm>(fmt::format("\"{}\"", algorithm))
                                ->closed_form(request, Bytes(4), std::span(&level, 1));
      REQUIRE(expected);
      CHECK(communication(result) == Approx(expected->value()).margin(2e-9 * 2 * learners));
      CHECK(result.iterations.front().value() == Approx(result.iterations[1].value()).margin(2e-9));
    }
  }
}

/// Oracle C6.ring.volume.per_process: 2 N (P-1)/P sent, and as much received.
TEST_CASE("a ring's all-reduce sends two models' bytes per learner at most") {
  const auto vector = oracle("C6.ring.volume.per_process");
  const int learners = vector["inputs"]["P"];
  const SgdResult result = simulate(constant_run(R"("sync")", learners, all_reduce("ring")));
  const double updates = static_cast<double>(result.iterations.size());
  const double expected = updates * learners * vector["expected"].get<double>();
  CHECK(result.pushed / Bytes(kBytes) == Approx(expected));
  CHECK(result.pulled / Bytes(kBytes) == Approx(expected));
}

/// (P-1) (a + n b) around a ring: everyone gets everyone's compressed gradient.
TEST_CASE("compressed gradients are all-gathered") {
  SgdSpec spec = constant_run(R"("sync")", 4, all_reduce("ring"));
  spec.push.method = registered<learn::Compressor>(R"({"kind": "top_k", "share": 0.01})");
  const double bytes = spec.push.method->size(static_cast<std::int64_t>(kBytes / 4)).value();
  CHECK(bytes < 0.03 * kBytes);
  CHECK(communication(simulate(spec)) == Approx(3 * (kAlpha + bytes * kBeta)).margin(1e-8));
}

/// Pushes shrink to the compressed size; a pull holds the change of the one update that was missed.
TEST_CASE("compression shortens both ways through the server") {
  SgdSpec spec = constant_run(R"("sync")", 4, servers(1));
  spec.push.method = registered<learn::Compressor>(R"({"kind": "top_k", "share": 0.01})");
  const double bytes = spec.push.method->size(static_cast<std::int64_t>(kBytes / 4)).value();
  CHECK(communication(simulate(spec)) == Approx(2 * kAlpha + 4 * (bytes + kBytes) * kBeta).margin(1e-8));
  spec.pull = spec.push;
  CHECK(communication(simulate(spec)) == Approx(2 * kAlpha + 4 * 2 * bytes * kBeta).margin(1e-8));
}

/// Async SGD with four learners misses four updates in a round trip: four compressed changes, as long as these are
/// smaller than the model.
TEST_CASE("a compressed pull holds all updates that the learner has missed, and never more than the model") {
  SgdSpec spec = constant_run(R"("async")", 4, FreeAggregation{});
  spec.problem = registered<learn::Problem>(R"({"kind": "quadratic", "dimensions": 1000})");
  for (const double share : {0.05, 0.4}) {
    spec.pull.method = registered<learn::Compressor>(fmt::format(R"({{"kind": "top_k", "share": {}}})", share));
    const SgdResult result = simulate(spec);
    const double bytes = spec.pull.method->size(1000).value();
    const double pulls = static_cast<double>(result.books.updates);
    CHECK(result.pulled.value() / pulls == Approx(std::min(4 * bytes, 4000.0)).epsilon(0.01));
  }
}

/// Two messages an iteration, each with an exponential delay of mean J.
TEST_CASE("jitter adds its mean to every message") {
  ServerAggregation config = servers(1);
  config.jitter = Seconds(0.5);
  SgdSpec spec = constant_run(R"("async")", 1, config);
  spec.horizon.time = Seconds(10'000.0);
  const SgdResult result = simulate(spec);
  std::vector<double> times;
  for (const Seconds time : result.iterations) times.push_back(time.value());
  const Interval mean = mean_interval(times, 0.999);
  CHECK(mean.relative() < 0.03);
  CHECK(mean.contains(kCompute + 2 * (0.5 + kAlpha + kBytes * kBeta)));
}

/// A round is the averaging of models: tau mini-batches, then the collective or two passes through the server's port.
TEST_CASE("local SGD communicates once in tau steps") {
  const std::string local = R"({"kind": "local_sgd", "tau": 5})";
  const double ring = 2 * 7 * kAlpha + 2.0 * 7 / 8 * kBytes * kBeta;
  for (const auto& [aggregation, expected] :
       std::vector<std::pair<Aggregation, double>>{{all_reduce("ring"), ring},
                                                   {servers(1), 2 * (kAlpha + 8 * kBytes * kBeta)}}) {
    const SgdResult result = simulate(constant_run(local, 8, aggregation));
    REQUIRE(result.iterations.size() > 10);
    for (std::size_t i = 1; i < result.iterations.size(); ++i) {
      CHECK(result.iterations[i].value() == Approx(5 * kCompute + expected).margin(3e-8));
    }
  }
}

/// Learners whose models wait at the server for their turn, 1 s each, are in no message.
TEST_CASE("a run that ends with rounds at the server trains no further") {
  ServerAggregation config = servers(1);
  config.update = Seconds(1.0);
  SgdSpec spec = constant_run(R"({"kind": "elastic_averaging", "tau": 1})", 8, config);
  spec.horizon.updates = 20;
  spec.horizon.time = Seconds(1000.0);
  spec.evaluation.points = 1;
  const SgdResult result = simulate(spec);
  CHECK(result.books.updates == 20);
  CHECK(result.curve.back().updates == 20);
  CHECK(result.curve.back().time == result.end);
  CHECK(result.end < Seconds(30.0));
}

/// Neighbours on a ring: two messages share a learner's port, a + 2 n b.
TEST_CASE("gossip takes the time of two messages however many learners there are") {
  for (const int learners : {4, 16}) {
    SgdSpec spec = constant_run(R"("gossip")", learners, all_reduce("ring"));
    REQUIRE_FALSE(refusal(spec));
    const SgdResult result = simulate(spec);
    const double last = result.iterations.back().value();
    CHECK(last - std::floor(last) == Approx(kAlpha + 2 * kBytes * kBeta).margin(3e-9));
  }
}

TEST_CASE("combinations that make no sense are refused with the way out") {
  const auto reason = [](const SgdSpec& spec) { return refusal(spec).value_or("nothing"); };
  CHECK(reason(constant_run(R"("sync")", 8, all_reduce("ring"))) == "nothing");
  CHECK(reason(constant_run(R"({"kind": "k_sync", "k": 8})", 8, all_reduce("ring"))) == "nothing");
  CHECK(reason(constant_run(R"("local_sgd")", 8, all_reduce("ring"))) == "nothing");
  CHECK(reason(constant_run(R"({"kind": "k_sync", "k": 4})", 8, all_reduce("ring"))) ==
        "aggregation all_reduce takes a gradient of every learner for every update, and K-sync, K=4 does not wait for "
        "all; use aggregation parameter_server or free, or variant sync");
  CHECK_THAT(reason(constant_run(R"("async")", 8, all_reduce("ring"))), Catch::Contains("does not wait for all"));
  CHECK_THAT(reason(constant_run(R"({"kind": "k_batch_sync", "k": 8})", 8, all_reduce("ring"))),
             Catch::Contains("does not wait for all"));
  CHECK_THAT(reason(constant_run(R"({"kind": "k_sync", "k": 9})", 8, FreeAggregation{})), Catch::Contains("9"));
  CHECK_THAT(reason(constant_run(R"("sync")", 8, all_reduce("in_network"))), Catch::Contains("in_network"));
  CHECK_THAT(reason(constant_run(R"("gossip")", 8, servers(1))),
             Catch::Contains("has no server; use aggregation all_reduce or free"));
  SgdSpec spec = constant_run(R"("sync")", 8, all_reduce("ring"));
  spec.pull.method = registered<learn::Compressor>(R"({"kind": "top_k", "share": 0.01})");
  CHECK_THAT(reason(spec), Catch::Contains("pulls nothing"));
  spec = constant_run(R"("local_sgd")", 8, FreeAggregation{});
  spec.push.method = registered<learn::Compressor>(R"({"kind": "top_k", "share": 0.01})");
  CHECK_THAT(reason(spec), Catch::Contains("exchanges models"));
}

TEST_CASE("what counts epochs is refused where there is no training set") {
  const SgdSpec plain = constant_run(R"("sync")", 8, FreeAggregation{});
  const auto reason = [&plain](auto change) {
    SgdSpec spec = plain;
    change(spec);
    return refusal(spec).value_or("nothing");
  };
  CHECK(reason([](SgdSpec&) {}) == "nothing");
  CHECK(reason([](SgdSpec& s) { s.update.warm_up = 1.0; }) ==
        "update.warm_up counts epochs, but problem quadratic has no training set; use 0");
  CHECK(reason([](SgdSpec& s) { s.update.schedule = learn::CosineRate{}; }) ==
        "update.schedule counts epochs, but problem quadratic has no training set; use \"constant\"");
  CHECK(reason([](SgdSpec& s) { s.horizon.epochs = 3.0; }) ==
        "horizon.epochs counts epochs, but problem quadratic has no training set; use horizon.updates or horizon.time");
  CHECK(reason([](SgdSpec& s) {
          s.problem = registered<learn::Problem>(R"("softmax_regression")");
          s.update.warm_up = 1.0;
        }) == "nothing");
}
