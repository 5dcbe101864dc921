#include "calibrate/backends/cpu/mpi_check.hpp"

#include <fmt/core.h>

#include <climits>
#include <string_view>

#include "sim/base/error.hpp"

namespace orrery::cpu {

void check_mpi(int code, const char* call, std::source_location place) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  std::string_view file = place.file_name();
  file.remove_prefix(file.rfind('/') + 1);
  throw BackendError(
      fmt::format("MPI: {} failed with code {}: {} [{}:{}]", call, code, text, file, place.line()));
}

int mpi_count(std::size_t elements) {
  SIM_ASSERT(elements <= INT_MAX, "one MPI call moves at most 2^31 - 1 elements");
  return static_cast<int>(elements);
}

}  // namespace orrery::cpu
