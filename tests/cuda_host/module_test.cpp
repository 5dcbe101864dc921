// The CUDA module as a program loads it: without a driver, and without any CUDA library at its side.
#include "calibrate/backends/cuda/module/module_api.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "calibrate/dynamic_library.hpp"
#include "calibrate/local_communicator.hpp"
#include "sim/base/error.hpp"

using namespace orrery;

namespace {

calibrate::DynamicLibrary open_module() {
  setenv("ORRERY_MODULE_LIBRARY", ORRERY_BINARY_DIR "/liborrery_cuda.so", 1);
  return calibrate::DynamicLibrary::open({"MODULE", {cuda::kModuleFile}});
}

}  // namespace

TEST_CASE("the module loads without a driver, and its interface is the one that this build expects") {
  const std::string theirs = open_module().symbol<cuda::AbiFunction>(cuda::kAbiFunction)();
  const std::string version = theirs.substr(7, theirs.find(',') - 7);  // "orrery 0.1.0, compiler ..."
  CHECK(theirs == cuda::module_abi(version));
  CHECK(theirs != cuda::module_abi("0.0.0"));
}

TEST_CASE("an error of CUDA crosses the boundary as our exception, with its text, code and place") {
  const auto make = open_module().symbol<cuda::MakeFunction>(cuda::kMakeFunction);
  calibrate::LocalCommunicator alone;
  std::unique_ptr<calibrate::Backend> backend;
  // No machine has so many devices; without a driver it is already the first call that fails.
  CHECK_THROWS_WITH(make(alone, {.device = 1 << 20}, backend),
                    Catch::Matches(".*CUDA: cuda.* failed with code [0-9]+: .* \\[[a-z_]+\\.cpp:[0-9]+\\]"));
  CHECK_THROWS_AS(make(alone, {.device = 1 << 20}, backend), BackendError);
  CHECK(backend == nullptr);
}
