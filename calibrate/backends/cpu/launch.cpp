#include "calibrate/backends/cpu/launch.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "sim/base/error.hpp"

namespace orrery::cpu {
namespace {

constexpr const char* kTerminalVariable = "ORRERY_STDERR_IS_TERMINAL";

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* command) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  execvp(command[0], command);
  _exit(127);
}

std::string first_word(const std::string& file) {
  std::ifstream in(file);
  std::string word;
  in >> word;
  return word;
}

}  // namespace

LaunchPlan plan_launch(int ranks, const LaunchSite& site) {
  LaunchPlan plan;
  if (site.real_time && site.share_cores) plan.command = {"chrt", "--rr", "1"};
  const auto append = [&plan](std::initializer_list<const char*> words) {
    plan.command.insert(plan.command.end(), words.begin(), words.end());
  };
  append({"mpirun", "-np"});
  plan.command.push_back(std::to_string(ranks));
  append({"--quiet"});
  if (site.is_root) append({"--allow-run-as-root"});
  if (site.share_cores) {
    append({"--oversubscribe", "--bind-to", "none"});
  } else if (ranks <= site.cores && !site.pin) {
    append({"--bind-to", "none"});
  } else if (ranks <= site.cores) {
    append({"--bind-to", "core", "--map-by", "core"});
  } else {
    append({"--oversubscribe", "--bind-to", "none"});
    plan.warning = fmt::format("warning: {} ranks share {} core{}: not pinned, and times mean little", ranks,
                               site.cores, site.cores == 1 ? "" : "s");
  }
  append({"--mca", "pml", "ob1", "--mca", "btl", "self,vader"});
  if (site.stderr_is_terminal) {
    plan.command.emplace_back("-x");
    plan.command.push_back(std::string(kTerminalVariable) + "=1");
  }
  plan.command.push_back(site.program);
  plan.command.insert(plan.command.end(), site.arguments.begin(), site.arguments.end());
  return plan;
}

LaunchSite this_process() {
  LaunchSite site;
  site.cores = usable_cores();
  site.is_root = geteuid() == 0;
  site.stderr_is_terminal = stderr_is_terminal();
  site.program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  for (std::string word; std::getline(in, word, '\0');) site.arguments.push_back(word);
  if (!site.arguments.empty()) site.arguments.erase(site.arguments.begin());
  return site;
}

int run_program(std::vector<std::string> command) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw BackendError(fmt::format("fork() failed: {}", std::strerror(errno)));
  if (child == 0) become(words.data());
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw BackendError(fmt::format("waitpid() failed: {}", std::strerror(errno)));
  }
  if (WIFSIGNALED(status)) {
    throw BackendError(fmt::format("{} was stopped by signal {} ({})", command.front(), WTERMSIG(status),
                                   strsignal(WTERMSIG(status))));
  }
  return WEXITSTATUS(status);
}

int launch_ranks(int ranks, const LaunchSite& site) {
  LaunchPlan plan = plan_launch(ranks, site);
  if (!can_launch()) {
    throw BackendError("mpirun was not found in PATH; install Debian's package openmpi-bin");
  }
  if (!plan.warning.empty()) std::fprintf(stderr, "%s\n", plan.warning.c_str());
  const int code = run_program(std::move(plan.command));
  if (code > 4) throw BackendError(fmt::format("the ranks ended abnormally (mpirun exit code {})", code));
  return code;
}

bool can_launch() {
  return is_in_path("mpirun");
}

bool may_use_real_time() {
  return run_program({"sh", "-c", "chrt --rr 1 true 2>/dev/null"}) == 0;
}

bool stderr_is_terminal() {
  return isatty(STDERR_FILENO) == 1 || std::getenv(kTerminalVariable) != nullptr;
}

int usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const std::string topology = fmt::format("/sys/devices/system/cpu/cpu{}/topology/", cpu);
    const std::string core = first_word(topology + "core_id");
    // Two hardware threads of one core count once; without topology files each CPU counts.
    cores.insert(core.empty() ? fmt::format("cpu{}", cpu)
                              : first_word(topology + "physical_package_id") + "/" + core);
  }
  return static_cast<int>(cores.size());
}

}  // namespace orrery::cpu
