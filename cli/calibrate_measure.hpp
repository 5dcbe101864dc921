// `orrery calibrate measure`: which backend, on how many ranks, into which file. What it does with them is
// calibrate/table_sweep.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "calibrate/table_sweep.hpp"
#include "cli/verb.hpp"

namespace orrery::cli {

class MeasureCommand {
 public:
  void declare(CLI::App& app);
  /// Throws as a verb's run().
  ExitCode run();

 private:
  void check_options() const;
  int ranks() const;
  ExitCode measure_fake();
  ExitCode measure_cpu();
  ExitCode measure_cuda();
  ExitCode measure(calibrate::Backend& backend, const calibrate::Clock& clock,
                   calibrate::TableOptions options = {});

  std::string backend_ = "cpu", table_ = "measurements.csv";
  std::optional<int> ranks_, device_;
  bool quick_ = false, full_ = false, search_ = false;
  std::uint64_t seed_ = 1;
};

}  // namespace orrery::cli
