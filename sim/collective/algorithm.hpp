// Collective algorithms by name: each is one file in sim/collective/algorithms with its configuration, its plan and its
// closed form, registered there. Pure: no clock and no network in sight. `orrery list` prints them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/base/registered.hpp"
#include "sim/base/units.hpp"
#include "sim/collective/plan.hpp"

namespace orrery::collective {

/// What is to be done. `elements` is S of sim/base/collective_kind.hpp in elements: one rank's buffer (all-gather,
/// reduce-scatter: the total; all-to-all: what one rank holds for all).
struct PlanRequest {
  CollectiveKind kind = CollectiveKind::all_reduce;
  int ranks = 2;
  std::int64_t elements = 0;
  int root = 0;
  /// Extents of the ranks' grid, innermost first, product = ranks; empty: {ranks}. See net::Topology::dimensions.
  std::vector<int> dimensions;
  bool has_reducer = false;          ///< the network has a switch that reduces (it becomes a helper)
  std::vector<std::int64_t>
      counts;  ///< all-to-all with unequal parts: ranks x ranks elements, row = sender; else empty
};

/// Costs of one message on one level of the machine (Hockney 1994): a + bytes * beta, and gamma per byte added up.
struct Hockney {
  Seconds alpha{0.0};
  SecondsPerByte beta{0.0};
  SecondsPerByte gamma{0.0};
};

class Algorithm {
 public:
  virtual ~Algorithm() = default;
  virtual std::unique_ptr<Algorithm> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;

  /// Why this algorithm cannot do the request ("needs a power of two ranks, not 6"); nothing when it can.
  virtual std::optional<std::string> refusal(const PlanRequest& request) const = 0;
  /// Hosts that it needs beside those of the ranks.
  virtual int servers() const { return 0; }
  /// REQUIRES: no refusal.
  virtual Plan plan(const PlanRequest& request) const = 0;
  /// Time on a network where no link is shared, each participant has one port in and one out, and level i joins the
  /// ranks along dimension i (a flat algorithm uses the last level). The formula with its source stands in the file.
  /// Nothing where no closed form holds (for example ranks that are no power of two). REQUIRES: no refusal; levels not
  /// empty.
  virtual std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                             std::span<const Hockney> levels) const = 0;

  static Registry<Algorithm>& registry();
};

/// Every registered algorithm with its defaults that can do the request, by name.
std::vector<Registered<Algorithm>> eligible(const PlanRequest& request);

}  // namespace orrery::collective
