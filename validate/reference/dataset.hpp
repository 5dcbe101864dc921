// What a model learns from: samples of fixed shape in two splits. Three kinds: images of clothes, the
// characters of a text, and synthetic data that need no file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "costmodel/op.hpp"
#include "sim/base/rng.hpp"
#include "validate/reference/train_config.hpp"

namespace orrery::reference {

enum class Split : std::uint8_t { train, test };

/// One sample is `inputs` numbers of type `input_type` and `labels` class numbers below `classes`.
struct SampleShape {
  cost::DType input_type = cost::DType::fp32;
  std::int64_t inputs = 0;
  std::int64_t labels = 1;
  std::int64_t classes = 0;
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual SampleShape shape() const = 0;
  virtual std::int64_t samples(Split split) const = 0;
  /// Writes sample `index` of the split: `shape().inputs` numbers and `shape().labels` labels.
  virtual void copy_sample(Split split, std::int64_t index, void* inputs, std::int32_t* labels) const = 0;
  /// For reports: "Fashion-MNIST, 60000 + 10000 images".
  virtual std::string description() const = 0;
  /// Tells one content from another, so that a checkpoint is not continued on other data.
  virtual std::uint32_t checksum() const = 0;
  /// Mean loss, in nats per label, of the best predictor that knows only the previous token; none for images.
  /// A language model that learned something is below it.
  virtual std::optional<double> bigram_entropy() const { return std::nullopt; }
};

/// The data set of that kind, shaped for the model (a text is cut into samples of the model's context).
/// Throws ScenarioError when the kind is unknown, files are missing or damaged, or the data do not fit the
/// model.
std::unique_ptr<Dataset> load_dataset(const DataSpec& spec, const model::ModelConfig& model, Seed seed);

std::unique_ptr<Dataset> load_fashion_mnist(const DataSpec& spec, const model::ModelConfig& model, Seed seed);
std::unique_ptr<Dataset> load_text(const DataSpec& spec, const model::ModelConfig& model, Seed seed);
std::unique_ptr<Dataset> make_synthetic(const DataSpec& spec, const model::ModelConfig& model, Seed seed);

}  // namespace orrery::reference
