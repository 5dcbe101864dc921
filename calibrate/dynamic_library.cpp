#include "calibrate/dynamic_library.hpp"

#include <dlfcn.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "sim/base/error.hpp"

namespace orrery::calibrate {
namespace {

namespace fs = std::filesystem;

/// Existing paths that match, in the order of their names.
std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return paths;
}

void append(std::vector<std::string>& list, std::vector<std::string> more) {
  for (std::string& text : more) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
  }
}

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

/// "/usr/local/cuda-12.9" -> 12.9, so that 12.10 comes after 12.9.
std::pair<int, int> toolkit_version(const std::string& prefix) {
  std::pair<int, int> version{0, 0};
  std::sscanf(prefix.c_str() + prefix.rfind('-') + 1, "%d.%d", &version.first, &version.second);
  return version;
}

std::vector<std::string> system_folders() {
  std::vector<std::string> folders;
  for (const char* pattern : {"/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
                              "/usr/local/lib64", "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"}) {
    append(folders, matches(pattern));
  }
  return folders;
}

/// What `command` prints, by lines; nothing when it cannot be run.
std::vector<std::string> lines_of(const char* command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command, "r"), pclose);
  std::string text;
  char part[4096];
  while (pipe != nullptr && std::fgets(part, sizeof part, pipe.get()) != nullptr) text += part;
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<std::string> toolkit_folders() {
  std::vector<std::string> prefixes;
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const std::string prefix = environment(variable); !prefix.empty()) append(prefixes, {prefix});
  }
  append(prefixes, {"/usr/local/cuda"});
  std::vector<std::string> versioned = matches("/usr/local/cuda-*");
  std::sort(versioned.begin(), versioned.end(), [](const std::string& a, const std::string& b) {
    return toolkit_version(a) > toolkit_version(b);
  });
  append(prefixes, versioned);
  append(prefixes, {"/opt/cuda"});
  std::vector<std::string> folders;
  for (const std::string& prefix : prefixes) {
    for (const char* below : {"/lib64", "/lib", "/targets/*/lib", "/extras/CUPTI/lib64"}) {
      append(folders, matches(prefix + below));
    }
  }
  return folders;
}

std::vector<std::string> python_folders() {
  std::vector<std::string> packages;
  if (const std::string venv = environment("VIRTUAL_ENV"); !venv.empty()) {
    append(packages, matches(venv + "/lib/python3*/site-packages"));
  }
  append(packages, lines_of("python3 -c 'import site, sys; print(*site.getsitepackages(), "
                            "site.getusersitepackages(), *sys.path, sep=chr(10))' 2>/dev/null"));
  std::vector<std::string> folders;
  for (const std::string& package : packages) {
    if (!package.empty()) append(folders, matches(package + "/nvidia/*/lib"));
  }
  return folders;
}

/// One search: remembers where it has been, for the error text.
class LibrarySearch {
 public:
  explicit LibrarySearch(const LibraryQuery& query) : query_(query) {}

  DynamicLibrary run() {
    const std::string variable = "ORRERY_" + query_.name + "_LIBRARY";
    if (const std::string chosen = environment(variable); !chosen.empty()) {
      tried_.push_back(variable + "=" + chosen);
      const bool found = fs::is_directory(chosen) ? in_folders({chosen}) : open_file(chosen);
      return found ? result() : fail("correct or unset " + variable);
    }
    if (by_loader() || in_folders(toolkit_folders()) || in_folders(system_folders())) return result();
    // Last, because it starts an interpreter.
    if (in_folders(python_folders())) return result();
    return fail(fmt::format("install it, or set {} to the file or its folder", variable));
  }

 private:
  bool by_loader() {
    tried_.push_back("the dynamic loader's own search");
    return std::any_of(query_.sonames.begin(), query_.sonames.end(),
                       [&](const std::string& soname) { return load(soname); });
  }

  bool in_folders(const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      tried_.push_back(folder);
      for (const std::string& soname : query_.sonames) {
        const std::string file = folder + "/" + soname;
        if (fs::exists(file) && open_file(file)) return true;
      }
    }
    return false;
  }

  /// A file, after those that it will ask the loader for.
  bool open_file(const std::string& file) {
    open_companions(fs::path(file).parent_path().string());
    return load(file);
  }

  void open_companions(const std::string& folder) {
    for (const std::string& pattern : query_.companions) {
      for (const std::string& file : matches(folder + "/" + pattern)) {
        dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);  // a wish: the library itself will say what it misses
      }
    }
  }

  bool load(const std::string& what) {
    handle_ = dlopen(what.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return true;
    const char* problem = dlerror();
    // "Not there" is told by the list of places; what was there and did not load is told in the loader's
    // words.
    const std::string text = problem == nullptr ? "dlopen failed" : problem;
    if (text != what + ": cannot open shared object file: No such file or directory")
      problems_.push_back(text);
    return false;
  }

  DynamicLibrary result() const {
    link_map* map = nullptr;
    const bool known = dlinfo(handle_, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr;
    return {handle_, known ? map->l_name : query_.sonames.front()};
  }

  [[noreturn]] DynamicLibrary fail(const std::string& advice) const {
    throw BackendError(fmt::format(
        "dlopen: {} cannot be loaded: {}. Tried: {}{}{}.", query_.name, advice, fmt::join(tried_, ", "),
        problems_.empty() ? "" : ". Found but not loaded: ", fmt::join(problems_, "; ")));
  }

  const LibraryQuery& query_;
  std::vector<std::string> tried_, problems_;
  void* handle_ = nullptr;
};

DynamicLibrary DynamicLibrary::open(const LibraryQuery& query) {
  SIM_ASSERT(!query.sonames.empty(), "a library is looked up by at least one file name");
  return LibrarySearch(query).run();
}

void* DynamicLibrary::address_or_null(const char* name) const {
  return dlsym(handle_, name);
}

void* DynamicLibrary::address(const char* name) const {
  void* found = address_or_null(name);
  if (found == nullptr) throw BackendError(fmt::format("dlsym: {} has no function {}", path_, name));
  return found;
}

}  // namespace orrery::calibrate
