// Profiles: exact round trip, refusal of what is not ours, and the cost model made from one.
#include "costmodel/profile.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::cost;
using Catch::Contains;

namespace {

std::string fake_profile() {
  std::ifstream in(std::string(ORRERY_SOURCE_DIR) + "/tests/golden/fake_profile.json");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a profile survives writing and reading exactly") {
  const std::string text = fake_profile();
  const Profile profile = parse_profile(text, "fake_profile.json");
  CHECK(write_profile(profile) == text);
  CHECK(profile.operators.size() == 24);
  CHECK(profile.memory.l2_bandwidth.value() == 80e9);
}

TEST_CASE("an edited or truncated profile is refused by its checksum") {
  const std::string text = fake_profile();
  CHECK_THROWS_WITH(load_profile(replaced(text, "\"15 GB/s\"", "\"16 GB/s\""), "p.json"),
                    Contains("p.json") && Contains("damaged") && Contains("checksum"));
  CHECK_THROWS_AS(load_profile(text.substr(0, text.size() / 2), "p.json"), ScenarioError);
}

TEST_CASE("a file that is no profile, or of another version, is refused by name") {
  CHECK_THROWS_WITH(load_profile("{\"a\": 1}", "x.json"), Contains("not a profile"));
  CHECK_THROWS_WITH(load_profile("[1, 2]", "x.json"), Contains("not a profile"));
  CHECK_THROWS_WITH(load_profile(replaced(fake_profile(), "\"version\": 1", "\"version\": 9"), "x.json"),
                    Contains("version 9") && Contains("reads version 1"));
}

TEST_CASE("a profile whose parts do not fit together is refused") {
  Profile profile = parse_profile(fake_profile(), "");
  profile.operators[0].residual.weights = {1.0};
  CHECK_THROWS_WITH(parse_profile(write_profile(profile), "p.json"), Contains("features"));
  profile = parse_profile(fake_profile(), "");
  profile.operators[0].name = "adm";
  CHECK_THROWS_WITH(parse_profile(write_profile(profile), "p.json"), Contains("adam"));
  profile = parse_profile(fake_profile(), "");
  profile.noise[0].ratio.pop_back();
  CHECK_THROWS_WITH(parse_profile(write_profile(profile), "p.json"), Contains("noise_probability"));
}

TEST_CASE("a fingerprint is recognised, and every difference is named") {
  Profile profile;
  profile.fingerprint = {{"cpu", "A"}, {"mpi", "4.1"}};
  CHECK(is_this_machine(profile, {{"cpu", "A"}, {"mpi", "4.1"}}));
  CHECK_FALSE(is_this_machine(profile, {{"cpu", "B"}, {"mpi", "4.1"}}));
  const auto lines = fingerprint_differences(profile, {{"cpu", "B"}, {"gpu", "none"}, {"mpi", "4.1"}});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "cpu: profile has \"A\", this machine has \"B\"");
  CHECK(lines[1] == "gpu: profile has nothing, this machine has \"none\"");
  CHECK(fingerprint_id({{"a", "1"}}) != fingerprint_id({{"a", "2"}}));
}

TEST_CASE("the estimate of a profile without residuals is the white-box formula") {
  const Profile profile = parse_profile(fake_profile(), "");
  const auto model = load_profile(fake_profile(), "");
  const Op op = Gemm{.m = 100, .n = 60, .k = 70, .batch = 3};
  const Conditions conditions{2, Bytes(3e6)};
  const auto& gemm = *std::find_if(profile.operators.begin(), profile.operators.end(),
                                   [](const OperatorClass& c) { return c.name == "gemm_nn"; });
  const Estimate estimate = model->estimate(op, conditions);
  CHECK(estimate.time.value() ==
        Approx(seconds(gemm.model, op, footprint(op), conditions, profile.memory)).epsilon(1e-14));
  CHECK(estimate.source == Source::fitted);
  CHECK(estimate.rel_error == Approx(0.05));
  CHECK(model->drift() == 0.03);
  CHECK_THAT(model->description(), Contains("fake machine") && Contains(profile.fingerprint_id));
}

TEST_CASE("an unmeasured class borrows a relative's formula and says so") {
  Profile profile = parse_profile(fake_profile(), "");
  std::erase_if(profile.operators,
                [](const OperatorClass& c) { return c.name == "gemm_tt" || c.name == "scale"; });
  std::erase_if(profile.collectives, [](const CollectiveClass& c) { return c.name == "broadcast"; });
  const auto model = make_cost_model(profile);
  const Estimate tt = model->estimate(Gemm{.m = 64, .n = 64, .k = 64, .trans_a = true, .trans_b = true}, {});
  CHECK(tt.source == Source::roofline);
  CHECK(tt.rel_error > 0.5);
  CHECK(tt.time.value() > 0.0);
  CHECK_THROWS_WITH(model->estimate({CollectiveKind::broadcast, Bytes(8), 2}), Contains("broadcast"));
}

TEST_CASE("more ranks than were measured is an extrapolation with a larger error") {
  const auto model = load_profile(fake_profile(), "");
  const Estimate two = model->estimate({CollectiveKind::all_reduce, Bytes(4096), 2});
  const Estimate eight = model->estimate({CollectiveKind::all_reduce, Bytes(4096), 8});
  CHECK(two.source == Source::fitted);
  CHECK(eight.source == Source::extrapolated);
  CHECK(eight.rel_error > two.rel_error);
  CHECK(model->estimate({CollectiveKind::all_reduce, Bytes(4096), 1}).time.value() == 0.0);
}

TEST_CASE("noise is looked up by duration") {
  const auto model = load_profile(fake_profile(), "");
  const Op op = Copy{.elements = 10};
  CHECK(model->noise(op, Seconds(1e-6)).at(0.5) == 1.0);
  CHECK(model->noise(op, Seconds(1e-6)).at(0.99) == 1.6);
  CHECK(model->noise(op, Seconds(1e-3)).at(0.99) == 1.3);
}

TEST_CASE("a machine at half speed takes twice as long where that speed counts") {
  const Profile profile = parse_profile(fake_profile(), "");
  const auto now = make_cost_model(profile), slow = make_cost_model(scaled(profile, {2.0, 2.0, 2.0, 2.0}));
  const auto cold = make_cost_model(scaled(profile, {1.0, 2.0, 1.0, 1.0}));
  const Op gemm = Gemm{.m = 512, .n = 512, .k = 512}, copy = Copy{.elements = 1 << 26};
  const CollectiveCase all_reduce{CollectiveKind::all_reduce, Bytes(1e6), 2};
  const auto ratio = [&](const CostModel& a, const auto&... args) {
    return a.estimate(args...).time.value() / now->estimate(args...).time.value();
  };
  CHECK(ratio(*slow, gemm, Conditions{}) == Approx(2.0).epsilon(1e-12));
  CHECK(ratio(*slow, copy, Conditions{}) == Approx(2.0).epsilon(1e-12));
  CHECK(ratio(*slow, all_reduce) == Approx(2.0).epsilon(1e-12));
  CHECK(ratio(*cold, copy, Conditions{}) == Approx(2.0).epsilon(0.01));
  CHECK(ratio(*cold, gemm, Conditions{}) < 1.05);
}
