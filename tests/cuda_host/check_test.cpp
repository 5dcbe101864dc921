// The one checker: what a failed call says, what is out of memory, and that a success is silent.
#include "calibrate/backends/cuda/check.hpp"

#include <catch2/catch.hpp>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/cublas_lt.hpp"

using namespace orrery;

namespace {

cudaError_t answer_with(cudaError_t status) {
  return status;
}

}  // namespace

TEST_CASE("a failed call is an error of the environment with library, call, code, text and place") {
  CHECK_THROWS_AS(CUDA_CHECK(answer_with(cudaErrorInvalidValue)), BackendError);
  CHECK_THROWS_WITH(
      CUDA_CHECK(answer_with(cudaErrorInvalidValue)),
      Catch::Matches("CUDA: answer_with\\(cudaErrorInvalidValue\\) failed with code 1: invalid argument "
                     "\\(cudaErrorInvalidValue\\) \\[check_test.cpp:[0-9]+\\]"));
}

TEST_CASE("device memory that runs out is a case that does not fit") {
  CHECK_THROWS_AS(CUDA_CHECK(answer_with(cudaErrorMemoryAllocation)), calibrate::DoesNotFit);
  CHECK_FALSE(cuda::StatusOf<cudaError_t>::out_of_memory(cudaErrorInvalidValue));
  CHECK(cuda::StatusOf<cublasStatus_t>::out_of_memory(CUBLAS_STATUS_ALLOC_FAILED));
}

TEST_CASE("a call that went well throws nothing") {
  CHECK_NOTHROW(CUDA_CHECK(answer_with(cudaSuccess)));
}
