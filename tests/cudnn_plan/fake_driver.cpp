// A CUDA driver that has no device and accepts every kernel: enough for cuDNN to plan a graph for a device
// that is only described (it compiles the kernels and wants to see them loaded). Built with the driver's
// soname.

namespace {
int object = 0;
constexpr int kSuccess = 0, kNoDevice = 100;
}  // namespace

#define GIVES_OBJECT(name)           \
  extern "C" int name(void** made) { \
    *made = &object;                 \
    return kSuccess;                 \
  }
#define SAYS(name, status) \
  extern "C" int name() {  \
    return status;         \
  }

GIVES_OBJECT(cuLibraryLoadData)
GIVES_OBJECT(cuLibraryGetKernel)
GIVES_OBJECT(cuLibraryLoadFromFile)
GIVES_OBJECT(cuKernelGetFunction)
GIVES_OBJECT(cuModuleLoadData)
GIVES_OBJECT(cuModuleLoadDataEx)
GIVES_OBJECT(cuModuleLoadFatBinary)
GIVES_OBJECT(cuModuleGetFunction)
extern "C" int cuKernelGetAttribute(int* value) {
  *value = 0;
  return kSuccess;
}
extern "C" int cuFuncGetAttribute(int* value) {
  *value = 0;
  return kSuccess;
}
SAYS(cuLibraryUnload, kSuccess)
SAYS(cuModuleUnload, kSuccess)
SAYS(cuKernelSetAttribute, kSuccess)
SAYS(cuFuncSetAttribute, kSuccess)
SAYS(cuLaunchKernel, kNoDevice)
SAYS(cuLaunchCooperativeKernel, kNoDevice)
SAYS(cuLinkDestroy, kNoDevice)
SAYS(cuLinkComplete, kNoDevice)
SAYS(cuLaunchKernelEx, kNoDevice)
SAYS(cuGetErrorString, kNoDevice)
SAYS(cuGetErrorName, kNoDevice)
SAYS(cuDriverGetVersion, kNoDevice)
SAYS(cuDeviceGet, kNoDevice)
SAYS(cuCtxPushCurrent, kNoDevice)
SAYS(cuCtxPopCurrent, kNoDevice)
SAYS(cuCtxGetLimit, kNoDevice)
SAYS(cuStreamGetCtx, kNoDevice)
SAYS(cuOccupancyMaxPotentialClusterSize, kNoDevice)
SAYS(cuLinkCreate, kNoDevice)
SAYS(cuLinkAddData, kNoDevice)
SAYS(cuDeviceGetCount, kNoDevice)
SAYS(cuCtxGetCurrent, kNoDevice)
SAYS(cuInit, kNoDevice)
SAYS(cuTensorMapEncodeTiled, kNoDevice)
SAYS(cuStreamSynchronize, kNoDevice)
SAYS(cuOccupancyMaxActiveBlocksPerMultiprocessor, kNoDevice)
SAYS(cuModuleGetGlobal_v2, kNoDevice)
SAYS(cuMemcpyDtoH_v2, kNoDevice)
SAYS(cuLinkCreate_v2, kNoDevice)
SAYS(cuLinkAddFile_v2, kNoDevice)
SAYS(cuLinkAddData_v2, kNoDevice)
SAYS(cuDevicePrimaryCtxRetain, kNoDevice)
SAYS(cuDevicePrimaryCtxReset, kNoDevice)
SAYS(cuDevicePrimaryCtxRelease, kNoDevice)
SAYS(cuDeviceGetAttribute, kNoDevice)
SAYS(cuCtxGetDevice, kNoDevice)
