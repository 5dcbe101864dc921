#include "validate/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "sim/base/unit_text.hpp"

namespace orrery::validate {
namespace {

using namespace literals;

struct Size {
  const char* name;
  model::ModelConfig model;
};

const Size kMlpSmall{"mlp_s", model::MlpConfig{784, {256}, 10}};
const Size kMlpMedium{"mlp_m", model::MlpConfig{784, {512, 256}, 10}};
const Size kMlpLarge{"mlp_l", model::MlpConfig{784, {1024, 1024}, 10}};
const Size kGptSmall{"gpt_s", model::GptConfig{4, 64, 4, 64, 128}};
const Size kGptMedium{"gpt_m", model::GptConfig{4, 128, 4, 128, 128}};
const Size kGptLarge{"gpt_l", model::GptConfig{6, 192, 6, 128, 128}};

struct Row {
  const Size& size;
  std::int64_t batch_per_rank;
  int ranks;
  Bytes bucket;
  bool in_short;
};

/// Bucket sizes matter only with two ranks; one of each pair cuts the gradients into many buckets, the other
/// into few.
std::vector<Row> rows() {
  return {
      {kMlpSmall, 256, 1, 1_MiB, true},    {kMlpSmall, 1024, 1, 1_MiB, false},
      {kMlpSmall, 512, 2, 64_KiB, false},  {kMlpSmall, 512, 2, 4_MiB, false},
      {kMlpMedium, 256, 1, 1_MiB, false},  {kMlpMedium, 640, 1, 1_MiB, false},
      {kMlpMedium, 384, 2, 256_KiB, true}, {kMlpMedium, 384, 2, 4_MiB, false},
      {kMlpLarge, 64, 1, 1_MiB, false},    {kMlpLarge, 192, 1, 1_MiB, false},
      {kMlpLarge, 128, 2, 1_MiB, false},   {kMlpLarge, 128, 2, 16_MiB, true},
      {kGptSmall, 4, 1, 1_MiB, true},      {kGptSmall, 16, 1, 1_MiB, false},
      {kGptSmall, 8, 2, 64_KiB, false},    {kGptSmall, 8, 2, 4_MiB, false},
      {kGptMedium, 2, 1, 1_MiB, true},     {kGptMedium, 6, 1, 1_MiB, false},
      {kGptMedium, 3, 2, 256_KiB, true},   {kGptMedium, 3, 2, 4_MiB, false},
      {kGptLarge, 1, 1, 1_MiB, false},     {kGptLarge, 2, 1, 1_MiB, false},
      {kGptLarge, 2, 2, 1_MiB, false},     {kGptLarge, 2, 2, 16_MiB, false},
  };
}

std::string name_of(const Row& row) {
  std::string name = fmt::format("{}/b{}/r{}", row.size.name, row.batch_per_rank, row.ranks);
  if (row.ranks > 1) {
    const double kib = row.bucket.value() / 1024.0;
    name += kib < 1024.0 ? fmt::format("/{:g}KiB", kib) : fmt::format("/{:g}MiB", kib / 1024.0);
  }
  return name;
}

}  // namespace

std::vector<scenario::Scenario> self_train_suite(const SuiteOptions& options) {
  const std::int64_t steps = options.steps > 0 ? options.steps : 100;
  std::vector<scenario::Scenario> suite;
  for (const Row& row : rows()) {
    if (options.is_short && !row.in_short) continue;
    scenario::Scenario s;
    s.name = name_of(row);
    s.cluster.ranks = row.ranks;
    s.model = row.size.model;
    s.plan = {row.ranks, row.bucket, false};
    s.batch = row.batch_per_rank * row.ranks;
    s.steps = steps;
    if (std::holds_alternative<model::GptConfig>(s.model)) {
      s.optimizer = model::AdamConfig{};
      s.data = scenario::TextData{};
    } else {
      s.optimizer = model::MomentumConfig{};
      s.data = scenario::FashionMnistData{};
    }
    suite.push_back(std::move(s));
  }
  return suite;
}

}  // namespace orrery::validate
