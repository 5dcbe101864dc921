#include "validate/reference/token_data.hpp"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "sim/base/error.hpp"

namespace orrery::reference {

double bigram_entropy(std::span<const std::int32_t> tokens, std::int64_t vocab) {
  SIM_ASSERT(tokens.size() >= 2, "a bigram needs two tokens");
  const auto size = static_cast<std::size_t>(vocab);
  std::vector<double> pairs(size * size, 0.0);
  std::vector<double> firsts(size, 0.0);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    const auto a = static_cast<std::size_t>(tokens[i]);
    pairs[a * size + static_cast<std::size_t>(tokens[i + 1])] += 1.0;
    firsts[a] += 1.0;
  }
  double entropy = 0.0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i] > 0.0) entropy -= pairs[i] * std::log(pairs[i] / firsts[i / size]);
  }
  return entropy / static_cast<double>(tokens.size() - 1);
}

Vocabulary vocabulary(std::string_view text, std::int64_t vocab_max) {
  std::array<std::int64_t, 256> count{};
  for (const char c : text) ++count[static_cast<unsigned char>(c)];
  std::vector<std::size_t> order(256);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return count[a] > count[b]; });
  const auto present =
      static_cast<std::int64_t>(std::count_if(count.begin(), count.end(), [](auto n) { return n > 0; }));
  Vocabulary result{std::vector<std::int32_t>(256), std::min(present, vocab_max)};
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    result.token_of[order[rank]] =
        static_cast<std::int32_t>(std::min(static_cast<std::int64_t>(rank), result.size - 1));
  }
  return result;
}

Tokens tokenise(std::string_view text, const Vocabulary& vocabulary) {
  Tokens tokens;
  tokens.reserve(text.size());
  for (const char c : text) tokens.push_back(vocabulary.token_of[static_cast<unsigned char>(c)]);
  return tokens;
}

TokenDataset::TokenDataset(std::string title, Tokens tokens, std::int64_t vocab, std::int64_t context)
    : title_(std::move(title)),
      tokens_(std::move(tokens)),
      vocab_(vocab),
      context_(context),
      train_tokens_(static_cast<std::int64_t>(tokens_.size()) * 9 / 10),
      entropy_(0.0) {
  if (samples(Split::train) < 1 || samples(Split::test) < 1) {
    throw ScenarioError("$.data", fmt::format("{} tokens are too few for samples of {} (the model's context)",
                                              tokens_.size(), context));
  }
  entropy_ = reference::bigram_entropy(tokens_, vocab_);
}

std::int64_t TokenDataset::samples(Split split) const {
  const auto all = static_cast<std::int64_t>(tokens_.size());
  const std::int64_t in_split = split == Split::train ? train_tokens_ : all - train_tokens_;
  return std::max<std::int64_t>(in_split - 1, 0) / context_;  // one more token for the last label
}

void TokenDataset::copy_sample(Split split, std::int64_t index, void* inputs, std::int32_t* labels) const {
  const std::int32_t* from = tokens_.data() + (split == Split::train ? 0 : train_tokens_) + index * context_;
  std::copy(from, from + context_, static_cast<std::int32_t*>(inputs));
  std::copy(from + 1, from + 1 + context_, labels);
}

std::string TokenDataset::description() const {
  return fmt::format("{}, {} characters of {} kinds", title_, tokens_.size(), vocab_);
}

std::uint32_t TokenDataset::checksum() const {
  const auto* bytes = reinterpret_cast<const Bytef*>(tokens_.data());
  return static_cast<std::uint32_t>(
      crc32(0, bytes, static_cast<unsigned>(tokens_.size() * sizeof(tokens_[0]))));
}

}  // namespace orrery::reference
