#include "calibrate/backends/cuda/cudnn.hpp"

#include <fmt/core.h>

#include "calibrate/dynamic_library.hpp"

namespace orrery::cuda {
namespace {

/// cuDNN opens its own parts (graph, heuristic, engines) by name from its own folder, which its run path
/// covers. It also opens cuBLASLt and the run-time compiler NVRTC by name, and those may lie in a folder that
/// only our search knows: opened here first, the loader finds them already there. A wish: many operators need
/// neither.
void open_helpers() {
  const std::string toolkit = std::to_string(CUDART_VERSION / 1000);
  const calibrate::LibraryQuery compiler{
      .name = "NVRTC", .sonames = {"libnvrtc.so." + toolkit}, .companions = {"libnvrtc-builtins.so.*"}};
  const calibrate::LibraryQuery products{.name = "CUBLASLT", .sonames = {"libcublasLt.so." + toolkit}};
  for (const calibrate::LibraryQuery& helper : {compiler, products}) {
    try {
      calibrate::DynamicLibrary::open(helper);
    } catch (const BackendError&) {
      // An operator that needs it will fail with cuDNN's own words.
    }
  }
}

}  // namespace

Cudnn Cudnn::load() {
  open_helpers();
  const auto library =
      calibrate::DynamicLibrary::open({.name = "CUDNN",
                                       .sonames = {fmt::format("libcudnn.so.{}", CUDNN_MAJOR)},
                                       .companions = {"libcudnn_graph.so.*"}});
  Cudnn table;
  ORRERY_CUDNN_FUNCTIONS(ORRERY_BIND_FUNCTION)
  table.path = library.path();
  return table;
}

std::string Cudnn::version() const {
  const std::size_t number = cudnnGetVersion();  // 91900: major * 10000 + minor * 100 + patch
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::string StatusOf<cudnnStatus_t>::text(cudnnStatus_t status) {
  const Cudnn& cudnn = Cudnn::get();
  char more[512] = "";
  cudnn.cudnnGetLastErrorString(more, sizeof more);
  const std::string text = cudnn.cudnnGetErrorString(status);
  return more[0] == '\0' ? text : text + ": " + more;
}

}  // namespace orrery::cuda
