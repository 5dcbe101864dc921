// The parts of `validate netlab` that need no network: shapes of plans, the fit, the seal, the score.
#include <catch2/catch.hpp>
#include <set>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "validate/netlab_fit.hpp"
#include "validate/netlab_score.hpp"
#include "validate/netlab_store.hpp"
#include "validate/netlab_suite.hpp"
#include "validate/plan_shape.hpp"

using namespace orrery;
using namespace orrery::literals;
using namespace orrery::validate;

namespace {

constexpr Bytes kFloat{4.0};

PlanShape shape(NetlabPattern pattern, const char* algorithm, int ranks, Bytes size) {
  return shape_of(netlab_plan({pattern, algorithm, ranks, size}), kFloat);
}

}  // namespace

TEST_CASE("a ring keeps every link busy in both directions, an incast one link in one direction") {
  // Ring of P ranks: 2(P-1) steps of n/P bytes in and out of each rank.
  const PlanShape ring = shape(NetlabPattern::collective, "ring", 8, 64_KiB);
  CHECK(ring.steps == 14);
  CHECK(ring.participants == 8);
  CHECK(ring.crossing == 0);
  CHECK(ring.through_port.value() == Approx(14.0 * 8192));
  CHECK(ring.links_at_once == Approx(8));
  CHECK(ring.duplex == Approx(1));
  CHECK(ring.added.value() == Approx(7.0 * 8192));
  // Parameter server: P n bytes into the server, then P n bytes out of it.
  const PlanShape server = shape(NetlabPattern::collective, "parameter_server", 8, 64_KiB);
  CHECK(server.steps == 2);
  CHECK(server.through_port.value() == Approx(16.0 * 65536));
  CHECK(server.links_at_once == Approx(1));
  CHECK(server.duplex == 0);
  CHECK(server.added.value() == Approx(8.0 * 65536));
  CHECK(server.participants == 9);
  CHECK(server.crossing == 0);
  // Two-shot: all to all, twice: a message to one of 8 meets six others at its sender and six at its receiver.
  CHECK(shape(NetlabPattern::collective, "two_shot", 8, 64_KiB).crossing == 6);
}

TEST_CASE("two jobs of half the ranks meet at host 0 and move the data of both") {
  const collective::Plan plan = netlab_plan({NetlabPattern::two_jobs, "ring", 8, 64_KiB});
  CHECK(plan.ranks == 7);
  CHECK(plan.channels.size() == 2);
  // Each job: ring of four, 2 * 3/4 n through each port; host 0 carries both.
  CHECK(collective::elements_sent(plan, 0) == 2 * 24576);
  CHECK(collective::elements_sent(plan, 1) == 24576);
  CHECK(collective::elements_sent(plan, 6) == 24576);
}

TEST_CASE("the fit finds the terms that made the calibration runs") {
  const BytesPerSec rate(12.5e6);
  NetlabFit truth;
  truth.alpha = 120_us;
  truth.start = 30_us;
  truth.crossing = 250_us;
  truth.headers = 1.05;
  truth.acknowledgements = 0.02;
  truth.sharing = 0.004;
  truth.gamma = SecondsPerByte(4e-10);
  std::vector<NetlabRun> runs;
  for (const NetlabCase& c : calibration_cases(8)) {
    const Seconds time = netlab_formula(truth, shape_of(netlab_plan(c), kFloat), rate);
    runs.push_back({c, "", {time.value()}});
  }
  const NetlabFit found = fit_netlab(runs, rate);
  CHECK(found.alpha.value() == Approx(truth.alpha.value()).epsilon(1e-6));
  CHECK(found.start.value() == Approx(truth.start.value()).epsilon(1e-6));
  CHECK(found.crossing.value() == Approx(truth.crossing.value()).epsilon(1e-6));
  CHECK(found.headers == Approx(truth.headers).epsilon(1e-9));
  CHECK(found.acknowledgements == Approx(truth.acknowledgements).epsilon(1e-6));
  CHECK(found.sharing == Approx(truth.sharing).epsilon(1e-6));
  CHECK(found.gamma.value() == Approx(truth.gamma.value()).epsilon(1e-6));
  CHECK(found.worst_error < 1e-9);
  runs.resize(3);
  CHECK_THROWS_AS(fit_netlab(runs, rate), ScenarioError);
}

TEST_CASE("no scored case is calibrated on: patterns and sizes differ, and every name is its own") {
  for (int ranks = 4; ranks <= 8; ++ranks) {
    std::set<std::string> names;
    std::set<double> calibrated;
    for (const NetlabCase& c : calibration_cases(ranks)) {
      names.insert(case_name(c));
      calibrated.insert(c.size.value());
      CHECK(c.algorithm.empty());
    }
    std::size_t scored = 0;
    for (const NetlabCase& c : scored_cases(ranks)) {
      names.insert(case_name(c));
      CHECK(calibrated.count(c.size.value()) == 0);
      ++scored;
    }
    CHECK(names.size() == calibration_cases(ranks).size() + scored);
  }
}

TEST_CASE("on an ideal network the simulator predicts alpha-beta times of a ring and an incast") {
  const NetlabNetwork network = netlab_network(8, BytesPerSec(12.5e6));
  NetlabFit fit;
  fit.alpha = 100_us;
  // Ring: 14 (alpha + n/8 / B); parameter server: 2 (alpha + 8 n / B), all its workers on the server's one link.
  const double wire = 65536 / 12.5e6;
  const auto predict = [&](const char* algorithm) {
    return predict_netlab({NetlabPattern::collective, algorithm, 8, 64_KiB}, network, fit).value();
  };
  CHECK(predict("ring") == Approx(14 * (100e-6 + wire / 8)).epsilon(1e-6));
  CHECK(predict("parameter_server") == Approx(2 * (100e-6 + 8 * wire)).epsilon(1e-6));
  // Binomial trees: rank 0 receives 3 messages one after the other. Then it sends 3 at once, which leave eagerly and share
  // its port until 3 n / B later; below, rank 4 has two to send and rank 6 one: 3 + 2 + 1.
  fit.alpha = Seconds(0.0);
  CHECK(predict("binomial") == Approx(9 * wire).epsilon(1e-6));
  // Waking up is paid once by all: 8 workers and the server.
  fit.start = 10_us;
  CHECK(predict("parameter_server") == Approx(9 * 10e-6 + 16 * wire).epsilon(1e-6));
}

TEST_CASE("the order of two algorithms counts where their times differ by more than the noise") {
  NetlabPredictions predictions;
  predictions.network = netlab_network(4, BytesPerSec(12.5e6));
  const NetlabCase ring{NetlabPattern::collective, "ring", 4, 64_KiB};
  const NetlabCase tree{NetlabPattern::collective, "binomial", 4, 64_KiB};
  predictions.predictions = {{ring, 0.011}, {tree, 0.010}};
  const std::vector<NetlabRun> clear{{ring, "", {0.0100, 0.0100, 0.0101}}, {tree, "", {0.0110, 0.0111, 0.0111}}};
  const NetlabScore wrong = score_netlab(predictions, clear, {0.2});
  CHECK(wrong.pairs.size() == 1);
  CHECK(wrong.pairs_right == 0);
  CHECK_FALSE(wrong.passed);
  const std::vector<NetlabRun> noisy{{ring, "", {0.008, 0.010, 0.012}}, {tree, "", {0.009, 0.0105, 0.013}}};
  const NetlabScore unclear = score_netlab(predictions, noisy, {0.2});
  CHECK(unclear.pairs.empty());
  CHECK(unclear.pairs_within_noise == 1);
  CHECK(unclear.passed);
  CHECK_FALSE(score_netlab(predictions, noisy, {0.01}).passed);
}

TEST_CASE("the stored session scores again as it did, and its calibration gives its predictions") {
  const std::string folder = std::string(ORRERY_SOURCE_DIR) + "/validate/data/netlab_100mbit";
  const NetlabSession session = read_netlab_session(folder);
  const NetlabScore score = score_netlab(session.predictions, session.runs);
  CHECK(netlab_score_text(score) == scenario::read_file(folder + "/score.txt"));
  CHECK(score.errors.median <= 0.08);
  const NetlabNetwork& network = session.predictions.network;
  const NetlabFit fit = fit_netlab(session.calibration, network.rate);
  for (const NetlabPrediction& stored : session.predictions.predictions) {
    INFO(case_name(stored.what));
    CHECK(predict_netlab(stored.what, network, fit).value() == Approx(stored.time_s).epsilon(1e-6));
  }
}
