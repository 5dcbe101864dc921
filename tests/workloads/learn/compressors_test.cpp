// What every registered compressor owes its senders: the bias and the variance that it declares, fewer bytes, and with
// error feedback nothing lost for good.
#include "workloads/learn/compressor.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/json_io.hpp"
#include "sim/base/stats.hpp"

using namespace orrery;
using namespace orrery::learn;

namespace {

Vector normals(Eigen::Index size, std::uint64_t index) {
  RngStream draws = stream(Seed{2}, "gradient", index);
  Vector result(size);
  for (float& x : result) x = static_cast<float>(draws.normal(0.1, 1.0));
  return result;
}

double squared(const Vector& v) {
  return v.cast<double>().squaredNorm();
}

std::vector<std::string> compressors() {
  std::vector<std::string> names;
  for (const NameAndHelp& entry : Compressor::registry().names()) names.push_back(entry.name);
  return names;
}

Registered<Compressor> compressor(const std::string& json) {
  CompressionConfig config;
  read_json(parse_json(R"({"method": )" + json + "}", "compression.json"), config);
  return config.method;
}

}  // namespace

TEST_CASE("a compressor that says so is unbiased, with at most the variance that it declares") {
  const std::string name = GENERATE(from_range(compressors()));
  DYNAMIC_SECTION(name) {
    Registered<Compressor> method(name);
    if (!method->is_unbiased()) return;
    const Vector sent = normals(300, 1), direction = normals(300, 2);
    RngStream draws = stream(Seed{3}, "draws");
    std::vector<double> along, lost;
    for (int n = 0; n < 4000; ++n) {
      Vector arrived = sent;
      method->apply(arrived, draws);
      along.push_back(static_cast<double>(arrived.dot(direction)));
      lost.push_back(squared(arrived - sent) / squared(sent));
    }
    const double rounding = 1e-5 * std::sqrt(squared(sent) * squared(direction));
    CHECK(std::fabs(mean_interval(along).centre - static_cast<double>(sent.dot(direction))) <=
          mean_interval(along, 0.9999).half_width + rounding);
    CHECK(mean_interval(lost, 0.9999).low() <= *method->variance(300));
  }
}

TEST_CASE("a biased compressor loses less than it is given") {
  const std::string name = GENERATE(from_range(compressors()));
  DYNAMIC_SECTION(name) {
    Registered<Compressor> method(name);
    if (method->is_unbiased()) return;
    RngStream draws = stream(Seed{3}, "draws");
    for (std::uint64_t n = 0; n < 100; ++n) {
      const Vector sent = normals(1000, n);
      Vector arrived = sent;
      method->apply(arrived, draws);
      CHECK(squared(arrived - sent) < squared(sent));
    }
  }
}

TEST_CASE("compressed gradients are smaller, and as long as before") {
  for (const std::string& name : compressors()) {
    INFO(name);
    Registered<Compressor> method(name);
    RngStream draws = stream(Seed{3}, "draws");
    for (const std::int64_t numbers : {1000, 7850, 1000000}) {
      CHECK((method->size(numbers).value() < 4.0 * static_cast<double>(numbers)) == (name != "none"));
    }
    for (const Eigen::Index numbers : {1, 7, 513}) {
      Vector gradient = normals(numbers, 1);
      method->apply(gradient, draws);
      CHECK(gradient.size() == numbers);
      CHECK(gradient.allFinite());
      gradient.setZero();
      method->apply(gradient, draws);
      CHECK(gradient == Vector::Zero(numbers));
    }
  }
}

TEST_CASE("same draws, same message") {
  for (const std::string& name : compressors()) {
    INFO(name);
    Registered<Compressor> one(name);
    RngStream first = stream(Seed{3}, "draws"), second = first, earlier = stream(Seed{3}, "earlier");
    Registered<Compressor> other = one;
    Vector a = normals(600, 1), b = a, before = normals(900, 2);
    other->apply(before, earlier);
    one->apply(a, first);
    other->apply(b, second);
    CHECK(a == b);
    CHECK(first.position() == second.position());
  }
}

TEST_CASE("with error feedback nothing is lost for good") {
  // The sum of what arrived is the sum of what was sent less the memory, and the memory stays bounded: the mean of T
  // messages of one gradient differs from it by |memory| / T. With four times
  // the messages a memory that grew with their number would be fourfold, with its root twofold; some fill up slowly.
  const std::string name = GENERATE(from_range(compressors()));
  DYNAMIC_SECTION(name) {
    CompressionState state(Registered<Compressor>(name), true, stream(Seed{4}, "draws"));
    const Vector sent = normals(400, 1);
    Vector message;
    Eigen::VectorXd total = Eigen::VectorXd::Zero(sent.size());
    const auto most_missing_in = [&](int messages) {
      double most = 0.0;
      for (int n = 0; n < messages; ++n) {
        message = sent;
        state.apply(message);
        total += (message - sent).cast<double>();
        most = std::max(most, total.norm() / static_cast<double>(sent.norm()));
      }
      return most;
    };
    const double at_first = most_missing_in(500);
    CHECK(at_first < 250.0);  // the mean is off by less than half
    most_missing_in(1000);
    CHECK(most_missing_in(500) <= 1.5 * at_first);
  }
}

TEST_CASE("without error feedback top-k never sends the small numbers, with it they come in time") {
  const auto arrived = [](bool error_feedback) {
    CompressionState state(compressor(R"({"kind": "top_k", "share": 0.1})"), error_feedback, stream(Seed{1}, "draws"));
    Vector total = Vector::Zero(10), message;
    for (int n = 0; n < 1000; ++n) {
      message = Vector::LinSpaced(10, 1.0F, 10.0F);
      state.apply(message);
      total += message;
    }
    return total;
  };
  CHECK(arrived(false)[0] == 0.0F);
  CHECK(arrived(false)[9] == 10000.0F);
  CHECK(arrived(true)[0] == Approx(1000.0).epsilon(0.1));
  CHECK(arrived(true)[9] == Approx(10000.0).epsilon(0.1));
}

TEST_CASE("messages by hand") {
  RngStream draws = stream(Seed{1}, "draws");
  Vector gradient(5);
  const auto sent = [&](const std::string& json) {
    gradient << 1.0F, -4.0F, 3.0F, -2.0F, 4.0F;
    compressor(json)->apply(gradient, draws);
    return gradient;
  };
  Vector expected(5);
  expected << 0.0F, -4.0F, 0.0F, 0.0F, 4.0F;
  CHECK(sent(R"({"kind": "top_k", "share": 0.4})") == expected);
  expected << 0.0F, -4.0F, 0.0F, 0.0F, 0.0F;  // of equal ones the first
  CHECK(sent(R"({"kind": "top_k", "share": 0.2})") == expected);
  const float positive = 8.0F / 3.0F;
  expected << positive, -3.0F, positive, -3.0F, positive;
  CHECK(sent(R"("one_bit")") == expected);
  expected << 2.8F, -2.8F, 2.8F, -2.8F, 2.8F;
  CHECK(sent(R"("sign")") == expected);
}

TEST_CASE("QSGD sends numbers as they are that are too small for levels") {
  RngStream draws = stream(Seed{1}, "draws");
  for (const float x : {1e-42F, 1e-39F, 0.0F}) {
    Vector gradient(3);
    gradient << x, 0.0F, -x;
    const Vector before = gradient;
    compressor(R"("qsgd")")->apply(gradient, draws);
    CHECK(gradient == before);
  }
}

TEST_CASE("sizes by hand") {
  CHECK(compressor(R"("none")")->size(7850) == Bytes(31400));
  CHECK(compressor(R"({"kind": "rand_k", "share": 0.1})")->size(7850) == Bytes(8 + 785 * 4));
  CHECK(compressor(R"({"kind": "top_k", "share": 0.1})")->size(7850) == Bytes(785 * 8));
  // 9 values need 4 bits; 16 buckets of 512.
  CHECK(compressor(R"({"kind": "qsgd", "levels": 4, "bucket": 512})")->size(7850) == Bytes(16 * 4 + 3925));
  CHECK(compressor(R"({"kind": "one_bit", "bucket": 0})")->size(7850) == Bytes(8 + 982));
  CHECK(compressor(R"("sign")")->size(7850) == Bytes(4 + 982));
}
