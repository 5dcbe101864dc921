// A sweep answered: its points are read and simulated on several threads, each one independently, and collected in the
// order of the points, so that the result is the same bytes on one thread and on many. A point that cannot be answered
// says why in its row. With a folder, every answered point is kept in a file of its own as soon as it is done; a later run
// of the same sweep reuses those whose scenario, profile and program are unchanged.
#pragma once

#include <string>
#include <vector>

#include "scenarios/question.hpp"
#include "scenarios/sweep.hpp"

namespace orrery::scenario {

struct PointResult {
  std::vector<std::vector<Figure>> rows;  ///< empty when there is an error
  std::string error;                      ///< why the point could not be answered
  bool goal_met = true;                   ///< see goal_met(Answer)
  bool reused = false;                    ///< from the folder; not part of any output file
};

/// Told of each point when it is done, in the order in which they end; one call at a time, from several threads.
class SweepProgress {
 public:
  virtual void point_done(std::size_t done, std::size_t total, const SweepPoint& point, const PointResult& result) = 0;

 protected:
  ~SweepProgress() = default;
};

struct SweepOptions {
  int threads = 0;        ///< 0: as many as the machine has
  std::string directory;  ///< for points/NAME.json; empty: nothing is kept
  std::string program{};  ///< points kept by another one are not reused; empty: program_hash() of this one
};

/// One result per point. Throws ScenarioError when no point at all could be answered (the first one's error), BackendError
/// when a file cannot be written.
std::vector<PointResult> run_sweep(const Sweep& sweep, const SweepOptions& options, SweepProgress* progress = nullptr);

/// One line per row of each point: the values that vary, the figures, and the error where there is one. As JSON, a list of
/// points with their rows.
std::string sweep_text(const Sweep& sweep, const std::vector<PointResult>& results, Format format);

}  // namespace orrery::scenario
