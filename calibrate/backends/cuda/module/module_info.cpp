// What the module was built with, for the program that loads it: needs neither driver nor device.
#include <cuda_runtime_api.h>

/// CUDART_VERSION of the toolkit that compiled this module: 13000 for 13.0.
extern "C" int orrery_cuda_toolkit_version() {
  return CUDART_VERSION;
}
