// The checks before a sweep on several ranks, each with a device of its own: all ranks check class after
// class side by side, and what is wrong on one is left out on all, because they measure together. One rank
// alone is the simple case of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "calibrate/class_checks.hpp"
#include "calibrate/session_files.hpp"

namespace orrery::calibrate {

/// Collective over the ranks of `backend`; `classes` are the same on all. `journal` is open on rank 0, where
/// it has the records of an earlier try of the same sweep, and null elsewhere; its records say what rank 0
/// saw, and which classes failed on another rank only. Classes that it knows are not checked again. Returns
/// the classes to leave out, the same on every rank; the reasons are complete on rank 0. Throws BackendError
/// when a device is lost.
std::map<std::string, std::string> check_on_ranks(Backend& backend, const std::vector<std::string>& classes,
                                                  const Reference& reference, Journal* journal);

}  // namespace orrery::calibrate
