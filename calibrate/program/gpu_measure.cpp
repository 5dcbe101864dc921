// gpu-measure: the program that scripts/gpu-check runs on a machine with a GPU. It calibrates one device
// within a given time into a folder (calibrate/session.hpp) and needs no library but the C library and what
// CUDA brings. With `--backend cpu` the same session runs on the CPU as a rehearsal, `--backend fake` on a
// machine that does not exist.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>

#include "calibrate/backends/cpu/kernels/compute.hpp"
#include "calibrate/backends/cpu/plain/plain_backend.hpp"
#include "calibrate/fake_backend.hpp"
#include "calibrate/local_communicator.hpp"
#include "calibrate/session.hpp"
#include "calibrate/session_plan.hpp"
#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"
#include "sim/base/unit_text.hpp"
#if ORRERY_HAS_CUDA
#include "calibrate/backends/cuda/cuda_backend.hpp"
#include "calibrate/backends/cuda/nccl_communicator.hpp"
#endif

namespace orrery {
namespace {

struct Options {
  std::string backend = "cuda", out = "gpu-session";
  double minutes = 8.0;
  bool quick = false, full = false, plan = false, search = false, no_trace = false;
  int device = 0;
  std::uint64_t seed = 1;
  std::vector<std::string> classes;
};

/// A backend and the clock that its time is counted on.
struct Bench {
  std::unique_ptr<calibrate::Communicator> alone;
  std::unique_ptr<calibrate::Backend> backend;
  calibrate::Clock clock = calibrate::steady_clock();
};

Bench make_bench(const Options& options) {
  Bench bench;
  if (options.backend == "cpu") {
    bench.backend = std::make_unique<cpu::PlainBackend>();
  } else if (options.backend == "fake") {
    auto fake = std::make_unique<calibrate::FakeBackend>(
        calibrate::FakeOptions{.seed = Seed{options.seed}, .ranks = 1, .seconds_per_prepare = 0.005},
        calibrate::fake_gpu_truth());
    bench.clock = [machine = fake.get()] { return machine->now(); };
    bench.backend = std::move(fake);
  } else {
#if ORRERY_HAS_CUDA
    bench.alone = std::make_unique<calibrate::LocalCommunicator>();
    cuda::CudaOptions cuda;
    cuda.device = options.device;
    cuda.search_algorithms = options.search;
    cuda.trace = !options.no_trace;
    bench.backend = std::make_unique<cuda::CudaBackend>(*bench.alone, cuda);
#else
    throw BackendError(
        "this gpu-measure was built without CUDA: no toolkit was found when it was configured");
#endif
  }
  return bench;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

calibrate::SessionOptions session_options(const Options& options) {
  calibrate::SessionOptions session;
  session.folder = options.out;
  session.date = today();
  session.budget_s = 60.0 * options.minutes;
  session.sweep.ranks = 1;
  session.sweep.seed = Seed{options.seed};
  session.sweep.target = options.backend == "cpu" ? calibrate::SweepTarget::cpu : calibrate::SweepTarget::gpu;
  session.sweep.full = options.full || (!options.quick && options.minutes > 4.0);
  session.classes = options.classes;
  const auto known = calibrate::sweep_classes(session.sweep.target);
  for (const std::string& name : options.classes) {
    if (std::count(known.begin(), known.end(), name) == 0) {
      throw ScenarioError("--classes", "unknown class \"" + name + "\"" + spelling_hint(name, known));
    }
  }
  return session;
}

void show_progress(std::size_t done, std::size_t all, double left_s) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const std::size_t step = terminal ? 8 : std::max<std::size_t>(all / 40, 1);
  if (done % step != 0) return;
  fmt::print(stderr, "{}{}/{} cases, at most {:.0f} s left{}", terminal ? "\r" : "", done, all, left_s,
             terminal ? "   " : "\n");
  std::fflush(stderr);
}

/// Whether NCCL works here at all, in one line: as much as one GPU can tell. Never fails; a call that hangs
/// is left sooner than elsewhere.
std::string nccl_line(calibrate::Backend& backend) {
#if ORRERY_HAS_CUDA
  constexpr int kRuns = 5;
  const cost::CollectiveCase once{cost::CollectiveKind::all_reduce, Bytes(4.0 * 1024 * 1024), 1};
  setenv("ORRERY_NCCL_TIMEOUT_S", "15", 0);
  try {
    if (backend.is_lost()) return "NCCL: not tried, the device is lost";
    const auto timed = backend.prepare(once);
    Seconds shortest = timed->run();
    for (int i = 1; i < kRuns; ++i) shortest = std::min(shortest, timed->run());
    return fmt::format("NCCL {}: all-reduce of 4 MiB over 1 rank takes {}, the shortest of {}",
                       cuda::nccl_version(), human(shortest), kRuns);
  } catch (const std::exception& error) {
    return fmt::format("NCCL {}: all-reduce over 1 rank failed: {}", cuda::nccl_version(), error.what());
  }
#else
  static_cast<void>(backend);
  return "NCCL: this build has none";
#endif
}

void run_session(const Options& options) {
  calibrate::SessionOptions session = session_options(options);  // first: a slip needs no device to be seen
  Bench bench = make_bench(options);
  // Nothing is computed on a machine that does not exist, so there is nothing to check.
  const bool has_results = options.backend != "fake";
  const calibrate::Reference reference = [](const cost::Op& op, calibrate::OperandValues& values) {
    cpu::compute(op, values);
  };
  const calibrate::SessionEvents events{
      [](const std::string& line) { fmt::print("{}\n", line), std::fflush(stdout); }, show_progress};
  session.check_first = has_results;
  calibrate::run_session(*bench.backend, reference, session, bench.clock, events);
  if (options.backend == "cuda") events.say(nccl_line(*bench.backend));
}

int fail(int code, const std::string& message) {
  fmt::print(stderr, "gpu-measure: {}\n", message);
  return code;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Calibrates one GPU within a given time: checks kernels, times them, writes a folder.",
               "gpu-measure");
  app.add_option("--backend", options.backend,
                 "cuda; cpu rehearses on this processor, fake on an invented one")
      ->check(CLI::IsMember({"cuda", "cpu", "fake"}))
      ->capture_default_str();
  app.add_option("--out", options.out, "folder to write; a session that is in it goes on")
      ->capture_default_str();
  app.add_option("--minutes", options.minutes, "time for everything")
      ->check(CLI::Range(0.05, 600.0))
      ->capture_default_str();
  auto* quick = app.add_flag("--quick", options.quick, "fewer and smaller shapes (default up to 4 minutes)");
  app.add_flag("--full", options.full, "more and larger shapes (default from there)")->excludes(quick);
  app.add_flag("--plan", options.plan, "print what would run and how long it takes; needs no GPU");
  app.add_flag("--search-algorithms", options.search, "time several cuBLASLt algorithms for each product");
  app.add_flag("--no-trace", options.no_trace, "leave CUPTI alone: no kernel times beside the measured ones");
  app.add_option("--device", options.device, "which GPU, as CUDA counts them")->check(CLI::Range(0, 1023));
  app.add_option("--seed", options.seed, "of the choice and order of shapes")->capture_default_str();
  app.add_option("--classes", options.classes, "only these operator classes")->delimiter(',');
  app.footer("\nExample:\n  gpu-measure --backend fake --minutes 1 --plan");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return fail(2, std::string(error.what()) + "; see gpu-measure --help");
  }
  if (options.plan) {
    fmt::print("{}", calibrate::plan_text(session_options(options)));
  } else {
    run_session(options);
  }
  return 0;
}

}  // namespace
}  // namespace orrery

int main(int argc, char** argv) {
  using orrery::fail;
  try {
    return orrery::run(argc, argv);
  } catch (const orrery::ScenarioError& error) {
    return fail(2, error.what());
  } catch (const orrery::BackendError& error) {
    return fail(3, error.what());
  } catch (const std::exception& error) {
    return fail(4, std::string(error.what()) + " (this is a bug of orrery)");
  }
}
