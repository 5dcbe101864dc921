#include "cli/cuda_module.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "scenarios/version.hpp"
#include "sim/base/error.hpp"

namespace orrery::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVariable = "ORRERY_CUDA_MODULE";

std::string module_path() {
  if (const char* chosen = std::getenv(kVariable); chosen != nullptr && *chosen != '\0') return chosen;
  return (fs::read_symlink("/proc/self/exe").parent_path() / cuda::kModuleFile).string();
}

std::string last_problem() {
  const char* text = dlerror();
  return text == nullptr ? "unknown reason" : text;
}

[[noreturn]] void fail_missing(const std::string& path) {
  throw BackendError(
      fmt::format("the CUDA backend is not here: there is no file {}. Configure with a CUDA toolkit (cmake "
                  "--preset release "
                  "-DORRERY_CUDA=ON, with CUDAToolkit_ROOT where it is not found) and build the target "
                  "orrery_cuda, or set "
                  "{} to the module's file",
                  path, kVariable));
}

template <class Function>
Function find(void* module, const char* name, const std::string& path) {
  void* found = dlsym(module, name);
  if (found == nullptr) {
    throw BackendError(
        fmt::format("dlsym(\"{}\"): {} is no CUDA module of orrery: {}", name, path, last_problem()));
  }
  return reinterpret_cast<Function>(found);
}

}  // namespace

CudaModule CudaModule::load() {
  const std::string path = module_path();
  std::error_code ignored;
  if (!fs::exists(path, ignored)) fail_missing(path);
  // A path with a slash: the loader must not search for it elsewhere.
  void* module = dlopen(fs::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw BackendError(fmt::format("dlopen: the CUDA backend does not load: {}", last_problem()));
  }
  const std::string theirs = find<cuda::AbiFunction>(module, cuda::kAbiFunction, path)();
  const std::string ours = cuda::module_abi(scenario::version());
  if (theirs != ours) {
    throw BackendError(fmt::format(
        "{} comes from another build than this program ({}; here {}): build the target orrery_cuda again",
        path, theirs, ours));
  }
  return CudaModule(find<cuda::MakeFunction>(module, cuda::kMakeFunction, path));
}

std::unique_ptr<calibrate::Backend> CudaModule::make_backend(calibrate::Communicator& communicator,
                                                             const cuda::ModuleOptions& options) const {
  std::unique_ptr<calibrate::Backend> backend;
  make_(communicator, options, backend);
  return backend;
}

int device_of_rank(int rank, const Environment& environment) {
  const char* visible = environment("CUDA_VISIBLE_DEVICES");
  const std::string devices = visible == nullptr ? "" : visible;
  if (!devices.empty() && devices.find(',') == std::string::npos) return 0;
  for (const char* variable : {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"}) {
    if (const char* local = environment(variable)) return std::atoi(local);
  }
  return rank;
}

}  // namespace orrery::cli
