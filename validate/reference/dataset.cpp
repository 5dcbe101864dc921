#include "validate/reference/dataset.hpp"

#include <array>
#include <vector>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::reference {
namespace {

struct Loader {
  const char* kind;
  std::unique_ptr<Dataset> (*load)(const DataSpec&, const model::ModelConfig&, Seed);
};

constexpr std::array<Loader, 3> kLoaders{
    {{"fashion_mnist", load_fashion_mnist}, {"text", load_text}, {"synthetic", make_synthetic}}};

}  // namespace

std::unique_ptr<Dataset> load_dataset(const DataSpec& spec, const model::ModelConfig& model, Seed seed) {
  std::vector<std::string> known;
  for (const Loader& loader : kLoaders) {
    if (spec.kind == loader.kind) return loader.load(spec, model, seed);
    known.emplace_back(loader.kind);
  }
  throw ScenarioError("$.data.kind",
                      "unknown data set \"" + spec.kind + "\"" + spelling_hint(spec.kind, known));
}

}  // namespace orrery::reference
