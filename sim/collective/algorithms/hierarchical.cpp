// Hierarchical all-reduce: reduce-scatter inside each node, all-reduce between the nodes (each GPU with its fellows of
// the same number, on 1/G of the buffer), all-gather inside the nodes. Only 1/G of the buffer crosses each network
// card. Works along all dimensions of the ranks' grid; the last one all-reduces. In pieces that follow each other, so that
// the links of the node and those between nodes are busy at the same time.
// Source: Cho et al., BlueConnect: decomposing all-reduce for deep learning on heterogeneous network hierarchy, MLSys
// 2019.
//
//   in one piece the closed forms of its parts; with rings on G ranks a node and M nodes
//   2(G-1) (a0 + n/G b0) + 2(M-1) (a1 + n/GM b1) + ((G-1)/G + (M-1)/GM) n g
//   in k pieces about the slowest level's time and 1/k of the others', where each level has links of its own
#include <algorithm>

#include "sim/collective/algorithms/layers.hpp"

namespace orrery::collective {
namespace {

struct HierarchicalConfig {
  std::string inner = "ring";
  std::string outer = "ring";
  int pieces = 0;
};
template <class V>
void fields(V& v, HierarchicalConfig& c) {
  v("inner", c.inner, "reduce-scatter and all-gather inside: ring, halving_doubling or two_shot");
  v("outer", c.outer, "all-reduce along the last dimension: any flat all-reduce without helpers");
  v("pieces", c.pieces,
    "pieces that go through the layers behind one another; 0: one for each 65,536 elements of a rank's share, at most 8",
    between(0, 64));
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
    return layered_all_reduce(layers(request), request, "hierarchical", pieces(request));
  }

  std::optional<Seconds> closed_form(const PlanRequest& request, Bytes element,
                                     std::span<const Hockney> levels) const override {
    if (pieces(request) > 1) return std::nullopt;  // how far the levels overlap depends on their costs
    return layers_closed_form(layers(request), request, element, levels);
  }

 private:
  /// A rank's share is what one message between nodes carries: so much that its time on the wire is about a start-up.
  int pieces(const PlanRequest& request) const {
    constexpr int kMost = 8;  // more pieces gain little
    if (config().pieces > 0) return config().pieces;
    return std::min(kMost, piece_count(0, request.elements / request.ranks));
  }

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
