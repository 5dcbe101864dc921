// The network lab's script: what it makes it removes, also when it is interrupted; what a killed one left can be removed.
// Where root or tbf is missing these tests say so and check that the script says it too.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

namespace {

const std::string kScript = std::string(ORRERY_SOURCE_DIR) + "/scripts/netlab";

int shell(const std::string& command) {
  const int status = std::system((command + " >/dev/null 2>&1 </dev/null").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool can_run() {
  const int code = shell(kScript + " check");
  CHECK((code == 0 || code == 77));
  if (code != 0) std::printf("skipped: %s check says that the lab cannot run here\n", kScript.c_str());
  return code == 0;
}

int lines_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  int lines = 0;
  for (int c = 0; (c = std::fgetc(pipe.get())) != EOF;) lines += c == '\n' ? 1 : 0;
  return lines;
}

int namespaces_of(pid_t lab) {
  return lines_of("ip netns list | grep -E '^orrery-lab-" + std::to_string(lab) + "-'");
}

/// Starts a lab of three hosts that would run for a minute, and waits until its command runs.
pid_t start_lab() {
  const pid_t lab = fork();
  if (lab == 0) {
    const int nothing = open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2}) dup2(nothing, stream);
    signal(SIGINT, SIG_DFL);  // a test in the background of a shell ignores it
    execl(kScript.c_str(), kScript.c_str(), "--hosts", "3", "run", "sleep", "61", static_cast<char*>(nullptr));
    _exit(127);
  }
  for (int i = 0; i < 200; ++i) {
    if (lines_of("for p in $(ip netns pids orrery-lab-" + std::to_string(lab) +
                 "-h0 2>/dev/null); do cat /proc/$p/comm; done | grep -x sleep") > 0) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return lab;
}

int wait_for(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("a lab that is interrupted leaves no namespace and no process") {
  if (!can_run()) return;
  for (const int signal : {SIGTERM, SIGINT}) {
    const pid_t lab = start_lab();
    CHECK(namespaces_of(lab) == 4);  // three hosts and the switch
    kill(lab, signal);
    const int status = wait_for(lab);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 130);
    CHECK(namespaces_of(lab) == 0);
  }
}

TEST_CASE("what a killed lab left behind is removed by clean, and a running lab is left alone") {
  if (!can_run()) return;
  const pid_t running = start_lab(), killed = start_lab();
  kill(killed, SIGKILL);
  wait_for(killed);
  CHECK(namespaces_of(killed) == 4);
  CHECK(shell(kScript + " clean") == 0);
  CHECK(namespaces_of(killed) == 0);
  CHECK(namespaces_of(running) == 4);
  kill(running, SIGTERM);
  wait_for(running);
  CHECK(namespaces_of(running) == 0);
}

TEST_CASE("a lab runs its command on host 0 and passes its exit code on") {
  if (!can_run()) return;
  CHECK(shell(kScript + " --hosts 2 run sh -c 'ip -br addr | grep -q 10.77.0.1/24'") == 0);
  CHECK(shell(kScript + " --hosts 2 run sh -c 'exit 5'") == 5);
  CHECK(shell(kScript + " --hosts 1 run true") == 2);
}
