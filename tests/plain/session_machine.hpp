// A machine for tests of sessions: it computes as the CPU does, takes invented times on a clock of its own,
// and fails where a test wants it to.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/measurement_store.hpp"
#include "calibrate/session.hpp"
#include "sim/base/error.hpp"

namespace orrery::session_test {

namespace fs = std::filesystem;

/// A folder that is empty at first and gone at the end.
class Folder {
 public:
  explicit Folder(const std::string& name) : path_(fs::path(ORRERY_BINARY_DIR) / "session_test" / name) {
    fs::remove_all(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string text(const std::string& name) const { return calibrate::read_text_file(file(name)); }
  bool has(const std::string& name) const { return fs::exists(path_ / name); }
  std::vector<calibrate::Measurement> rows(const std::string& name = "measurements.csv") const {
    return calibrate::read_measurements(text(name), name, true).rows;
  }

 private:
  fs::path path_;
};

struct Machine : calibrate::Backend {
  std::string device = "a machine of the tests";
  std::set<std::string> wrong, refused, missing;  ///< classes
  std::string refused_shape;                      ///< of any class
  std::function<void(const cost::Op&)> at_compute = [](const cost::Op&) {};
  std::function<void(const cost::Op&)> at_prepare = [](const cost::Op&) {};
  double call_s = 1e-4;
  bool lost = false;
  double now_s = 0.0;
  int computed = 0;
  std::vector<std::string> prepared;  ///< operators and compositions, in order

  class Call : public calibrate::TimedOp {
   public:
    explicit Call(Machine& machine) : machine_(machine) {}
    Seconds run() override {
      machine_.now_s += std::max(machine_.call_s, 1e-6);
      return Seconds(machine_.call_s);
    }

   private:
    Machine& machine_;
  };

  calibrate::Clock clock() {
    return [this] { return now_s; };
  }
  std::string name() const override { return "test"; }
  calibrate::Fingerprint fingerprint() const override { return {{"device", device}, {"algorithm", "none"}}; }
  int ranks() const override { return 1; }
  int rank() const override { return 0; }
  bool supports(const cost::Op& op) const override {
    return cpu::has_kernel(op) && missing.count(cost::class_name(op)) == 0;
  }
  void compute(const cost::Op& op, calibrate::OperandValues& values) override {
    at_compute(op);
    const std::string name = cost::class_name(op);
    if (lost) throw BackendError("illegal address");
    if (refused.count(name) > 0 || cost::shape_text(op) == refused_shape) throw BackendError("no plan found");
    cpu::compute(op, values);
    ++computed;
    if (wrong.count(name) == 0) return;
    const auto operands = cost::operands(op);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].access != cost::Access::read) values[i].front() += 1.0f;
    }
  }
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op& op, const cost::Conditions&) override {
    prepared.push_back(cost::class_name(op));
    at_prepare(op);
    if (lost) throw BackendError("illegal address");
    now_s += 1e-3;
    return std::make_unique<Call>(*this);
  }
  std::unique_ptr<calibrate::TimedOp> prepare(const calibrate::Composition& composition) override {
    prepared.push_back(composition.name);
    for (const calibrate::CompositionStep& step : composition.steps) at_prepare(step.op);
    return std::make_unique<Call>(*this);
  }
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::CollectiveCase&) override {
    throw BackendError("one rank");
  }
  std::vector<std::string> warnings() const override { return {"somebody else computes here"}; }
  bool is_lost() const override { return lost; }
  void barrier() override {}
  double max_over_ranks(double value) override { return value; }
};

/// A quick sweep of a few classes in memory of the tests' machine.
inline calibrate::SessionOptions few_classes(const std::string& folder) {
  calibrate::SessionOptions options;
  options.folder = folder;
  options.date = "2026-01-31";
  options.budget_s = 1000.0;
  options.sweep.ranks = 1;
  options.classes = {"adam", "scale"};
  return options;
}

inline calibrate::SessionSummary run(Machine& machine, const calibrate::SessionOptions& options,
                                     const calibrate::SessionEvents& events = {}) {
  const calibrate::Reference reference = [](const cost::Op& op, calibrate::OperandValues& values) {
    cpu::compute(op, values);
  };
  return calibrate::run_session(machine, reference, options, machine.clock(), events);
}

}  // namespace orrery::session_test
