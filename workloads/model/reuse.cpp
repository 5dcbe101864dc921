#include "workloads/model/reuse.hpp"

#include <algorithm>
#include <map>

#include "sim/base/error.hpp"

namespace orrery::model {
namespace {

/// One piece of memory that a node uses.
struct Use {
  std::size_t storage;
  double bytes;
};

/// The pieces of memory behind each operand of `node`; the flat buffers are their windows.
std::vector<Use> uses_of(const ModelGraph& graph, const Node& node) {
  std::vector<Use> uses;
  const std::vector<cost::Operand> operands = cost::operands(node.op);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const TensorId id = node.operands[i];
    const bool weights = id == graph.flat_weights;
    if (weights || id == graph.flat_gradients) {
      for (const Parameter& parameter : graph.parameters) {
        const TensorId window = weights ? parameter.weight : parameter.gradient;
        uses.push_back({window.index(), graph.tensor(window).bytes().value()});
      }
    } else {
      uses.push_back({id.index(), operands[i].touched_bytes().value()});
    }
  }
  return uses;
}

/// Which memory was touched when, and how much of it.
class History {
 public:
  explicit History(std::size_t storages) : touches_(storages), own_(storages, 0) {}

  /// The parts of `uses`, all of which are touched afterwards by a node that takes `duration`.
  std::vector<Reuse> touch(const std::vector<Use>& uses, Seconds duration) {
    nodes_.push_back({});
    Visit& now = nodes_.back();
    std::map<std::size_t, double> bytes_by_visit;  // index of the node that touched them last; 0: none did
    for (const Use& use : uses) {
      own_[use.storage] = nodes_.size();
      now.footprint += use.bytes;
      bytes_by_visit[touches_[use.storage].visit] += use.bytes;
    }
    std::vector<Reuse> parts;
    for (const auto& [visit, bytes] : bytes_by_visit) {
      const Visit earlier = visit > 0 ? nodes_[visit - 1] : Visit{now.footprint, Seconds(0.0)};
      const double distance = others_since(visit) + (earlier.footprint - now.footprint) / 2.0;
      parts.push_back({Bytes(bytes), Bytes(std::max(distance, 0.0)), clock_ - earlier.end});
    }
    clock_ += duration;
    now.end = clock_;
    for (const Use& use : uses) touches_[use.storage] = {nodes_.size(), use.bytes};
    return parts;
  }

 private:
  struct Visit {
    double footprint = 0.0;
    Seconds end;
  };
  struct Touch {
    std::size_t visit = 0;  ///< number of the node, from 1; 0: never
    double bytes = 0.0;
  };

  double others_since(std::size_t visit) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < touches_.size(); ++i) {
      if (touches_[i].visit > visit && own_[i] != nodes_.size()) sum += touches_[i].bytes;
    }
    return sum;
  }

  std::vector<Visit> nodes_;
  std::vector<Touch> touches_;
  std::vector<std::size_t> own_;  ///< number of the node that used this memory last or uses it now
  Seconds clock_;
};

}  // namespace

std::vector<std::vector<Reuse>> data_reuse(const ModelGraph& graph, std::span<const Seconds> durations) {
  SIM_ASSERT(durations.size() == graph.nodes.size(), "data reuse needs one duration per node");
  std::vector<std::vector<Use>> uses;
  for (const Node& node : graph.nodes) uses.push_back(uses_of(graph, node));
  History history(graph.tensors.size());
  std::vector<std::vector<Reuse>> result(graph.nodes.size());
  for (int step = 0; step < 2; ++step) {  // the second pass is the steady state
    for (std::size_t i = 0; i < uses.size(); ++i) result[i] = history.touch(uses[i], durations[i]);
  }
  return result;
}

}  // namespace orrery::model
