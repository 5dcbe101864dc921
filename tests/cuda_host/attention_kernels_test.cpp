// Our own attention kernels, run on the CPU, against plain loops.
#include <catch2/catch.hpp>

#include "tests/cuda_host/attention_reference.hpp"
#include "tests/cuda_host/cuda_on_cpu.hpp"
// after what gives CUDA's words a meaning
#include "calibrate/backends/cuda/kernels/attention_forward.cuh"
#include "calibrate/backends/cuda/kernels/attention_gradient.cuh"

namespace {

using namespace orrery;
using namespace orrery::cuda;
using namespace orrery::cuda::attention;
using orrery::testing::AttentionNumbers;
using orrery::testing::relative_error;

template <class T>
std::vector<T> typed(const std::vector<double>& numbers) {
  std::vector<T> result;
  for (const double x : numbers) result.push_back(from_float<T>(static_cast<float>(x)));
  return result;
}

struct Errors {
  double o, lse, dq, dk, dv;
};

template <class T, int kDim>
Errors errors_of(const cost::Attention& op) {
  using Shape = Tile<T, kDim>;
  const AttentionNumbers n = testing::attention_reference(
      op, [](double x) { return static_cast<double>(to_float(from_float<T>(static_cast<float>(x)))); });
  const AttentionShape s = attention_shape(op);
  const auto q = typed<T>(n.q), k = typed<T>(n.k), v = typed<T>(n.v), d_o = typed<T>(n.d_o);
  const T poison = from_float<T>(NAN);
  std::vector<T> o(q.size(), poison), dq(q.size(), poison), dk(k.size(), poison), dv(k.size(), poison);
  std::vector<float> lse(n.lse.size(), NAN), dot(n.lse.size(), NAN);
  const auto tiles = [](int length) {
    return static_cast<unsigned>((length + Shape::kRows - 1) / Shape::kRows);
  };
  const auto heads = static_cast<unsigned>(s.heads), kv_heads = static_cast<unsigned>(s.kv_heads);
  const auto batch = static_cast<unsigned>(s.batch);

  on_cpu::launch(dim3(tiles(s.q_len), heads, batch), Shape::kThreads,
                 [&] { forward_kernel<T, Shape>(s, q.data(), k.data(), v.data(), o.data(), lse.data()); });
  const AttentionBackward t{q.data(),   k.data(),  v.data(),  o.data(),  lse.data(),
                            d_o.data(), dq.data(), dk.data(), dv.data(), dot.data()};
  on_cpu::launch(dim3(static_cast<unsigned>((dot.size() * 32 + 127) / 128)), 128,
                 [&] { row_dot_kernel<T>(s, o.data(), d_o.data(), dot.data()); });
  on_cpu::launch(dim3(tiles(s.kv_len), kv_heads, batch), Shape::kThreads,
                 [&] { gradient_kernel<T, Shape, true>(s, t, dk.data(), dv.data()); });
  on_cpu::launch(dim3(tiles(s.q_len), heads, batch), Shape::kThreads,
                 [&] { gradient_kernel<T, Shape, false>(s, t, dq.data(), nullptr); });
  return {relative_error(o, n.o), relative_error(lse, n.lse), relative_error(dq, n.dq),
          relative_error(dk, n.dk), relative_error(dv, n.dv)};
}

void check(const Errors& e, double bound) {
  CHECK(e.o < bound);
  CHECK(e.lse < 1e-5);
  CHECK(e.dq < bound);
  CHECK(e.dk < bound);
  CHECK(e.dv < bound);
}

}  // namespace

TEST_CASE("attention over several tiles equals plain loops") {
  check(errors_of<float, 64>({.heads = 2, .kv_heads = 2, .q_len = 70, .kv_len = 70, .head_dim = 64}), 1e-5);
}

TEST_CASE("causal attention with more keys than queries ends each row at its own key") {
  check(errors_of<float, 64>(
            {.heads = 4, .kv_heads = 2, .q_len = 33, .kv_len = 101, .head_dim = 64, .causal = true}),
        1e-5);
}

TEST_CASE("a query without any key gets zeros and no gradient") {
  check(errors_of<float, 64>(
            {.heads = 2, .kv_heads = 1, .q_len = 50, .kv_len = 20, .head_dim = 48, .causal = true}),
        1e-5);
}

TEST_CASE("a head_dim that no vector fits is read element by element") {
  check(errors_of<float, 128>({.heads = 2, .kv_heads = 2, .q_len = 20, .kv_len = 37, .head_dim = 77}), 1e-5);
}

TEST_CASE("16-bit attention on tensor cores stays within its type's rounding") {
  check(
      errors_of<__half, 64>(
          {.batch = 2, .heads = 2, .kv_heads = 1, .q_len = 40, .kv_len = 40, .head_dim = 40, .causal = true}),
      4e-3);
  check(errors_of<__nv_bfloat16, 128>(
            {.heads = 2, .kv_heads = 1, .q_len = 20, .kv_len = 45, .head_dim = 128, .causal = true}),
        2e-2);
}

TEST_CASE("the widest heads fit with smaller tiles") {
  check(errors_of<float, 256>({.heads = 1, .kv_heads = 1, .q_len = 18, .kv_len = 35, .head_dim = 256}), 1e-5);
  check(errors_of<__half, 256>({.heads = 1, .kv_heads = 1, .q_len = 18, .kv_len = 35, .head_dim = 200}),
        4e-3);
}
