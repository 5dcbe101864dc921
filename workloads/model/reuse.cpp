#include "workloads/model/reuse.hpp"

#include <algorithm>
#include <cstdint>

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
      uses.push_back({id.index(), 4.0 * static_cast<double>(operands[i].touched)});
    }
  }
  return uses;
}

/// Which memory was touched when, and how much of it.
class History {
 public:
  explicit History(std::size_t storages) : touches_(storages), own_(storages, 0) {}

  /// Byte-weighted mean distance of `uses`, all of which are touched afterwards.
  double touch(const std::vector<Use>& uses) {
    ++now_;
    for (const Use& use : uses) own_[use.storage] = now_;
    double bytes = 0.0, weighted = 0.0;
    for (const Use& use : uses) {
      bytes += use.bytes;
      weighted += use.bytes * since(touches_[use.storage].when);
    }
    for (const Use& use : uses) touches_[use.storage] = {now_, use.bytes};
    return bytes > 0.0 ? weighted / bytes : 0.0;
  }

 private:
  struct Touch {
    std::int64_t when = 0;  ///< 0: never
    double bytes = 0.0;
  };

  /// Bytes of other memory touched after `when`. Several operands of a node share `when`, so keep the last
  /// answer.
  double since(std::int64_t when) {
    if (known_now_ == now_ && known_when_ == when) return known_;
    double sum = 0.0;
    for (std::size_t i = 0; i < touches_.size(); ++i) {
      if (touches_[i].when > when && own_[i] != now_) sum += touches_[i].bytes;
    }
    known_now_ = now_;
    known_when_ = when;
    known_ = sum;
    return sum;
  }

  std::vector<Touch> touches_;
  std::vector<std::int64_t> own_;  ///< the node that uses this memory right now
  std::int64_t now_ = 0;
  std::int64_t known_now_ = -1, known_when_ = -1;
  double known_ = 0.0;
};

std::vector<std::vector<Use>> uses_of(const ModelGraph& graph) {
  std::vector<std::vector<Use>> uses;
  for (const Node& node : graph.nodes) uses.push_back(uses_of(graph, node));
  return uses;
}

}  // namespace

std::vector<Bytes> reuse_distances(const ModelGraph& graph) {
  History history(graph.tensors.size());
  const std::vector<std::vector<Use>> uses = uses_of(graph);
  std::vector<Bytes> result(graph.nodes.size());
  for (int step = 0; step < 2; ++step) {  // the second pass is the steady state
    for (std::size_t i = 0; i < uses.size(); ++i) result[i] = Bytes(history.touch(uses[i]));
  }
  return result;
}

std::vector<Seconds> reuse_times(const ModelGraph& graph, std::span<const Seconds> durations) {
  SIM_ASSERT(durations.size() == graph.nodes.size(), "reuse times need one duration per node");
  const std::vector<std::vector<Use>> uses = uses_of(graph);
  std::vector<Seconds> touched(graph.tensors.size());
  std::vector<Seconds> result(graph.nodes.size());
  Seconds now;
  for (int step = 0; step < 2; ++step) {
    for (std::size_t i = 0; i < uses.size(); ++i) {
      double bytes = 0.0;
      Seconds weighted;
      for (const Use& use : uses[i]) {
        bytes += use.bytes;
        weighted += use.bytes * (now - touched[use.storage]);
      }
      result[i] = bytes > 0.0 ? weighted / bytes : Seconds(0.0);
      now += durations[i];
      for (const Use& use : uses[i]) touched[use.storage] = now;
    }
  }
  return result;
}

}  // namespace orrery::model
