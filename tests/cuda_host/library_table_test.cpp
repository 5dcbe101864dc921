// Tables of functions looked up at run time: loaded once, and a failure is remembered. The libraries of the
// toolkit that compiled this test have every function that the tables name; a machine with headers only says
// what is missing.
#include "calibrate/backends/cuda/library_table.hpp"

#include <catch2/catch.hpp>

#include "calibrate/backends/cuda/cublas_lt.hpp"
#include "calibrate/backends/cuda/cudnn.hpp"
#include "calibrate/backends/cuda/cupti_trace.hpp"
#include "calibrate/backends/cuda/nccl.hpp"

using namespace orrery;

namespace {

struct SoundTable {
  int value = 0;
  static SoundTable load() {
    ++loads;
    return {7};
  }
  static inline int loads = 0;
};

struct MissingTable {
  static MissingTable load() {
    ++loads;
    throw BackendError("dlopen: nowhere");
  }
  static inline int loads = 0;
};

/// Loads, or says which library is missing.
template <class Table>
void check_toolkit_table(const std::string& name, const std::string& major) {
  try {
    CHECK(Table::get().version().starts_with(major + "."));
    CHECK_THAT(Table::get().path, Catch::Contains(".so"));
  } catch (const BackendError& error) {
    CHECK_THAT(error.what(), Catch::Contains("dlopen: " + name + " cannot be loaded"));
  }
}

}  // namespace

TEST_CASE("a table is loaded at its first use and once") {
  CHECK(SoundTable::loads == 0);
  CHECK(cuda::loaded_once<SoundTable>().value == 7);
  CHECK(&cuda::loaded_once<SoundTable>() == &cuda::loaded_once<SoundTable>());
  CHECK(SoundTable::loads == 1);
}

TEST_CASE("a library that was not found is not searched again; its error is") {
  for (int i = 0; i < 3; ++i) CHECK_THROWS_WITH(cuda::loaded_once<MissingTable>(), "dlopen: nowhere");
  CHECK(MissingTable::loads == 1);
}

TEST_CASE("cuBLASLt has every function of its table and the major version of the headers") {
  check_toolkit_table<cuda::CublasLt>("CUBLASLT", std::to_string(CUBLAS_VER_MAJOR));
}

TEST_CASE("cuDNN has every function of its table and the major version of the headers") {
  check_toolkit_table<cuda::Cudnn>("CUDNN", std::to_string(CUDNN_MAJOR));
}

TEST_CASE("CUPTI has every function of its table") {
  try {
    CHECK_THAT(cuda::Cupti::get().path, Catch::Contains("libcupti.so"));
  } catch (const BackendError& error) {
    CHECK_THAT(error.what(), Catch::Contains("dlopen: CUPTI cannot be loaded"));
  }
}

#if ORRERY_HAS_NCCL
TEST_CASE("NCCL has every function of its table") {
  check_toolkit_table<cuda::Nccl>("NCCL", std::to_string(NCCL_MAJOR));
}
#endif
