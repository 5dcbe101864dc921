#include "calibrate/backends/cuda/stream.hpp"

#include "calibrate/backends/cuda/check.hpp"

namespace orrery::cuda {
namespace {

struct DestroyGraph {
  void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
};

}  // namespace

Graph::Graph(const std::function<void(cudaStream_t)>& enqueue) {
  const Stream stream;
  CUDA_CHECK(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
  cudaGraph_t recorded = nullptr;
  try {
    enqueue(stream.get());
  } catch (...) {
    cudaStreamEndCapture(stream.get(), &recorded);
    if (recorded != nullptr) cudaGraphDestroy(recorded);
    cudaGetLastError();
    throw;
  }
  CUDA_CHECK(cudaStreamEndCapture(stream.get(), &recorded));
  const std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, DestroyGraph> graph(recorded);
  cudaGraphExec_t executable = nullptr;
  CUDA_CHECK(cudaGraphInstantiate(&executable, graph.get(), 0));
  executable_.reset(executable);
}

void Graph::launch(cudaStream_t stream) const {
  CUDA_CHECK(cudaGraphLaunch(executable_.get(), stream));
}

Stream::Stream() {
  cudaStream_t stream = nullptr;
  CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_.reset(stream);
}

Event::Event(bool timed) {
  cudaEvent_t event = nullptr;
  CUDA_CHECK(cudaEventCreateWithFlags(&event, timed ? cudaEventDefault : cudaEventDisableTiming));
  event_.reset(event);
}

void Event::record(cudaStream_t stream) const {
  CUDA_CHECK(cudaEventRecord(event_.get(), stream));
}

void Event::hold_back(cudaStream_t stream) const {
  CUDA_CHECK(cudaStreamWaitEvent(stream, event_.get(), 0));
}

void Event::wait() const {
  CUDA_CHECK(cudaEventSynchronize(event_.get()));
}

double Event::elapsed_since(const Event& start) const {
  float milliseconds = 0.0F;
  CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start.event_.get(), event_.get()));
  return 1e-3 * static_cast<double>(milliseconds);
}

}  // namespace orrery::cuda
