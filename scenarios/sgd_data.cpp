#include "scenarios/sgd_data.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "scenarios/artifact.hpp"
#include "sim/base/error.hpp"
#include "workloads/learn/digits.hpp"
#include "workloads/learn/idx.hpp"

namespace orrery::scenario {
namespace {

constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";

std::vector<std::uint8_t> unpacked(const std::string& path) {
  const std::string bytes = gunzip(read_file(path));
  return {bytes.begin(), bytes.end()};
}

learn::Dataset load(const DigitsSource&, const std::string&) {
  return learn::digits_dataset();
}

learn::Dataset load(const MixtureSource& source, const std::string&) {
  return learn::mixture_dataset(source);
}

learn::Dataset load(const FashionMnistSource& source, const std::string& place) {
  const std::string folder = source.dir.value_or(kFashionFolder);
  learn::IdxFiles files;
  try {
    files.train_images = unpacked(folder + "/train-images-idx3-ubyte.gz");
    files.train_labels = unpacked(folder + "/train-labels-idx1-ubyte.gz");
    files.test_images = unpacked(folder + "/t10k-images-idx3-ubyte.gz");
    files.test_labels = unpacked(folder + "/t10k-labels-idx1-ubyte.gz");
  } catch (const ScenarioError& error) {
    throw ScenarioError(place, fmt::format("{}; install Debian's dataset-fashion-mnist, name a folder with data.dir, or take "
                                           "\"digits\", which need no file", error.what()));
  }
  return learn::idx_dataset(files, "Fashion-MNIST");
}

}  // namespace

std::shared_ptr<const learn::Dataset> learning_data(const LearningData& source, const std::string& place) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const learn::Dataset>> in_use;
  const std::string key = std::visit(
      [](const auto& s) { return std::string(s.kind) + write_json(s).dump(); }, source);
  const std::lock_guard lock(mutex);
  std::shared_ptr<const learn::Dataset> data = in_use[key].lock();
  if (!data) {
    data = std::make_shared<const learn::Dataset>(std::visit([&place](const auto& s) { return load(s, place); }, source));
    in_use[key] = data;
  }
  return data;
}

}  // namespace orrery::scenario
