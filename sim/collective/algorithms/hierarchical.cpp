// Hierarchical all-reduce: reduce-scatter inside each node, all-reduce between the nodes (each GPU with its fellows of
// the same number, on 1/G of the buffer), all-gather inside the nodes. Only 1/G of the buffer crosses each network
// card. Works along all dimensions of the ranks' grid; the last one all-reduces.
// Source: Cho et al., BlueConnect: decomposing all-reduce for deep learning on heterogeneous network hierarchy, MLSys
// 2019.
//
//   the closed forms of its parts; with rings on G ranks a node and M nodes
//   2(G-1) (a0 + n/G b0) + 2(M-1) (a1 + n/GM b1) + ((G-1)/G + (M-1)/GM) n g
#include "sim/collective/algorithms/layers.hpp"

namespace orrery::collective {
namespace {

struct HierarchicalConfig {
  std::string inner = "ring";
  std::string outer = "ring";
};
template <class V>
void fields(V& v, HierarchicalConfig& c) {
  v("inner", c.inner, "reduce-scatter and all-gather inside: ring, halving_doubling or two_shot");
  v("outer", c.outer, "all-reduce along the last dimension: any flat all-reduce without helpers");
}

class Hierarchical final : public Configured<Algorithm, Hierarchical, HierarchicalConfig> {
 public:
  std::optional<std::string> refusal(const PlanRequest& request) const override {
    if (const auto why = refuse_other_kinds(request, {CollectiveKind::all_reduce})) return why;
    if (request.dimensions.size() < 2) return "needs a grid of two or more dimensions, such as GPUs a node x nodes";
    for (const Registered<Algorithm>& layer : layers(request)) {
      if (layer->servers() > 0) return "\"" + layer.name() + "\" cannot be a part of it: it needs servers";
    }
    return layers_refusal(layers(request), request);
  }

  Plan plan(const PlanRequest& request) const override {
    return layered_all_reduce(layers(request), request, "hierarchical");
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    return layers_closed_form(layers(request), request, element, levels);
  }

 private:
  Layers layers(const PlanRequest& request) const {
    Layers layers(request.dimensions.size(), Registered<Algorithm>(config().inner));
    layers.back().select(config().outer);
    return layers;
  }
};

const bool registered = Algorithm::registry().add<Hierarchical>(
    "hierarchical", "inside the node, between nodes, inside again (Cho et al. 2019); for grids of ranks");

}  // namespace
}  // namespace orrery::collective
