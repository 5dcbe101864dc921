#include "bench/flow_cases.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "sim/base/rng.hpp"

namespace orrery::bench {

std::vector<FlowJob> random_jobs(int hosts, int count) {
  constexpr double kLoad = 0.6;
  constexpr double kMeanBytes = 1 << 20;
  const double mean_gap_ns = 1e9 * kMeanBytes / (kLoad * hosts * kBandwidth);
  RngStream random = stream(Seed{42}, "flows");
  std::vector<FlowJob> jobs;
  double now_ns = 0.0;
  for (int i = 0; i < count; ++i) {
    now_ns += random.exponential(mean_gap_ns);
    const int from = static_cast<int>(random.below(static_cast<std::uint64_t>(hosts)));
    const int offset = static_cast<int>(random.below(static_cast<std::uint64_t>(hosts - 1)));
    const auto bytes = static_cast<std::uint64_t>(std::ceil(random.exponential(kMeanBytes)));
    jobs.push_back({std::llround(now_ns), from, (from + 1 + offset) % hosts, bytes});
  }
  return jobs;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

namespace detail {
namespace {

void write_all(int file, const void* data, std::size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(file, at, bytes);
    if (written <= 0) _exit(1);
    at += written;
    bytes -= static_cast<std::size_t>(written);
  }
}
void read_all(int file, void* data, std::size_t bytes) {
  char* at = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = read(file, at, bytes);
    if (got <= 0) throw std::runtime_error("a case ended without a result");
    at += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace

bool Child::fork() {
  int ends[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  read_end_ = ends[0];
  write_end_ = ends[1];
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  close(pid_ == 0 ? read_end_ : write_end_);
  return pid_ == 0;
}

void Child::report(const FlowRun& run) {
  const double head[] = {run.cpu_s, run.simulated_s, static_cast<double>(run.ends_s.size())};
  write_all(write_end_, head, sizeof head);
  write_all(write_end_, run.ends_s.data(), run.ends_s.size() * sizeof(double));
  _exit(0);
}

FlowRun Child::result() {
  double head[3];
  read_all(read_end_, head, sizeof head);
  FlowRun run{head[0], head[1], 0.0, std::vector<double>(static_cast<std::size_t>(head[2]))};
  read_all(read_end_, run.ends_s.data(), run.ends_s.size() * sizeof(double));
  close(read_end_);
  rusage usage{};
  int status = 0;
  wait4(pid_, &status, 0, &usage);
  run.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024.0;
  return run;
}

}  // namespace detail
}  // namespace orrery::bench
