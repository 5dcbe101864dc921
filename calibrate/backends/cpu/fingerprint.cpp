#include "calibrate/backends/cpu/fingerprint.hpp"

#include <dnnl.h>
#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <string>

#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"

namespace orrery::cpu {
namespace {

std::string line_of(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line.empty() ? "unknown" : line;
}

/// The value of a "key : value" line of /proc/cpuinfo or /proc/meminfo.
std::string value_of(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    if (colon != std::string::npos && value != std::string::npos) return line.substr(value);
  }
  return "unknown";
}

/// "L1 Data 48K", "L2 Unified 1024K", ... of the first CPU.
void add_caches(calibrate::Fingerprint& facts) {
  for (int i = 0; i < 8; ++i) {
    const std::string folder = fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/", i);
    const std::string level = line_of(folder + "level");
    const std::string type = line_of(folder + "type");
    if (level == "unknown" || type == "Instruction") continue;
    facts["cache_l" + level] = line_of(folder + "size");
  }
}

std::string isa_name(dnnl_cpu_isa_t isa) {
  static const std::map<int, std::string> names{
      {dnnl_cpu_isa_sse41, "sse41"},
      {dnnl_cpu_isa_avx, "avx"},
      {dnnl_cpu_isa_avx2, "avx2"},
      {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
      {dnnl_cpu_isa_avx512_mic, "avx512_mic"},
      {dnnl_cpu_isa_avx512_mic_4ops, "avx512_mic_4ops"},
      {dnnl_cpu_isa_avx512_core, "avx512_core"},
      {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
      {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
      {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"},
  };
  const auto found = names.find(static_cast<int>(isa));
  return found == names.end() ? fmt::format("isa {:#x}", static_cast<unsigned>(isa)) : found->second;
}

void add_environment(calibrate::Fingerprint& facts) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    for (const char* prefix : {"OPENBLAS_", "OMP_", "DNNL_", "ONEDNN_"}) {
      if (text.starts_with(prefix)) facts["env " + text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
}

}  // namespace

calibrate::Fingerprint fingerprint() {
  calibrate::Fingerprint facts;
  facts["cpu"] = value_of("/proc/cpuinfo", "model name");
  facts["cpu_family_model_stepping"] =
      fmt::format("{}/{}/{}", value_of("/proc/cpuinfo", "cpu family"), value_of("/proc/cpuinfo", "model\t"),
                  value_of("/proc/cpuinfo", "stepping"));
  facts["cpus_online"] = std::to_string(sysconf(_SC_NPROCESSORS_ONLN));
  add_caches(facts);
  const double pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  facts["memory"] = fmt::format("{:.0f} GiB", pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30));
  facts["huge_pages"] = line_of("/sys/kernel/mm/transparent_hugepage/enabled");
  utsname system{};
  if (uname(&system) == 0) facts["kernel"] = fmt::format("{} {}", system.sysname, system.release);
  const dnnl_version_t* dnnl = dnnl_version();
  facts["onednn"] = fmt::format("{}.{}.{}", dnnl->major, dnnl->minor, dnnl->patch);
  facts["onednn_isa"] = isa_name(dnnl_get_effective_cpu_isa());
  facts["mpi"] = mpi_library_version();
  facts["compiler"] = fmt::format("g++ {}", __VERSION__);
  facts["threads_per_rank"] = "1";
  facts["pinned"] = usable_cores() == 1 ? "yes" : "no";
  add_environment(facts);
  return facts;
}

}  // namespace orrery::cpu
