#include <fmt/core.h>
#include <zlib.h>

#include <variant>

#include "calibrate/backends/cpu/kernels/vector_math.hpp"
#include "sim/base/error.hpp"
#include "validate/reference/dataset.hpp"
#include "validate/reference/gzip_file.hpp"
#include "workloads/learn/idx.hpp"

namespace orrery::reference {
namespace {

constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist";
constexpr const char* kPackage = "dataset-fashion-mnist";
constexpr std::int64_t kClasses = 10;
// Mean and standard deviation of the training pixels in [0, 1].
constexpr float kMean = 0.2860F;
constexpr float kDeviation = 0.3530F;

ORRERY_VECTORISED void standardise(const std::uint8_t* pixels, std::int64_t count, float* values) {
  const float factor = 1.0F / (255.0F * kDeviation);
  const float shift = kMean / kDeviation;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<float>(pixels[i]) * factor - shift;
}

struct Images {
  std::int64_t count = 0;
  std::vector<std::uint8_t> pixels, labels;
};

Images read_images(const std::string& folder, const std::string& prefix, std::int64_t& pixels_per_image) {
  const std::string image_file = folder + "/" + prefix + "-images-idx3-ubyte.gz";
  const std::string label_file = folder + "/" + prefix + "-labels-idx1-ubyte.gz";
  learn::IdxArray images = learn::parse_idx(read_compressed(image_file, kPackage), image_file);
  learn::IdxArray labels = learn::parse_idx(read_compressed(label_file, kPackage), label_file);
  if (images.dimensions.size() != 3 || labels.dimensions.size() != 1 ||
      images.dimensions[0] != labels.dimensions[0]) {
    throw ScenarioError("$.data", fmt::format("{} and {} do not belong together", image_file, label_file));
  }
  for (const std::uint8_t label : labels.values) {
    if (label >= kClasses) throw ScenarioError("$.data", fmt::format("{} holds label {}", label_file, label));
  }
  pixels_per_image = images.dimensions[1] * images.dimensions[2];
  return {images.dimensions[0], std::move(images.values), std::move(labels.values)};
}

/// Images stay bytes (47 MB); a sample becomes standardised floats when it is copied out.
class FashionMnist : public Dataset {
 public:
  explicit FashionMnist(const std::string& folder)
      : train_(read_images(folder, "train", pixels_)), test_(read_images(folder, "t10k", pixels_)) {}

  SampleShape shape() const override { return {cost::DType::fp32, pixels_, 1, kClasses}; }
  std::int64_t samples(Split split) const override { return images(split).count; }

  void copy_sample(Split split, std::int64_t index, void* inputs, std::int32_t* labels) const override {
    const Images& from = images(split);
    standardise(from.pixels.data() + index * pixels_, pixels_, static_cast<float*>(inputs));
    *labels = from.labels[static_cast<std::size_t>(index)];
  }

  std::string description() const override {
    return fmt::format("Fashion-MNIST, {} + {} images", train_.count, test_.count);
  }

  std::uint32_t checksum() const override {
    const auto sum = crc32(0, train_.labels.data(), static_cast<unsigned>(train_.labels.size()));
    return static_cast<std::uint32_t>(
        crc32(sum, train_.pixels.data(), static_cast<unsigned>(train_.pixels.size())));
  }

 private:
  const Images& images(Split split) const { return split == Split::train ? train_ : test_; }

  std::int64_t pixels_ = 0;
  Images train_, test_;
};

}  // namespace

std::unique_ptr<Dataset> load_fashion_mnist(const DataSpec& spec, const model::ModelConfig& model, Seed) {
  const auto* mlp = std::get_if<model::MlpConfig>(&model);
  if (mlp == nullptr)
    throw ScenarioError("$.data.kind", "fashion_mnist needs an mlp; a gpt learns from text");
  auto data = std::make_unique<FashionMnist>(spec.path.empty() ? kFolder : spec.path);
  if (mlp->inputs != data->shape().inputs) {
    throw ScenarioError("$.model.inputs",
                        fmt::format("{}: the images have {} pixels", mlp->inputs, data->shape().inputs));
  }
  if (mlp->classes < kClasses) {
    throw ScenarioError("$.model.classes",
                        fmt::format("{}: the images show {} classes", mlp->classes, kClasses));
  }
  return data;
}

}  // namespace orrery::reference
