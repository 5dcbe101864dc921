// Shared libraries that are looked up when the program runs, because a machine may lack them or keep them in
// a place of its own: CUDA's math libraries, CUPTI, NCCL, the driver's NVML. One failed search costs the part
// that needs the library, never the program.
#pragma once

#include <string>
#include <vector>

namespace orrery::calibrate {

struct LibraryQuery {
  std::string name;                  ///< "CUDNN": the user's own choice is ORRERY_CUDNN_LIBRARY
  std::vector<std::string> sonames;  ///< best first: "libcudnn.so.9"
  /// Patterns of files beside the library that it opens by name alone ("libnvrtc-builtins.so.*"). Opened
  /// first where they exist, so that the loader, which does not search that folder, finds them already there.
  std::vector<std::string> companions{};
};

/// An open library. It stays open until the process ends (CUDA's libraries do not survive being closed), so
/// copies are cheap and symbols stay valid.
class DynamicLibrary {
 public:
  /// Searches, in this order: the file or folder that the environment variable ORRERY_<name>_LIBRARY names
  /// (then nothing else: a wrong choice is told, not replaced); where the dynamic loader looks; the CUDA
  /// toolkit (CUDA_HOME, CUDA_PATH, the default prefixes, newest first); the system's library folders; the
  /// nvidia packages in Python's site-packages. Throws BackendError that lists the places tried.
  static DynamicLibrary open(const LibraryQuery& query);

  /// The function `name` as a pointer of type F. Throws BackendError naming library and function.
  template <class F>
  F symbol(const char* name) const {
    return reinterpret_cast<F>(address(name));
  }
  /// The same, null when the library has no such function (older versions).
  template <class F>
  F symbol_or_null(const char* name) const {
    return reinterpret_cast<F>(address_or_null(name));
  }
  /// symbol() with the type taken from the pointer that gets it.
  template <class F>
  void bind(F& pointer, const char* name) const {
    pointer = symbol<F>(name);
  }

  /// The file as the loader found it, for the fingerprint.
  const std::string& path() const { return path_; }

 private:
  DynamicLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  void* address(const char* name) const;
  void* address_or_null(const char* name) const;

  friend class LibrarySearch;
  void* handle_;
  std::string path_;
};

/// Library folders of the CUDA toolkits on this machine, existing ones only: CUDA_HOME and CUDA_PATH, then
/// the default prefixes, newest version first.
std::vector<std::string> toolkit_folders();

/// The `nvidia/*/lib` folders below site-packages: those of VIRTUAL_ENV, then those of python3.
std::vector<std::string> python_folders();

}  // namespace orrery::calibrate
