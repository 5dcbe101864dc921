#include <fmt/core.h>

#include <cmath>

#include "validate/reference/token_data.hpp"

namespace orrery::reference {
namespace {

constexpr std::int64_t kTrain = 8192;
constexpr std::int64_t kTest = 2048;
constexpr std::int64_t kTokens = 120000;
constexpr std::uint64_t kSuccessors = 4;

/// A mixture of one unit Gaussian per class around random centres; centres lie about `kSpread` * sqrt(2)
/// apart, so that the classes overlap a little. Each sample is drawn from its own stream, so nothing is
/// stored.
class GaussianMixture : public Dataset {
 public:
  GaussianMixture(std::int64_t inputs, std::int64_t classes, Seed seed)
      : inputs_(inputs),
        classes_(classes),
        seed_(seed),
        centres_(static_cast<std::size_t>(inputs * classes)) {
    RngStream draws = stream(seed, "synthetic/centres");
    const double scale = kSpread / std::sqrt(static_cast<double>(inputs));
    for (double& value : centres_) value = draws.normal(0.0, scale);
  }

  SampleShape shape() const override { return {cost::DType::fp32, inputs_, 1, classes_}; }
  std::int64_t samples(Split split) const override { return split == Split::train ? kTrain : kTest; }

  void copy_sample(Split split, std::int64_t index, void* inputs, std::int32_t* labels) const override {
    RngStream draws = stream(seed_, split == Split::train ? "synthetic/train" : "synthetic/test",
                             static_cast<std::uint64_t>(index));
    const auto label = static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(classes_)));
    auto* to = static_cast<float*>(inputs);
    for (std::int64_t i = 0; i < inputs_; ++i) {
      to[i] = static_cast<float>(draws.normal(centres_[static_cast<std::size_t>(label * inputs_ + i)]));
    }
    *labels = static_cast<std::int32_t>(label);
  }

  std::string description() const override {
    return fmt::format("synthetic Gaussian mixture, {} + {} samples", kTrain, kTest);
  }
  std::uint32_t checksum() const override { return static_cast<std::uint32_t>(seed_.value); }

 private:
  static constexpr double kSpread = 4.0;
  std::int64_t inputs_, classes_;
  Seed seed_;
  std::vector<double> centres_;
};

/// A Markov chain: each token has `kSuccessors` likely successors of falling probability.
Tokens markov_chain(std::int64_t vocab, Seed seed) {
  RngStream table = stream(seed, "synthetic/successors");
  RngStream draws = stream(seed, "synthetic/chain");
  std::vector<std::int32_t> successors(static_cast<std::size_t>(vocab) * kSuccessors);
  for (auto& token : successors)
    token = static_cast<std::int32_t>(table.below(static_cast<std::uint64_t>(vocab)));
  Tokens tokens{0};
  while (static_cast<std::int64_t>(tokens.size()) < kTokens) {
    const std::uint64_t choice = draws.zipf(kSuccessors, 1.0) - 1;
    tokens.push_back(successors[static_cast<std::size_t>(tokens.back()) * kSuccessors + choice]);
  }
  return tokens;
}

}  // namespace

std::unique_ptr<Dataset> make_synthetic(const DataSpec&, const model::ModelConfig& model, Seed seed) {
  if (const auto* mlp = std::get_if<model::MlpConfig>(&model)) {
    return std::make_unique<GaussianMixture>(mlp->inputs, mlp->classes, seed);
  }
  const auto& gpt = std::get<model::GptConfig>(model);
  return std::make_unique<TokenDataset>("synthetic Markov chain", markov_chain(gpt.vocab, seed), gpt.vocab,
                                        gpt.context);
}

}  // namespace orrery::reference
