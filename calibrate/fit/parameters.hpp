// The free parameters of a described struct, seen as logarithms: fits work on vectors, models keep names,
// units and bounds. The same `fields()` that writes a model into a profile tells the fit what may vary and
// how far.
#pragma once

#include <string>
#include <vector>

#include "sim/base/fields.hpp"

namespace orrery::calibrate {

/// Parameters are the double and Quantity fields, in the order of their description, but for those held
/// fixed.
class Parameters : public FieldVisitor {
 public:
  template <class T>
  explicit Parameters(T& config, std::vector<std::string> fixed = {}) : fixed_(std::move(fixed)) {
    visit_fields(*this, config);
  }

  std::size_t count() const { return slots_.size(); }
  const std::string& name(std::size_t i) const { return slots_[i].name; }
  double log_low(std::size_t i) const { return slots_[i].log_low; }
  double log_high(std::size_t i) const { return slots_[i].log_high; }

  std::vector<double> logs() const;
  /// Writes into the struct. REQUIRES: `logs` has count() numbers; the struct still lives.
  void set_logs(const double* logs) const;
  /// Replaces every value by `change(value)`, kept within its bounds.
  void change_values(double (*change)(double)) const;

 protected:
  void visit(const Field& field, const ValueRef& value) override;

 private:
  struct Slot {
    std::string name;
    ValueRef value;
    double low, high, log_low, log_high;

    double get() const;
    void set(double value) const;
  };
  std::vector<std::string> fixed_;
  std::vector<Slot> slots_;
};

}  // namespace orrery::calibrate
