// Which element-wise passes treat each row apart, so that a row whose length is no multiple of the vector has
// a tail; the others run over all elements in one loop.
#pragma once

#include "costmodel/op.hpp"

namespace orrery::cost {

constexpr bool has_row_loops(ElementwiseKind kind) {
  return kind == ElementwiseKind::bias || kind == ElementwiseKind::bias_gradient;
}

}  // namespace orrery::cost
