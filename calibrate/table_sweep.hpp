// A whole sweep into one table, as `orrery calibrate measure` runs it, on any backend and number of ranks:
// rows are written as they come to FILE.part, which becomes FILE at the end; a sweep that was interrupted
// goes on where it stopped. A GPU's kernels are checked before they are timed, with the records in
// FILE.checks.jsonl, and its sweep ends when the time is up; a CPU's makes every visit.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "calibrate/check.hpp"
#include "calibrate/measure.hpp"
#include "calibrate/sweep.hpp"

namespace orrery::calibrate {

struct TableOptions {
  std::string file;
  std::string date;
  SweepOptions sweep;                          ///< with as many ranks as the backend
  std::map<std::string, std::string> facts{};  ///< further lines at the top; another sweep when they differ
  Reference reference{};                       ///< what kernels are checked against; none: no checks
  double spent_s = 0.0;                        ///< of the budget, before the call
};

struct TableEvents {
  std::function<void(const std::string&)> say;  ///< on rank 0, a line for people
  std::function<void(std::size_t done, std::size_t all, double left_s)> progress;  ///< on rank 0
};

struct TableResult {
  std::size_t planned = 0;   ///< visits
  std::size_t reached = 0;   ///< of them, with a row
  std::size_t left_out = 0;  ///< classes that were not timed
};

/// Collective over all ranks, with the same options. Throws BackendError when a device is lost or a file
/// cannot be written.
TableResult measure_table(Backend& backend, const TableOptions& options, const Clock& clock,
                          const TableEvents& events);

}  // namespace orrery::calibrate
