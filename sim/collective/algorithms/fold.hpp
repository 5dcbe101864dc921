// What algorithms for powers of two do with other numbers of ranks: of P = 2^d + r ranks the first 2r form pairs; the
// even one of each pair hands its addends to the odd one, stands aside, and gets the result at the end.
// Source: Thakur, Rabenseifner and Gropp, Optimization of collective communication operations in MPICH, 2005, section
// 4.
#pragma once

#include "sim/collective/group.hpp"

namespace orrery::collective {

class Fold {
 public:
  explicit Fold(int ranks);

  bool needed() const { return extra_ > 0; }
  /// The 2^d ranks that go on, with one slot each.
  const Group& core() const { return core_; }
  /// The steps before and after; each returns the step to go on with. `slots` is the whole buffer's.
  int add_before(Channel& channel, int step, int slots) const;
  int add_after(Channel& channel, int step, int slots) const;
  /// 2 (alpha + n beta) + n gamma where it is needed.
  Seconds time(Bytes buffer, const Hockney& h) const;

 private:
  int extra_;
  Group core_;
};

}  // namespace orrery::collective
