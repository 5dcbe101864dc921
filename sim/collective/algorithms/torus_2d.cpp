// 2-D torus all-reduce: rings along the rows reduce-scatter, rings along the columns all-reduce what each rank then
// holds, rings along the rows all-gather. As few bytes as one ring over all X*Y ranks with 2(X-1) + 2(Y-1) start-ups.
// Source: Mikami et al., Massively distributed SGD: ImageNet/ResNet-50 training in a flash, arXiv 1811.05233, 2018.
//
//   2(X-1) (a + n/X b) + 2(Y-1) (a + n/XY b) + ((X-1)/X + (Y-1)/XY) n g
#include "sim/collective/algorithms/layers.hpp"

namespace orrery::collective {
namespace {

struct Torus2dConfig {};
template <class V>
void fields(V&, Torus2dConfig&) {}

class Torus2d final : public Configured<Algorithm, Torus2d, Torus2dConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (const auto why = refuse_other_kinds(request, {CollectiveKind::all_reduce})) return why;
    if (const auto dimensions = request.dimensions.size(); dimensions != 2) {
      return "needs a grid of two dimensions, not " + std::to_string(dimensions == 0 ? 1 : dimensions);
    }
    return std::nullopt;
  }

  Plan plan(const PlanRequest& request) const override { return layered_all_reduce(rings(), request, "torus_2d", 1); }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    return layers_closed_form(rings(), request, element, levels);
  }

 private:
  static Layers rings() { return Layers(2, Registered<Algorithm>("ring")); }
};

const bool registered = Algorithm::registry().add<Torus2d>(
    "torus_2d", "rings along rows, columns and rows again (Mikami et al. 2018); for grids of two dimensions");

}  // namespace
}  // namespace orrery::collective
