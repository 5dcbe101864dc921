// A long sequence of tokens cut into samples: the data set behind text and behind synthetic sequences, and
// the entropy that a learner has to beat.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "validate/reference/dataset.hpp"

namespace orrery::reference {

using Tokens = std::vector<std::int32_t>;

/// Conditional entropy H(next token | token) in nats, from the pair counts of the sequence itself:
/// -sum_ab n_ab/N ln(n_ab / n_a) (Shannon 1951). REQUIRES: at least two tokens, all in [0, vocab).
double bigram_entropy(std::span<const std::int32_t> tokens, std::int64_t vocab);

/// Characters as tokens: the most frequent bytes get the numbers 0, 1, ... by frequency; when there are more
/// than `vocab_max` different ones, all rarer ones share the last number.
struct Vocabulary {
  std::vector<std::int32_t> token_of;  ///< by byte value
  std::int64_t size = 0;
};
Vocabulary vocabulary(std::string_view text, std::int64_t vocab_max);
Tokens tokenise(std::string_view text, const Vocabulary& vocabulary);

/// Samples of `context` tokens whose labels are the tokens one place further, one behind the other; the last
/// tenth of the sequence is the test split.
class TokenDataset : public Dataset {
 public:
  /// Throws ScenarioError when the sequence is too short for one sample in each split.
  TokenDataset(std::string title, Tokens tokens, std::int64_t vocab, std::int64_t context);

  SampleShape shape() const override { return {cost::DType::int32, context_, context_, vocab_}; }
  std::int64_t samples(Split split) const override;
  void copy_sample(Split split, std::int64_t index, void* inputs, std::int32_t* labels) const override;
  std::string description() const override;
  std::uint32_t checksum() const override;
  std::optional<double> bigram_entropy() const override { return entropy_; }

 private:
  std::string title_;
  Tokens tokens_;
  std::int64_t vocab_, context_, train_tokens_;
  double entropy_;
};

}  // namespace orrery::reference
