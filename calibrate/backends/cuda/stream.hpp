// Streams, events and graphs as values that clean up behind themselves. A graph is work that is recorded once
// and replayed as one launch: whatever a function enqueues on the stream it is given, and on streams that it
// joins to that one by events.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <type_traits>

namespace orrery::cuda {

class Graph {
 public:
  /// Calls `enqueue` once with a stream that records. Throws BackendError when something in it cannot be
  /// recorded; the recording is ended in any case, so that the device stays usable.
  explicit Graph(const std::function<void(cudaStream_t)>& enqueue);
  void launch(cudaStream_t stream) const;

 private:
  struct Destroy {
    void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, Destroy> executable_;
};

/// A stream that does not wait for the default stream.
class Stream {
 public:
  Stream();
  cudaStream_t get() const { return stream_.get(); }

 private:
  struct Destroy {
    void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaStream_t>, Destroy> stream_;
};

class Event {
 public:
  /// `timed`: for elapsed_since; otherwise cheaper, for joining streams only.
  explicit Event(bool timed);
  void record(cudaStream_t stream) const;
  /// The stream goes on when this event has happened.
  void hold_back(cudaStream_t stream) const;
  void wait() const;
  /// Seconds between two timed events that have happened.
  double elapsed_since(const Event& start) const;

 private:
  struct Destroy {
    void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, Destroy> event_;
};

}  // namespace orrery::cuda
