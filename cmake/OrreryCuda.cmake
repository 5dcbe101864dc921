# Decides whether the CUDA backend is built and says so in one line each for CUDA and NCCL. A toolkit is enough: neither
# a GPU nor a driver is needed to compile and link. Of the toolkit's libraries only the runtime is linked, and that one
# statically; cuBLASLt, cuDNN, CUPTI, NCCL and NVML are looked up when the program runs. Sets:
#   ORRERY_CUDA_ENABLED   the backend is built
#   ORRERY_NCCL_INCLUDE   folder of nccl.h, empty when there is none

set(ORRERY_CUDA_ENABLED OFF)
set(ORRERY_NCCL_INCLUDE "")

if(NOT ORRERY_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ORRERY_CUDA is \"${ORRERY_CUDA}\"; expected AUTO, ON or OFF")
endif()
if(NOT ORRERY_CUDA STREQUAL "OFF")
  find_package(CUDAToolkit QUIET)
  if(CUDAToolkit_FOUND AND NOT EXISTS "${CUDAToolkit_NVCC_EXECUTABLE}")
    set(why "toolkit ${CUDAToolkit_VERSION} found, but no nvcc in it")
  elseif(CUDAToolkit_FOUND AND CUDAToolkit_VERSION VERSION_LESS 12.0)
    set(why "toolkit ${CUDAToolkit_VERSION} found, but C++20 needs 12.0")
  elseif(CUDAToolkit_FOUND)
    set(ORRERY_CUDA_ENABLED ON)
  else()
    set(why "no CUDA toolkit found (set CUDAToolkit_ROOT)")
  endif()
  if(ORRERY_CUDA STREQUAL "ON" AND NOT ORRERY_CUDA_ENABLED)
    message(FATAL_ERROR "ORRERY_CUDA=ON: ${why}")
  endif()
else()
  set(why "ORRERY_CUDA=OFF")
endif()

if(NOT ORRERY_CUDA_ENABLED)
  message(STATUS "orrery: CUDA off: ${why}")
  message(STATUS "orrery: NCCL off: CUDA is off")
  return()
endif()

# Machine code for the data-centre GPUs that the toolkit knows, and portable PTX for whatever comes after the newest.
if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
  set(architectures 80-real 90a-real 100-real 100-virtual)
else()
  set(architectures 80-real 90a-real 90-virtual)
endif()
set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPU architectures that the kernels are compiled for")

set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}" CACHE FILEPATH "nvcc")
if(NOT CMAKE_CUDA_HOST_COMPILER)
  set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}")
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
enable_language(CUDA)
# CMake 3.25 does not know yet that nvcc can do C++20.
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
# Optimised in every build type, as the CPU's kernels are: launches are measured too.
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-O3>")
# The same warnings as everywhere for the host half of a .cu file. -Wpedantic stays out: nvcc's own output is not
# pedantic. Sanitizers stay out too: kernels cannot have them, and the host half is launches only.
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-restrict>")
if(ORRERY_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>")
endif()

# Headers alone: the library itself is found when the program runs.
find_path(ORRERY_NCCL_HEADER_DIR nccl.h HINTS ${NCCL_ROOT} $ENV{NCCL_ROOT} ${CUDAToolkit_INCLUDE_DIRS}
          PATH_SUFFIXES include)
list(JOIN CMAKE_CUDA_ARCHITECTURES " " shown)
message(STATUS "orrery: CUDA on: toolkit ${CUDAToolkit_VERSION}, nvcc ${CMAKE_CUDA_COMPILER_VERSION}, for ${shown}")
if(ORRERY_NCCL_HEADER_DIR)
  set(ORRERY_NCCL_INCLUDE "${ORRERY_NCCL_HEADER_DIR}")
  message(STATUS "orrery: NCCL on: nccl.h in ${ORRERY_NCCL_HEADER_DIR}")
else()
  message(STATUS "orrery: NCCL off: no nccl.h (set NCCL_ROOT)")
endif()
