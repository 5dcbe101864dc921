#include "calibrate/class_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "calibrate/session_files.hpp"
#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::calibrate {
namespace {

/// JSON knows neither infinity nor NaN.
double finite(double value) {
  return value < 1e300 ? value : 1e300;
}

CheckRecord record_of(const std::string& name, const cost::Op& op, const CheckResult& result) {
  CheckRecord record{name,         cost::shape_text(op), "", result.operand, finite(result.error),
                     result.bound, result.text};
  record.bound = finite(result.bound);
  record.state = result.refused ? "refused" : result.ok ? "ok" : "failed";
  return record;
}

/// A shape of which so many checks began and none ended is not tried again.
constexpr int kTries = 2;

struct ShapeState {
  int begun = 0, ended = 0;
  bool is_deadly() const { return begun - ended >= kTries; }
  bool is_open() const { return begun > 0 && ended == 0; }
};

/// What is known of one class.
struct ClassState {
  std::map<std::string, ShapeState> shapes;
  int ok = 0;
  std::string failed, refused, no_kernel;

  /// A shape in whose check processes ended; none: no such shape.
  std::optional<std::string> deadly(bool even_once) const {
    for (const auto& [shape, state] : shapes) {
      if (state.is_deadly() || (even_once && state.is_open())) return shape;
    }
    return std::nullopt;
  }
};

std::map<std::string, ClassState> states_of(const std::vector<CheckRecord>& records) {
  std::map<std::string, ClassState> states;
  for (const CheckRecord& record : records) {
    ClassState& state = states[record.class_name];
    ShapeState& shape = state.shapes[record.shape];
    ++(record.state == "started" ? shape.begun : shape.ended);
    if (record.state == "ok") ++state.ok;
    if (record.state == "failed" && state.failed.empty()) state.failed = record.text;
    if (record.state == "refused" && state.refused.empty()) state.refused = record.text;
    if (record.state == "no_kernel") state.no_kernel = record.text;
  }
  return states;
}

std::string reason_of(const ClassState& state) {
  if (const auto shape = state.deadly(true)) {
    return "an earlier try ended in its check" + (shape->empty() ? "" : " of " + *shape);
  }
  if (!state.no_kernel.empty()) return state.no_kernel;
  if (!state.failed.empty()) return "failed its check: " + state.failed;
  if (state.ok == 0) return "could not be checked: " + state.refused;
  return "";
}

}  // namespace

std::string record_line(const CheckRecord& record) {
  return json_line(write_json(record)) + "\n";
}

std::vector<CheckRecord> parse_checks(const std::string& text, const std::string& place) {
  return parse_json_lines<CheckRecord>(text, place);
}

std::map<std::string, std::string> excluded_classes(const std::vector<CheckRecord>& records) {
  std::map<std::string, std::string> excluded;
  for (const auto& [name, state] : states_of(records)) {
    if (std::string reason = reason_of(state); !reason.empty()) excluded[name] = std::move(reason);
  }
  return excluded;
}

std::vector<CheckRecord> check_classes(Backend& backend, const std::vector<std::string>& classes,
                                       const Reference& reference, const std::vector<CheckRecord>& before,
                                       const std::function<void(const CheckRecord&)>& found,
                                       const std::function<bool()>& is_time_up) {
  std::vector<CheckRecord> records = before;
  const std::map<std::string, ClassState> known = states_of(before);
  const auto add = [&](const CheckRecord& record) {
    records.push_back(record);
    if (found) found(record);
  };
  for (const std::string& name : classes) {
    const auto earlier = known.find(name);
    const ClassState state = earlier == known.end() ? ClassState{} : earlier->second;
    if (!state.no_kernel.empty() || state.deadly(false)) continue;  // no more is to be learned
    if (is_time_up && is_time_up()) break;
    const cost::Op representative = cost::parse_op(name, "");
    if (!backend.supports(representative)) {
      add({name, "", "no_kernel", "", 0.0, 0.0, "the " + backend.name() + " backend has no kernel for it"});
      continue;
    }
    std::uint64_t seed = 0;
    for (const cost::Op& op : check_shapes(representative)) {
      ++seed;
      const auto shape = state.shapes.find(cost::shape_text(op));
      if (shape != state.shapes.end() && shape->second.ended > 0) continue;
      add({name, cost::shape_text(op), "started", "", 0.0, 0.0, ""});
      CheckRecord record = record_of(name, op, check_operator(backend, op, Seed{seed}, reference));
      const bool is_lost = backend.is_lost();
      if (is_lost) record.state = "failed";  // whatever other shapes do: it must not come near the sweep
      add(record);
      if (is_lost) throw BackendError("the device is lost in the check of " + name + ": " + record.text);
    }
  }
  return records;
}

std::string checks_text(const std::vector<CheckRecord>& records) {
  int right = 0, missing = 0, wrong = 0;
  std::string lines;
  for (const auto& [name, state] : states_of(records)) {
    const std::string reason = reason_of(state);
    if (reason.empty()) {
      ++right;
    } else {
      ++(state.no_kernel.empty() ? wrong : missing);
      lines += "  " + name + ": " + reason + "\n";
    }
    if (reason.empty() && !state.refused.empty())
      lines += "  " + name + ", one shape: " + state.refused + "\n";
  }
  return fmt::format(
      "{} classes checked against the CPU: {} right, {} wrong or refused, {} without a kernel\n{}",
      right + wrong + missing, right, wrong, missing, lines);
}

}  // namespace orrery::calibrate
