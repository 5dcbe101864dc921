// Correctness of whole classes before any of them is timed: every class of a sweep is checked on several
// shapes, results are written as they come, and classes that compute something else are left out of the
// sweep. A shape that takes the process down stays marked as started, so that the next try leaves its class
// out and goes on behind it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "calibrate/check.hpp"
#include "sim/base/fields.hpp"

namespace orrery::calibrate {

/// A line of checks.jsonl. States: started (a result follows, unless the process ended), ok, failed (wrong
/// numbers, or the device was lost), refused (the backend threw), no_kernel.
struct CheckRecord {
  std::string class_name, shape, state, operand;
  double error = 0, bound = 0;
  std::string text;
};
template <class V>
void fields(V& v, CheckRecord& c) {
  v("class", c.class_name, "operator class", required());
  v("shape", c.shape, "what was computed; empty where there is no kernel");
  v("state", c.state, "started, ok, failed, refused or no_kernel", required());
  v("operand", c.operand, "output that is furthest from the reference");
  v("error", c.error, "its distance from the reference, relative; at most 1e300", at_least(0));
  v("bound", c.bound, "largest distance that rounding explains", at_least(0));
  v("text", c.text, "for people");
}

std::string record_line(const CheckRecord& record);
std::vector<CheckRecord> parse_checks(const std::string& text, const std::string& place);

/// Classes without a kernel, with a failed shape, with nothing but refused shapes, or with a shape that was
/// started and has no result: none of them is timed. By class, with the reason.
std::map<std::string, std::string> excluded_classes(const std::vector<CheckRecord>& records);

/// Checks the shapes that `before` says nothing of, except of classes in which an earlier try ended; hands
/// out each record as it comes. Returns all records, the earlier ones first. Throws BackendError when the
/// device is lost.
std::vector<CheckRecord> check_classes(Backend& backend, const std::vector<std::string>& classes,
                                       const Reference& reference, const std::vector<CheckRecord>& before,
                                       const std::function<void(const CheckRecord&)>& found,
                                       const std::function<bool()>& is_time_up = {});

/// "54 classes checked against the CPU: 52 right, 1 wrong or refused, 1 without a kernel" and a line for each
/// that is not right, and for each whose first refused shape is the only thing to say.
std::string checks_text(const std::vector<CheckRecord>& records);

}  // namespace orrery::calibrate
