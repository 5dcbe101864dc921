// The thread pool by itself; run under ThreadSanitizer, too.
#include "scenarios/parallel.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

using orrery::scenario::for_each_index;

TEST_CASE("every index is worked on exactly once, whatever the number of threads") {
  for (const int threads : {0, 1, 2, 4, 64}) {
    std::vector<int> times(257, 0);
    for_each_index(times.size(), threads, [&](std::size_t i) { ++times[i]; });
    CHECK(times == std::vector<int>(257, 1));
  }
  for_each_index(0, 4, [](std::size_t) { FAIL("there is no index"); });
}

TEST_CASE("an exception stops further work and is thrown on to the caller, the smallest index first") {
  for (const int threads : {1, 4}) {
    std::atomic<int> started{0};
    const auto work = [&](std::size_t i) {
      ++started;
      if (i >= 3) throw std::runtime_error("at " + std::to_string(i));
    };
    CHECK_THROWS_WITH(for_each_index(100000, threads, work), "at 3");
    CHECK(started < 100000);
  }
}

TEST_CASE("where the system gives no more threads, those there are do all the work") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // limits cannot be taken back, and do not hold for root
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (getuid() == 0 && setuid(65534) != 0)) _exit(2);
    std::vector<int> times(100, 0);
    for_each_index(times.size(), 4, [&](std::size_t i) { ++times[i]; });
    _exit(times == std::vector<int>(100, 1) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
