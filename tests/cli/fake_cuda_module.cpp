// A stand-in for liborrery_cuda.so: a fake GPU with a handful of operators, one of them wrong, and what
// environment variables ask of it.
#include <cstdlib>

#include "calibrate/backends/cuda/module/module_api.hpp"
#include "calibrate/fake_backend.hpp"
#include "costmodel/overloaded.hpp"

using namespace orrery;

namespace {

int number_in(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

/// add computes the difference.
void compute_small(const cost::Op& op, calibrate::OperandValues& values) {
  std::visit(cost::Overloaded{
                 [&](const cost::Copy&) { values[1] = values[0]; },
                 [&](const cost::Launch& l) { values[0][0] += static_cast<float>(l.kernels); },
                 [&](const cost::Elementwise&) {
                   for (std::size_t i = 0; i < values[2].size(); ++i)
                     values[2][i] = values[0][i] - values[1][i];
                 },
                 [](const auto&) {},
             },
             op);
}

class FakeGpu : public calibrate::FakeBackend {
 public:
  explicit FakeGpu(const cuda::ModuleOptions& options)
      : FakeBackend({.ranks = 1}, calibrate::fake_gpu_truth()),
        options_(options),
        visits_left_(number_in("FAKE_GPU_VISITS", 1 << 30)) {}
  using FakeBackend::prepare;

  std::string name() const override { return "cuda"; }
  calibrate::Fingerprint fingerprint() const override {
    return {{"device", "fake GPU " + std::to_string(options_.device)},
            {"algorithm", options_.search_algorithms ? "searched" : "first"}};
  }
  bool supports(const cost::Op& op) const override {
    const std::string name = cost::class_name(op);
    return name == "copy" || name == "launch" || name == "add_bf16";
  }
  void compute(const cost::Op& op, calibrate::OperandValues& values) override { compute_small(op, values); }
  std::unique_ptr<calibrate::TimedOp> prepare(const cost::Op& op,
                                              const cost::Conditions& conditions) override {
    if (--visits_left_ < 0) throw BackendError("an illegal address was met");
    return FakeBackend::prepare(op, conditions);
  }
  bool is_lost() const override { return visits_left_ < 0; }
  std::vector<std::string> warnings() const override { return {"another process uses the device"}; }

 private:
  cuda::ModuleOptions options_;
  int visits_left_;
};

}  // namespace

extern "C" const char* orrery_cuda_abi() {
  static const std::string text = cuda::module_abi(ORRERY_VERSION);
  return text.c_str();
}

extern "C" void orrery_cuda_make_backend(calibrate::Communicator&, const cuda::ModuleOptions& options,
                                         std::unique_ptr<calibrate::Backend>& backend) {
  backend = std::make_unique<FakeGpu>(options);
}
