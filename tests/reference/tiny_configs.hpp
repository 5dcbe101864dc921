// Small training configurations that run in milliseconds even with sanitizers, and a place for their files.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "validate/reference/train_config.hpp"

namespace orrery::reference_tests {

inline reference::TrainConfig tiny_mlp() {
  reference::TrainConfig config;
  config.model = model::MlpConfig{6, {16}, 3};
  config.optimizer = model::MomentumConfig{0.05, 0.9};
  config.batch = 12;
  config.bucket = Bytes(300.0);
  config.steps = 20;
  return config;
}

inline reference::TrainConfig tiny_gpt() {
  reference::TrainConfig config;
  config.model = model::GptConfig{1, 16, 2, 8, 12};
  config.optimizer = model::AdamConfig{.learning_rate = 3e-3};
  config.batch = 4;
  config.bucket = Bytes(4096.0);
  config.steps = 12;
  return config;
}

/// A folder of its own for this process, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_(std::filesystem::temp_directory_path() / ("orrery_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace orrery::reference_tests
