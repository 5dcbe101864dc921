// The reference parameter server decides as the policy objects say: with messages in memory and made-up time for every
// variant, and over MPI with real sleeps (hidden cases, which a test here starts under mpirun).
#include "validate/reference/sgd_server.hpp"

#include <catch2/catch.hpp>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_point_to_point.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "sim/base/error.hpp"
#include "tests/reference/sgd_rehearsal.hpp"
#include "validate/reference/sgd_run.hpp"
#include "workloads/sgd/engine.hpp"

using namespace orrery;
using namespace orrery::reference;
using reference_tests::sgd_config;
using reference_tests::SgdRehearsal;

namespace {

SgdRun rehearse(const SgdConfig& config) {
  SgdRehearsal rehearsal(config);
  rehearsal.run();
  return rehearsal.server().record();
}

const std::vector<std::string> kPaperVariants{
    R"({"kind": "sync"})",
    R"({"kind": "k_sync", "k": 2})",
    R"({"kind": "k_batch_sync", "k": 2})",
    R"({"kind": "k_async", "k": 2})",
    R"({"kind": "k_batch_async", "k": 2})",
    R"({"kind": "async"})",
    R"({"kind": "local_sgd", "tau": 3})"};

}  // namespace

TEST_CASE("one real learner is plain SGD, bit for bit") {
  const auto variant =
      GENERATE(as<std::string>{}, R"({"kind": "sync"})", R"({"kind": "k_sync", "k": 1})",
               R"({"kind": "k_batch_sync", "k": 1})", R"({"kind": "k_async", "k": 1})",
               R"({"kind": "k_batch_async", "k": 1})", R"({"kind": "async"})", R"({"kind": "local_sgd", "tau": 3})");
  INFO(variant);
  SgdConfig config = sgd_config(R"({"learners": 1, "updates": 30, "time": "1000 s", "variant": )" + variant + "}");
  config.update.optimizer = model::MomentumConfig{0.05, 0.9};
  SgdRehearsal rehearsal(config);
  rehearsal.run();

  const auto objective = config.problem->bind(nullptr);
  learn::Updater updater(config.update, objective->parameters());
  learn::Vector model(objective->parameters()), gradient(objective->parameters());
  objective->initial(initial_draws(config), model);
  const learn::Vector start = model;
  for (std::uint64_t n = 0; n < 30; ++n) {
    RngStream draws = mini_batch_draws(config, 0, n);
    objective->gradient(model, config.batch, draws, gradient);
    updater.add(gradient, 0);
    updater.update(model, 0.0);
  }
  REQUIRE(start != model);
  CHECK(rehearsal.server().model() == model);
}

TEST_CASE("every registered variant's arrivals, replayed, give the decisions of the run") {
  for (const NameAndHelp& variant : sync::Variant::registry().names()) {
    INFO(variant.name);
    SgdConfig config = sgd_config("{}");
    config.variant.select(variant.name);
    const SgdRun run = rehearse(config);
    CHECK(run.gradients > 30);
    CHECK(run.updates > 5);
    CHECK(static_cast<std::int64_t>(run.arrivals.learners.size()) == run.gradients);
    CHECK(replayed_hash(run) == run.decisions_hash);
    if (const auto bound = config.variant->staleness_bound(config.learners)) {
      for (std::size_t s = 0; s < run.staleness.size(); ++s) {
        CHECK((run.staleness[s] == 0 || static_cast<std::int64_t>(s) <= *bound));
      }
    }
    CHECK(run.curve.size() == 5);
    CHECK(run.curve.back().loss < run.curve.front().loss);
    SgdRun forged = run;
    std::swap(forged.arrivals.losses.front(), forged.arrivals.losses.back());
    forged.arrivals.learners.pop_back();
    CHECK(replayed_hash(forged) != run.decisions_hash);
  }
}

TEST_CASE("the simulator and the reference server take the same decisions and learn the same, bit for bit") {
  // Messages take no time in both; compute times and mini-batches are drawn from the same streams.
  for (const NameAndHelp& variant : sync::Variant::registry().names()) {
    INFO(variant.name);
    SgdConfig config = sgd_config("{}");
    config.variant.select(variant.name);
    const SgdRun real = rehearse(config);

    sgd::SgdSpec spec;
    spec.problem = config.problem;
    spec.learners = config.learners;
    spec.batch = config.batch;
    spec.update = config.update;
    spec.compute = config.compute;
    spec.variant = config.variant;
    spec.horizon.time = config.time;
    spec.evaluation.points = config.points;
    spec.seed = Seed{config.seed};
    const sgd::SgdResult simulated = sgd::simulate(spec);

    CHECK(real.decisions_hash == decisions_hash_text(simulated.decisions_hash));
    CHECK(real.updates == simulated.books.updates);
    CHECK(real.staleness == simulated.books.staleness);
    CHECK(real.cancelled == simulated.books.cancelled);
    REQUIRE(real.curve.size() == simulated.curve.size());
    for (std::size_t i = 0; i < real.curve.size(); ++i) CHECK(real.curve[i].loss == simulated.curve[i].loss);
  }
}

TEST_CASE("a gradient that crosses its cancellation is ignored as if it had been stopped in time") {
  // Two learners that end at the same moment, K = 1: each update takes one gradient, and the other is under way.
  const SgdRun run = rehearse(sgd_config(R"({"learners": 2, "time": "9.5 s",
      "compute": {"distribution": {"kind": "constant", "time": "1 s"}}, "variant": {"kind": "k_sync", "k": 1}})"));
  CHECK(run.updates == 9);
  CHECK(run.gradients == 9);
  CHECK(run.late == 9);  // none of them is among the gradients
  CHECK(run.cancelled == 9);
  CHECK(run.staleness.at(0) == 9);
  CHECK(replayed_hash(run) == run.decisions_hash);
}

TEST_CASE("a new model cancels a mini-batch at once, and nothing is sent of it") {
  const SgdConfig config = sgd_config(R"({"learners": 1, "compute": {"distribution": {"kind": "constant", "time": "10 s"}}})");
  const auto objective = config.problem->bind(nullptr);
  FakeMessages world(2);
  SgdLearner learner(config, 0, *objective, world.rank(1));
  const int peer = 1;
  Mailbox server(world.rank(0), std::span(&peer, 1), static_cast<std::size_t>(objective->parameters()));
  const std::vector<float> model(static_cast<std::size_t>(objective->parameters()), 2.0F);
  server.send({LetterKind::begin, 1, 1, 0.0F, model});
  CHECK_FALSE(learner.wakes());
  learner.advance(Seconds(0.0));
  CHECK(learner.wakes() == Seconds(10.0));
  server.send({LetterKind::begin, 1, 2, 0.0F, model});
  learner.advance(Seconds(4.0));
  CHECK(learner.wakes() == Seconds(14.0));
  learner.advance(Seconds(10.0));
  CHECK(server.poll() == nullptr);
  learner.advance(Seconds(14.0));
  const Letter* letter = server.poll();
  REQUIRE(letter != nullptr);
  CHECK(letter->kind == LetterKind::gradient);
  CHECK(letter->sequence == 2);
  CHECK_FALSE(learner.wakes());
}

TEST_CASE("local SGD that averages after every step is synchronous SGD") {
  // mean of (w - eta g_i) = w - eta mean(g_i), up to rounding; 20 rounds are 60 local steps.
  SgdRehearsal averaged(sgd_config(R"({"time": "1000 s", "updates": 60, "variant": {"kind": "local_sgd", "tau": 1}})"));
  SgdRehearsal synchronous(sgd_config(R"({"time": "1000 s", "updates": 20, "variant": {"kind": "sync"}})"));
  averaged.run();
  synchronous.run();
  CHECK(averaged.server().record().rounds == 20);
  CHECK(averaged.server().model()[0] == Approx(synchronous.server().model()[0]).epsilon(1e-5));
}

TEST_CASE("what cannot be run for real is refused with a reason") {
  CHECK_FALSE(refusal(sgd_config("{}"), nullptr));
  CHECK(refusal(sgd_config(R"({"learners": 3, "variant": {"kind": "k_sync", "k": 4}})"), nullptr));
  SgdConfig config = sgd_config("{}");
  config.problem.select("softmax_regression");
  CHECK(refusal(config, nullptr) == "the problem needs data");
  learn::Dataset unlabelled;
  unlabelled.train.features = Eigen::MatrixXf::Zero(2, 3);
  CHECK(refusal(config, &unlabelled));
}

TEST_CASE("the record of a parameter-server run survives its JSON form") {
  const SgdRun run = rehearse(sgd_config(R"({"variant": {"kind": "k_async", "k": 2}})"));
  const std::string text = sgd_run_text(run);
  const SgdRun read = parse_sgd_run(parse_json(text, "run.json"));
  CHECK(sgd_run_text(read) == text);
  CHECK(replayed_hash(read) == run.decisions_hash);
  Json cut = Json::parse(text);
  cut["arrivals"]["losses"].erase(0);
  CHECK_THROWS_AS(parse_sgd_run(parse_json(cut.dump(), "run.json")), ScenarioError);
  cut = Json::parse(text);
  cut["arrivals"]["learners"][0] = 3;
  CHECK_THROWS_AS(parse_sgd_run(parse_json(cut.dump(), "run.json")), ScenarioError);
}

TEST_CASE("arrivals that no run can have do not replay, and a variant that refuses its learners is no record") {
  // Synchronous: whoever has sent its gradient waits for all others.
  const SgdRun run = rehearse(sgd_config("{}"));
  REQUIRE(run.config.variant.name() == "sync");
  SgdRun wrong = run;
  wrong.arrivals.learners[1] = wrong.arrivals.learners[0];
  CHECK(replayed_hash(wrong) == "does not replay");
  wrong = run;
  wrong.arrivals.times_s[0] = wrong.arrivals.times_s.back() + 1.0;
  CHECK(replayed_hash(wrong) == "does not replay");
  Json refused = Json::parse(sgd_run_text(run));
  refused["config"]["variant"] = {{"kind", "k_sync"}, {"k", run.config.learners + 1}};
  CHECK_THROWS_AS(parse_sgd_run(parse_json(refused.dump(), "run.json")), ScenarioError);
}

TEST_CASE("the parameter server runs over MPI with real sleeps") {
  REQUIRE_FALSE(cpu::MpiSession::is_launched());
  cpu::LaunchSite site = cpu::this_process();
  site.share_cores = true;
  site.arguments = {"[sgd-four-ranks]", "--use-colour", "no"};
  CHECK(cpu::launch_ranks(4, site) == 0);
}

TEST_CASE("a server and three learners run the variants over MPI", "[.][sgd-four-ranks]") {
  cpu::MpiSession session;
  const auto messages = cpu::mpi_point_to_point();
  for (const std::string& variant : kPaperVariants) {
    INFO(variant);
    const SgdConfig config = sgd_config(
        R"({"time": "300 ms", "compute": {"distribution": {"kind": "exponential", "mean": "5 ms"}}, "variant": )" +
        variant + "}");
    const auto run = run_parameter_server(config, nullptr, session.world(), *messages);
    if (session.world().rank() != 0) {
      CHECK_FALSE(run);
      continue;
    }
    REQUIRE(run);
    CHECK(run->updates > 0);
    CHECK(run->duration_s >= 0.3);
    CHECK(replayed_hash(*run) == run->decisions_hash);
    CHECK(run->curve.back().loss < run->curve.front().loss);
    CHECK(run->overheads.late_s >= 0.0);
    CHECK(run->overheads.reply_s > 0.0);
    CHECK(run->overheads.gradient_s > 0.0);
    CHECK(run->overheads.update_s > 0.0);
  }
}
