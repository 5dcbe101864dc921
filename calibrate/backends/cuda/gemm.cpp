#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "calibrate/backend.hpp"
#include "calibrate/backends/cuda/device_kernel.hpp"
#include "calibrate/backends/cuda/device_memory.hpp"
#include "calibrate/backends/cuda/gemm_plan.hpp"
#include "calibrate/backends/cuda/stream.hpp"
#include "sim/base/error.hpp"

namespace orrery::cuda {
namespace {

/// What a product may use of the workspace: the same on every device, so that a larger one does not lead to
/// another algorithm.
constexpr std::size_t kWorkspaceMost = std::size_t{256} << 20;

/// One handle for the process, on the device that is current at the first call. Never destroyed: when static
/// objects go, the driver may be gone already.
cublasLtHandle_t lt_handle() {
  static const cublasLtHandle_t handle = [] {
    cublasLtHandle_t created = nullptr;
    CUBLAS_CHECK(CublasLt::get().cublasLtCreate(&created));
    return created;
  }();
  return handle;
}

/// Owns what one of the library's functions made and another one takes back.
template <class Handle, cublasStatus_t (*CublasLt::*kDestroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (raw != nullptr) (CublasLt::get().*kDestroy)(raw);
  }
  Handle raw = nullptr;
};
using MatmulDesc = Owned<cublasLtMatmulDesc_t, &CublasLt::cublasLtMatmulDescDestroy>;
using Layout = Owned<cublasLtMatrixLayout_t, &CublasLt::cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, &CublasLt::cublasLtMatmulPreferenceDestroy>;

template <class Value>
void set(const MatmulDesc& desc, cublasLtMatmulDescAttributes_t name, const Value& value) {
  CUBLAS_CHECK(CublasLt::get().cublasLtMatmulDescSetAttribute(desc.raw, name, &value, sizeof value));
}

template <class Value>
void set(const Layout& layout, cublasLtMatrixLayoutAttribute_t name, const Value& value) {
  CUBLAS_CHECK(CublasLt::get().cublasLtMatrixLayoutSetAttribute(layout.raw, name, &value, sizeof value));
}

void create(Layout& layout, const MatrixLayout& m, std::int32_t batch) {
  CUBLAS_CHECK(CublasLt::get().cublasLtMatrixLayoutCreate(&layout.raw, m.type,
                                                          static_cast<std::uint64_t>(m.rows),
                                                          static_cast<std::uint64_t>(m.columns), m.leading));
  if (batch == 1) return;
  set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch);
  set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, m.batch_stride);
}

template <class Value>
Value get(const cublasLtMatmulAlgo_t& algo, cublasLtMatmulAlgoConfigAttributes_t name, Value otherwise) {
  Value value{};
  std::size_t written = 0;
  const cublasStatus_t status =
      CublasLt::get().cublasLtMatmulAlgoConfigGetAttribute(&algo, name, &value, sizeof value, &written);
  return status == CUBLAS_STATUS_SUCCESS ? value : otherwise;  // an older library may not know the attribute
}

GemmAlgorithm describe(const cublasLtMatmulAlgo_t& algo) {
  GemmAlgorithm a;
  a.id = get(algo, CUBLASLT_ALGO_CONFIG_ID, a.id);
  a.tile = get(algo, CUBLASLT_ALGO_CONFIG_TILE_ID, a.tile);
  a.stages = get(algo, CUBLASLT_ALGO_CONFIG_STAGES_ID, a.stages);
  a.split_k = get(algo, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, a.split_k);
  a.reduction = get(algo, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, a.reduction);
  a.swizzle = get(algo, CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, a.swizzle);
  a.custom = get(algo, CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, a.custom);
  a.inner_shape = get(algo, CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, a.inner_shape);
  a.cluster_shape = get(algo, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, a.cluster_shape);
  return a;
}

class LtGemm : public DeviceKernel {
 public:
  LtGemm(const cost::Gemm& op, DeviceContext& context);
  void launch(std::span<void* const> buffers, cudaStream_t stream) override;
  std::string algorithm() const override { return algorithm_; }

 private:
  using Advice = std::vector<cublasLtMatmulHeuristicResult_t>;
  void set_scales(DeviceContext& context);
  Advice ask(int answers) const;
  void search(const Advice& advice, DeviceContext& context);
  double seconds_of(const cublasLtMatmulHeuristicResult_t& candidate, std::span<void* const> buffers,
                    cudaStream_t stream);
  cublasStatus_t enqueue(std::span<void* const> buffers, cudaStream_t stream);

  cost::Gemm op_;
  GemmLayout layout_;
  void* workspace_;
  std::size_t workspace_bytes_;
  MatmulDesc desc_;
  Layout a_, b_, c_;
  DeviceBuffer ones_;  ///< fp8: the scale of both inputs
  cublasLtMatmulAlgo_t algo_{};
  const void* bias_ = nullptr;  ///< what the descriptor holds now
  std::string algorithm_;
};

LtGemm::LtGemm(const cost::Gemm& op, DeviceContext& context)
    : op_(op),
      layout_(gemm_layout(op)),
      workspace_(context.workspace),
      workspace_bytes_(std::min(context.workspace_bytes, kWorkspaceMost)) {
  CUBLAS_CHECK(CublasLt::get().cublasLtMatmulDescCreate(&desc_.raw, layout_.compute, CUDA_R_32F));
  set(desc_, CUBLASLT_MATMUL_DESC_TRANSA, layout_.trans_a);
  set(desc_, CUBLASLT_MATMUL_DESC_TRANSB, layout_.trans_b);
  set(desc_, CUBLASLT_MATMUL_DESC_EPILOGUE, layout_.epilogue);
  if (op.bias) {
    bias_ = workspace_;  // the advice looks at the alignment of the address only
    set(desc_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias_);
  }
  if (layout_.fp8) set_scales(context);
  create(a_, layout_.a, layout_.batch);
  create(b_, layout_.b, layout_.batch);
  create(c_, layout_.c, layout_.batch);
  const Advice advice = ask(context.search_algorithms ? 8 : 1);
  algo_ = advice.front().algo;
  if (context.search_algorithms && advice.size() > 1) search(advice, context);
  algorithm_ = algorithm_text(describe(algo_));
}

void LtGemm::set_scales(DeviceContext& context) {
  ones_ = allocate_device(sizeof(float));
  const float one = 1.0F;
  CUDA_CHECK(cudaMemcpyAsync(ones_.get(), &one, sizeof one, cudaMemcpyHostToDevice, context.stream));
  CUDA_CHECK(cudaStreamSynchronize(context.stream));
  const void* scale = ones_.get();
  set(desc_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale);
  set(desc_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scale);
  set(desc_, CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t{1});
}

LtGemm::Advice LtGemm::ask(int answers) const {
  Preference preference;
  CUBLAS_CHECK(CublasLt::get().cublasLtMatmulPreferenceCreate(&preference.raw));
  const std::uint64_t bytes = workspace_bytes_;
  CUBLAS_CHECK(CublasLt::get().cublasLtMatmulPreferenceSetAttribute(
      preference.raw, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes));
  Advice advice(static_cast<std::size_t>(answers));
  int found = 0;
  CUBLAS_CHECK(CublasLt::get().cublasLtMatmulAlgoGetHeuristic(lt_handle(), desc_.raw, a_.raw, b_.raw, c_.raw,
                                                              c_.raw, preference.raw, answers, advice.data(),
                                                              &found));
  advice.resize(static_cast<std::size_t>(found));
  std::erase_if(advice, [](const auto& answer) { return answer.state != CUBLAS_STATUS_SUCCESS; });
  if (advice.empty()) throw BackendError("cuBLASLt: no algorithm for gemm " + cost::shape_text(op_));
  return advice;
}

cublasStatus_t LtGemm::enqueue(std::span<void* const> buffers, cudaStream_t stream) {
  if (op_.bias && buffers[3] != bias_) {
    bias_ = buffers[3];
    set(desc_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias_);
  }
  const float alpha = 1.0F;
  return CublasLt::get().cublasLtMatmul(lt_handle(), desc_.raw, &alpha, buffers[1], a_.raw, buffers[0],
                                        b_.raw, &layout_.beta, buffers[2], c_.raw, buffers[2], c_.raw, &algo_,
                                        workspace_, workspace_bytes_, stream);
}

void LtGemm::launch(std::span<void* const> buffers, cudaStream_t stream) {
  CUBLAS_CHECK(enqueue(buffers, stream));
}

/// Time of one call, a mean over a few; infinite when the library refuses after all.
double LtGemm::seconds_of(const cublasLtMatmulHeuristicResult_t& candidate, std::span<void* const> buffers,
                          cudaStream_t stream) {
  constexpr int kRuns = 5;
  algo_ = candidate.algo;
  if (enqueue(buffers, stream) != CUBLAS_STATUS_SUCCESS) return std::numeric_limits<double>::infinity();
  const Event begin(true), end(true);
  begin.record(stream);
  for (int i = 0; i < kRuns; ++i) CUBLAS_CHECK(enqueue(buffers, stream));
  end.record(stream);
  end.wait();
  return end.elapsed_since(begin) / kRuns;
}

/// Keeps the fastest of the advised algorithms, timed on memory of its own (the first advice where that is
/// short).
void LtGemm::search(const Advice& advice, DeviceContext& context) {
  std::vector<DeviceBuffer> memory;
  std::vector<void*> buffers;
  try {
    for (const cost::Operand& operand : cost::operands(op_)) {
      memory.push_back(
          allocate_device(static_cast<std::size_t>(operand.elements * cost::bytes_of(operand.dtype))));
      buffers.push_back(memory.back().get());
      fill(buffers.back(), op_, operand,
           {Placement::device, fill_rule(op_, operand), operand.elements, buffers.size()}, context.stream);
    }
  } catch (const calibrate::DoesNotFit&) {
    return;
  }
  double best = std::numeric_limits<double>::infinity();
  cublasLtMatmulAlgo_t fastest = advice.front().algo;
  for (const auto& candidate : advice) {
    const double seconds = seconds_of(candidate, buffers, context.stream);
    if (seconds < best) best = seconds, fastest = candidate.algo;
  }
  algo_ = fastest;
}

}  // namespace

bool supports_gemm(const cost::Gemm& op, const DeviceContext& context) {
  return gemm_has_layout(op, context.compute_capability);
}

std::unique_ptr<DeviceKernel> make_gemm(const cost::Gemm& op, DeviceContext& context) {
  return std::make_unique<LtGemm>(op, context);
}

}  // namespace orrery::cuda
