// A whole calibration of one device on one rank, in a folder: who the device is, which kernels are right,
// what compositions take, then the sweep until the time is up. Everything is written as it comes; a session
// that was interrupted, by hand, by a time limit or by a crash, goes on where it stopped, and a case that
// took the process down twice is left out.
//
//   FOLDER/fingerprint.json    device, software, plan of the sweep, warnings
//   FOLDER/checks.jsonl        class_checks.hpp
//   FOLDER/compositions.jsonl  composition_record.hpp
//   FOLDER/measurements.csv    docs/measurements.md; measurements.csv.part while a process measures, or when
//                              it was killed
//   FOLDER/session.json        how far it came
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "calibrate/class_checks.hpp"
#include "calibrate/composition.hpp"
#include "calibrate/measure.hpp"
#include "calibrate/sweep.hpp"

namespace orrery::calibrate {

struct SessionOptions {
  std::string folder;
  std::string date;
  double budget_s = 480.0;           ///< of this process
  SweepOptions sweep;                ///< its target also chooses the compositions
  std::vector<std::string> classes;  ///< to sweep, beside the anchors; empty: all of the target
  bool check_first = true;           ///< off only where nothing is computed: on a fake machine
};

struct SessionEvents {
  std::function<void(const std::string&)> say;  ///< a line for people
  std::function<void(std::size_t done, std::size_t all, double left_s)> progress;
};

struct SessionSummary {
  std::size_t planned = 0, measured = 0, skipped = 0;  ///< cases of the sweep, all processes together
  bool is_complete = false;                            ///< the whole plan has rows
  /// Slowest over fastest visit of the computing anchor, less 1: what the clock or others on the device did.
  double anchor_swing = 0.0;
};

/// The cases of a session in order.
std::vector<Visit> session_plan(const SessionOptions& options);
/// One line by which plans are told apart: size, seed, number of visits, hash of all of them.
std::string session_plan_name(const SessionOptions& options);
/// Those made of nothing but wanted classes.
std::vector<Composition> session_compositions(const SessionOptions& options);
/// All classes that are checked, sorted: those of the sweep, its anchors and the compositions.
std::vector<std::string> session_classes(const SessionOptions& options);

/// REQUIRES: a backend of one rank. Throws BackendError when the device is lost or a file cannot be written,
/// after closing the table; ScenarioError when the folder holds a session of another machine or another plan.
SessionSummary run_session(Backend& backend, const Reference& reference, const SessionOptions& options,
                           const Clock& clock, const SessionEvents& events);

}  // namespace orrery::calibrate
