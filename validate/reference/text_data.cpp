#include <fmt/core.h>

#include <filesystem>
#include <string>

#include "sim/base/error.hpp"
#include "validate/reference/dataset_file.hpp"
#include "validate/reference/token_data.hpp"

namespace orrery::reference {
namespace {

// The Jargon File 4.4.7: 1.4 MB of English prose in the public domain, as a dictionary (gzip with an index).
constexpr const char* kFile = "/usr/share/dictd/jargon.dict.dz";
constexpr const char* kPackage = "dict-jargon";
constexpr std::int64_t kVocabMax = 96;

}  // namespace

std::unique_ptr<Dataset> load_text(const DataSpec& spec, const model::ModelConfig& model, Seed) {
  const auto* gpt = std::get_if<model::GptConfig>(&model);
  if (gpt == nullptr)
    throw ScenarioError("$.data.kind", "text needs a gpt; an mlp learns from fashion_mnist");
  const std::string path = spec.path.empty() ? kFile : spec.path;
  const std::vector<std::uint8_t> bytes = read_compressed(path, kPackage);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Vocabulary characters = vocabulary(text, kVocabMax);
  if (gpt->vocab < characters.size) {
    throw ScenarioError("$.model.vocab",
                        fmt::format("{}: the text has {} kinds of characters; use {} or more", gpt->vocab,
                                    characters.size, characters.size));
  }
  const std::string title = std::filesystem::path(path).filename().string();
  return std::make_unique<TokenDataset>(title, tokenise(text, characters), characters.size, gpt->context);
}

}  // namespace orrery::reference
