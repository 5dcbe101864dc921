#include "cli/calibrate_measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "calibrate/backends/cpu/cpu_backend.hpp"
#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/launch.hpp"
#include "calibrate/backends/cpu/mpi_session.hpp"
#include "calibrate/fake_backend.hpp"
#include "cli/cuda_module.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cli {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/// One line on stderr, redrawn in place on a terminal, once per twentieth elsewhere.
void show_progress(std::size_t done, std::size_t all, double left_s) {
  const std::size_t step = cpu::stderr_is_terminal() ? 8 : std::max<std::size_t>(all / 20, 1);
  if (done % step != 0) return;
  const std::size_t width = 40, filled = width * done / all;
  fmt::print(stderr, "{}[{}{}] {}/{} cases, about {:.0f} s left  {}", cpu::stderr_is_terminal() ? "\r" : "",
             std::string(filled, '#'), std::string(width - filled, '.'), done, all, left_s,
             cpu::stderr_is_terminal() ? "" : "\n");
  std::fflush(stderr);
}

void say(const std::string& text) {
  fmt::print(stderr, "{}{}", text, text.empty() || text.back() != '\n' ? "\n" : "");
}

/// Every rank has a device of its own to speak of.
void print_warnings(const calibrate::Backend& backend) {
  const std::string who = backend.ranks() > 1 ? fmt::format("rank {}: ", backend.rank()) : "";
  for (const std::string& warning : backend.warnings()) say("warning: " + who + warning);
}

}  // namespace

void MeasureCommand::declare(CLI::App& app) {
  app.add_option("--backend", backend_, "cpu, cuda, or fake for a machine with known parameters")
      ->capture_default_str();
  app.add_option("--ranks", ranks_, "processes that measure together (default: 2, cuda: 1, one GPU each)");
  auto* quick = app.add_flag("--quick", quick_, "under 90 seconds, cuda: under 3 minutes (the default)");
  app.add_flag("--full", full_, "more shapes, under 10 minutes, cuda: under 8")->excludes(quick);
  app.add_option("--device", device_, "cuda with one rank: which GPU, as CUDA counts them (default: 0)");
  app.add_flag("--search-algorithms", search_, "cuda: time several cuBLASLt algorithms for each product");
  app.add_option("--seed", seed_, "of the choice and order of shapes")->capture_default_str();
  app.add_option("--out", table_, "table to write")->capture_default_str();
}

ExitCode MeasureCommand::run() {
  check_options();
  if (backend_ == "fake") return measure_fake();
  return backend_ == "cuda" ? measure_cuda() : measure_cpu();
}

void MeasureCommand::check_options() const {
  const std::vector<std::string> known{"cpu", "cuda", "fake"};
  if (std::count(known.begin(), known.end(), backend_) == 0) {
    throw ScenarioError("--backend", "unknown backend \"" + backend_ + "\"" + spelling_hint(backend_, known));
  }
  if (ranks() < 1) throw ScenarioError("--ranks", "expected at least 1 rank");
  if (backend_ != "cuda" && device_)
    throw ScenarioError("--device", "names a GPU; use it with --backend cuda");
  if (backend_ != "cuda" && search_) {
    throw ScenarioError("--search-algorithms", "is about cuBLASLt; use it with --backend cuda");
  }
  if (device_ && *device_ < 0) throw ScenarioError("--device", "expected a number >= 0");
  if (device_ && ranks() > 1) {
    throw ScenarioError("--device",
                        "names the GPU of one rank; of several ranks each takes the GPU that has "
                        "the rank's number within its node");
  }
}

int MeasureCommand::ranks() const {
  return ranks_.value_or(backend_ == "cuda" ? 1 : 2);
}

ExitCode MeasureCommand::measure_fake() {
  calibrate::FakeBackend backend({.seed = Seed{seed_}, .ranks = ranks()});
  return measure(backend, [&backend] { return backend.now(); });
}

ExitCode MeasureCommand::measure_cpu() {
  if (ranks() > 1 && !cpu::MpiSession::is_launched())
    return static_cast<ExitCode>(cpu::launch_ranks(ranks()));
  cpu::RankSession session;
  cpu::CpuBackend backend(session.world());
  return measure(backend, calibrate::steady_clock());
}

ExitCode MeasureCommand::measure_cuda() {
  const calibrate::Clock clock = calibrate::steady_clock();
  const double start = clock();
  const CudaModule module = CudaModule::load();  // before the launch, so that a missing one is told once
  if (ranks() > 1 && !cpu::MpiSession::is_launched()) {
    cpu::LaunchSite site = cpu::this_process();
    site.pin = false;  // NCCL has threads of its own, which must not share the core of a rank that polls
    return static_cast<ExitCode>(cpu::launch_ranks(ranks(), site));
  }
  cpu::RankSession session;
  calibrate::Communicator& world = session.world();
  if (device_ && world.size() > 1) throw ScenarioError("--device", "names the GPU of one rank");
  const auto environment = [](const char* name) { return std::getenv(name); };
  const int device = device_ ? *device_ : device_of_rank(world.rank(), environment);
  const auto backend = module.make_backend(world, {device, search_});
  print_warnings(*backend);
  calibrate::TableOptions options;
  options.sweep.target = calibrate::SweepTarget::gpu;
  if (search_) options.facts["algorithms"] = "searched";
  options.reference = [](const cost::Op& op, calibrate::OperandValues& values) { cpu::compute(op, values); };
  options.spent_s = clock() - start;
  return measure(*backend, clock, options);
}

ExitCode MeasureCommand::measure(calibrate::Backend& backend, const calibrate::Clock& clock,
                                 calibrate::TableOptions options) {
  options.file = table_;
  options.date = today();
  options.sweep.full = full_;
  options.sweep.ranks = backend.ranks();
  options.sweep.seed = Seed{seed_};
  const double start = clock();
  const calibrate::TableResult result =
      calibrate::measure_table(backend, options, clock, {say, show_progress});
  if (backend.rank() != 0) return ExitCode::done;
  if (cpu::stderr_is_terminal()) fmt::print(stderr, "\n");
  const bool is_whole = result.reached == result.planned;
  fmt::print("headline: {}{} cases on {} rank{} measured in {:.0f} s, {}written to {}{}\n",
             is_whole ? "" : fmt::format("{} of ", result.reached), result.planned, backend.ranks(),
             backend.ranks() == 1 ? "" : "s", clock() - start,
             result.left_out > 0 ? fmt::format("{} classes left out, ", result.left_out) : "", table_,
             result.reached > 0 ? "" : ".part: no time was left");
  return ExitCode::done;
}

}  // namespace orrery::cli
