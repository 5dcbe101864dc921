// More than one rank: the program starts itself again under mpirun, one process per rank, with the same
// command line. A verb decides by `MpiSession::is_launched()` which of the two it is:
//
//   if (ranks > 1 && !cpu::MpiSession::is_launched()) return static_cast<ExitCode>(cpu::launch_ranks(ranks));
//   cpu::RankSession session;            // in each rank, and in a rank alone
//   work(session.world());
//
// What can be wrong in the user's input is checked before the launch, so that it is reported once.
#pragma once

#include <string>
#include <vector>

namespace orrery::cpu {

/// What the launcher needs to know about this process.
struct LaunchSite {
  int cores = 1;                       ///< physical cores that this process may use
  bool is_root = false;                ///< Open MPI wants to be told that running as root is meant
  bool pin = true;                     ///< one rank per core, where cores suffice
  bool share_cores = false;            ///< more ranks than cores are meant: they sleep while they wait
  bool real_time = false;              ///< only with share_cores: ahead of whatever else the machine does (chrt)
  bool stderr_is_terminal = false;     ///< handed down, because the ranks write into mpirun's pipes
  std::string program;                 ///< the executable to start
  std::vector<std::string> arguments;  ///< its command line without the program's name
};

struct LaunchPlan {
  std::vector<std::string> command;  ///< mpirun and everything behind it
  std::string warning;               ///< one line for the user, empty when all is well
};

/// Pure: ranks are pinned one per core while cores suffice, if they are to be; with more ranks than cores
/// nothing is pinned and the plan warns. Only shared-memory transports are used, which halves the start-up
/// time.
LaunchPlan plan_launch(int ranks, const LaunchSite& site);

/// This executable with this command line.
LaunchSite this_process();

/// Runs `ranks` copies and waits. Returns their exit code (0 to 4, see sim/base/error.hpp); ranks write to
/// our stdout and stderr. Prints the plan's warning to stderr. Throws BackendError when mpirun is missing
/// (naming the package) or died of a signal. The ranks end with this process, however it ends.
int launch_ranks(int ranks, const LaunchSite& site = this_process());

/// Runs a command and waits; its output goes where ours goes. Returns its exit code, 127 when it was not found. Throws
/// BackendError when it died of a signal. It is told to end (SIGTERM) when this process ends. REQUIRES: not empty.
int run_program(std::vector<std::string> command);

/// True when mpirun is in PATH.
bool can_launch();

/// True when this process may give its children real-time priority.
bool may_use_real_time();

/// True when progress may be redrawn on stderr: it is a terminal, here or at the process that launched us.
bool stderr_is_terminal();

/// Physical cores among the CPUs that this process may run on.
int usable_cores();

}  // namespace orrery::cpu
