// Error codes of MPI as exceptions with the text of the call: for the .cpp files that speak MPI, and for no header, so
// that mpi.h stays out of the rest of the program.
#pragma once

// The C interface only: Open MPI's old C++ classes would need a library of their own.
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <source_location>
#include <span>

namespace orrery::cpu {

/// Throws BackendError when `code` is not MPI_SUCCESS.
void check_mpi(int code, const char* call, std::source_location place = std::source_location::current());
/// REQUIRES: at most 2^31 - 1.
int mpi_count(std::size_t elements);

}  // namespace orrery::cpu

// A macro, because the text of the call belongs into the message.
#define MPI_CHECK(call) ::orrery::cpu::check_mpi((call), #call)
