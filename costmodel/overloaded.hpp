// A set of lambdas as one visitor of a std::variant: std::visit(Overloaded{[](const Gemm&) {...},
// [](const auto&) {...}}, op).
#pragma once

namespace orrery::cost {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace orrery::cost
