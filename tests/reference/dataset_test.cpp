// Data sets: the file formats, the cutting into samples, the entropy of texts, and help when something is
// missing.
#include "validate/reference/dataset.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/base/error.hpp"
#include "tests/reference/tiny_configs.hpp"
#include "validate/reference/gzip_file.hpp"
#include "validate/reference/token_data.hpp"

using namespace orrery;
using namespace orrery::reference;
using Catch::Contains;

namespace {

void write_gzip(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

}  // namespace

TEST_CASE("compressed and plain files are read alike, damaged ones are refused") {
  const reference_tests::ScratchFolder scratch;
  std::vector<std::uint8_t> bytes(100000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3U);
  write_gzip(scratch.file("a.gz"), bytes);
  CHECK(read_compressed(scratch.file("a.gz"), "p") == bytes);
  std::ofstream(scratch.file("plain"), std::ios::binary) << "hello";
  CHECK(read_compressed(scratch.file("plain"), "p").size() == 5);
  std::filesystem::resize_file(scratch.file("a.gz"), std::filesystem::file_size(scratch.file("a.gz")) / 2);
  CHECK_THROWS_WITH(read_compressed(scratch.file("a.gz"), "p"), Contains("damaged"));
}

TEST_CASE("a missing data file is wrong input and names the path and the package to install") {
  const model::ModelConfig mlp = model::MlpConfig{784, {8}, 10};
  CHECK_THROWS_WITH(load_dataset({"fashion_mnist", "nowhere"}, mlp, Seed{1}),
                    Contains("nowhere/train-images") && Contains("apt install dataset-fashion-mnist"));
  CHECK_THROWS_AS(load_dataset({"fashion_mnist", "nowhere"}, mlp, Seed{1}), ScenarioError);
  CHECK_THROWS_WITH(load_dataset({"text", "nowhere"}, model::GptConfig{}, Seed{1}), Contains("dict-jargon"));
  CHECK_THROWS_WITH(load_dataset({"txt", ""}, model::GptConfig{}, Seed{1}),
                    Contains("did you mean \"text\""));
}

TEST_CASE("data that do not fit the model are refused with the value that would") {
  CHECK_THROWS_WITH(load_dataset({"text", ""}, model::MlpConfig{}, Seed{1}), Contains("needs a gpt"));
  CHECK_THROWS_WITH(load_dataset({"fashion_mnist", ""}, model::GptConfig{}, Seed{1}),
                    Contains("needs an mlp"));
  CHECK_THROWS_WITH(load_dataset({"fashion_mnist", ""}, model::MlpConfig{100, {8}, 10}, Seed{1}),
                    Contains("784"));
  CHECK_THROWS_WITH(load_dataset({"fashion_mnist", ""}, model::MlpConfig{784, {8}, 4}, Seed{1}),
                    Contains("10"));
  CHECK_THROWS_WITH(load_dataset({"text", ""}, model::GptConfig{1, 8, 1, 8, 20}, Seed{1}),
                    Contains("use 96"));
}

TEST_CASE("Fashion-MNIST as Debian ships it has 60000 + 10000 standardised images of ten classes") {
  const auto data = load_dataset({"fashion_mnist", ""}, model::MlpConfig{784, {8}, 10}, Seed{1});
  CHECK(data->samples(Split::train) == 60000);
  CHECK(data->samples(Split::test) == 10000);
  CHECK_FALSE(data->bigram_entropy().has_value());
  std::vector<float> image(784);
  std::set<std::int32_t> classes;
  double sum = 0.0;
  double squares = 0.0;
  for (std::int64_t i = 0; i < 2000; ++i) {
    std::int32_t label = -1;
    data->copy_sample(Split::train, i, image.data(), &label);
    classes.insert(label);
    for (const float v : image) sum += v, squares += v * v;
  }
  const double n = 2000.0 * 784.0;
  CHECK(classes.size() == 10);
  CHECK(std::abs(sum / n) < 0.05);
  CHECK(std::abs(squares / n - 1.0) < 0.05);
}

TEST_CASE("the text that Debian ships has at most 96 kinds of characters and a bigram entropy of English") {
  const auto data = load_dataset({"text", ""}, model::GptConfig{1, 8, 1, 64, 96}, Seed{1});
  CHECK(data->shape().classes <= 96);
  CHECK(data->samples(Split::train) * 64 > 1000000);
  CHECK(data->samples(Split::train) > 8 * data->samples(Split::test));
  // English: about 3.5 bits per character given the one before (Shannon 1951: F2 = 3.3 to 3.6 bits), i.e. 2.3
  // to 2.6 nats; the layout of a dictionary shifts it a little.
  REQUIRE(data->bigram_entropy().has_value());
  CHECK(*data->bigram_entropy() > 2.0);
  CHECK(*data->bigram_entropy() < 2.8);
}

TEST_CASE("bigram entropy of a cycle is 0, of two equally likely successors ln 2") {
  const Tokens cycle{0, 1, 2, 0, 1, 2, 0, 1, 2};
  CHECK(bigram_entropy(cycle, 3) == Approx(0.0).margin(1e-12));
  // After 0 come 0 and 1 twice each, after 1 comes 0 always: H = 4/6 ln 2 over the six pairs 00 01 10 00
  // 01 10.
  const Tokens mixed{0, 0, 1, 0, 0, 1, 0};
  CHECK(bigram_entropy(mixed, 2) == Approx(4.0 / 6.0 * std::log(2.0)));
}

TEST_CASE("rare characters share the last token") {
  const Vocabulary all = vocabulary("aaabbc", 96);
  CHECK(all.size == 3);
  CHECK(tokenise("abc", all) == Tokens{0, 1, 2});
  const Vocabulary two = vocabulary("aaabbcd", 2);
  CHECK(two.size == 2);
  CHECK(tokenise("abcdz", two) == Tokens{0, 1, 1, 1, 1});
}

TEST_CASE("the label of a token is the token behind it, across the whole text") {
  Tokens tokens(200);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<std::int32_t>(i % 50);
  const TokenDataset data("count", tokens, 50, 7);
  // 180 tokens train: floor(179 / 7) = 25 samples; 20 tokens test: floor(19 / 7) = 2.
  CHECK(data.samples(Split::train) == 25);
  CHECK(data.samples(Split::test) == 2);
  std::vector<std::int32_t> inputs(7), labels(7);
  data.copy_sample(Split::test, 1, inputs.data(), labels.data());
  CHECK(inputs.front() == (180 + 7) % 50);
  for (std::size_t i = 0; i < 7; ++i) CHECK(labels[i] == (inputs[i] + 1) % 50);
  CHECK_THROWS_WITH(TokenDataset("short", Tokens(20), 2, 8), Contains("too few"));
}

TEST_CASE("synthetic data follow from the seed, without any file") {
  const model::ModelConfig mlp = model::MlpConfig{5, {8}, 3};
  const auto sample = [&](std::uint64_t seed) {
    std::vector<float> x(5);
    std::int32_t label = -1;
    load_dataset({"synthetic", ""}, mlp, Seed{seed})->copy_sample(Split::train, 17, x.data(), &label);
    CHECK(label >= 0);
    CHECK(label < 3);
    return x;
  };
  CHECK(sample(1) == sample(1));
  CHECK(sample(1) != sample(2));
  const auto chain = load_dataset({"synthetic", ""}, model::GptConfig{1, 8, 1, 16, 30}, Seed{1});
  CHECK(chain->shape().classes == 30);
  // Four successors with zipf weights 1, 1/2, 1/3, 1/4: at most H = 1.28 nats, less where successors
  // coincide.
  CHECK(*chain->bigram_entropy() > 0.8);
  CHECK(*chain->bigram_entropy() < 1.3);
}
