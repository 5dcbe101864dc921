// Attention against its formula: prefill, gradients, the paged decode, and the cases where masks go wrong.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "calibrate/backends/cpu/kernels/kernels.hpp"
#include "calibrate/operand_values.hpp"
#include "tests/cpu/attention_reference.hpp"
#include "tests/cpu/run_kernel.hpp"

using namespace orrery;
using namespace orrery::cpu_reference;

namespace {

struct Tensors {
  explicit Tensors(const cost::Attention& op)
      : queries(op.batch * op.q_len * op.heads * op.head_dim),
        keys(op.batch * op.kv_len * op.kv_heads * op.head_dim),
        sums(op.batch * op.heads * op.q_len),
        q(random_reals(queries, "q", -2.0, 2.0)),
        k(random_reals(keys, "k", -2.0, 2.0)),
        v(random_reals(keys, "v")),
        d_o(random_reals(queries, "do")) {}
  std::int64_t queries, keys, sums;
  Reals q, k, v, d_o;
};

std::vector<Reals> forward(const cost::Attention& op, const Tensors& t) {
  return run_kernel(op, {t.q, t.k, t.v, not_a_number(t.queries), not_a_number(t.sums)});
}

/// dq, dk and dv behind the operands that they come from.
std::vector<Reals> backward(cost::Attention op, const Tensors& t, const Reals& o, const Reals& lse) {
  op.pass = cost::Pass::backward;
  return run_kernel(op, {t.q, t.k, t.v, o, lse, t.d_o, not_a_number(t.queries), not_a_number(t.keys),
                         not_a_number(t.keys)});
}

}  // namespace

TEST_CASE("attention is the softmax of scaled scores times the values, whole or causal, grouped or not") {
  const cost::Attention op =
      GENERATE(cost::Attention{1, 1, 1, 1, 1, 64}, cost::Attention{2, 3, 3, 5, 7, 10},
               cost::Attention{2, 4, 2, 9, 9, 33, true}, cost::Attention{1, 6, 1, 4, 11, 16, true},
               cost::Attention{1, 2, 2, 33, 65, 64, false}, cost::Attention{3, 2, 1, 1, 17, 64, true});
  const Tensors t(op);
  const auto out = forward(op, t);
  const AttentionResult want = attention(op, t.q, t.k, t.v);
  INFO(cost::shape_text(op));
  check_close(out[3], want.o, 2e-6);
  check_close(out[4], want.lse, 2e-6);
}

TEST_CASE("without groups and masks attention is a chain of products and a softmax") {
  // One head, so that its rows are dense matrices: S = q k^T, P = softmax(S / sqrt(d)), o = P v.
  const cost::Attention op{1, 1, 1, 6, 13, 20};
  const Tensors t(op);
  const Reals scores = gemm(cost::Gemm{.m = 6, .n = 13, .k = 20, .trans_b = true}, t.q, t.k, zeros(6 * 13));
  const Reals p = softmax(cost::Softmax{6, 13, 20}, scores);
  check_close(forward(op, t)[3], gemm(cost::Gemm{.m = 6, .n = 20, .k = 13}, p, t.v, zeros(6 * 20)), 2e-6);
}

TEST_CASE("a causal mask lets the last query see every key") {
  // Query i of 3 sees keys 0 .. 2 + i of 5: key 4 reaches the last query alone, and key 2 all of them.
  const cost::Attention op{1, 1, 1, 3, 5, 4, true};
  Tensors t(op);
  const Reals before = forward(op, t)[3];
  for (std::size_t i = 16; i < 20; ++i) t.v[i] += 1.0;
  const Reals last = forward(op, t)[3];
  for (std::size_t i = 0; i < 8; ++i) CHECK(last[i] == before[i]);
  for (std::size_t i = 8; i < 12; ++i) CHECK(last[i] > before[i]);
  for (std::size_t i = 8; i < 12; ++i) t.v[i] += 1.0;
  const Reals middle = forward(op, t)[3];
  for (std::size_t i = 0; i < 12; ++i) CHECK(middle[i] > last[i]);
}

TEST_CASE("a query that sees no key gets zeros and gives no gradient") {
  const cost::Attention op{1, 1, 1, 3, 1, 4, true};
  const Tensors t(op);
  const auto out = forward(op, t);
  for (std::size_t i = 0; i < 8; ++i) CHECK(out[3][i] == 0.0);
  CHECK(std::isinf(out[4][0]));
  CHECK(std::isinf(out[4][1]));
  const auto back = backward(op, t, out[3], out[4]);
  for (std::size_t i = 0; i < 8; ++i) CHECK(back[6][i] == 0.0);
  // The one key is seen by the last query alone, with weight 1.
  for (std::size_t i = 0; i < 4; ++i) CHECK(back[8][i] == Approx(t.d_o[8 + i]).margin(1e-6));
}

TEST_CASE("attention's gradients are those of finite differences") {
  const cost::Attention op =
      GENERATE(cost::Attention{2, 2, 2, 3, 4, 6}, cost::Attention{1, 4, 2, 4, 4, 5, true},
               cost::Attention{1, 3, 1, 2, 5, 8, true});
  const Tensors t(op);
  const AttentionResult result = attention(op, t.q, t.k, t.v);
  const auto back = backward(op, t, result.o, result.lse);
  INFO(cost::shape_text(op));
  const auto loss = [&](const Reals& q, const Reals& k, const Reals& v) {
    return dot(t.d_o, attention(op, q, k, v).o);
  };
  check_close(back[6], finite_differences([&](const Reals& x) { return loss(x, t.k, t.v); }, t.q), 5e-6);
  check_close(back[7], finite_differences([&](const Reals& x) { return loss(t.q, x, t.v); }, t.k), 5e-6);
  check_close(back[8], finite_differences([&](const Reals& x) { return loss(t.q, t.k, x); }, t.v), 5e-6);
}

TEST_CASE("decoding reads each sequence through its pages, up to its length") {
  const cost::AttentionDecode op =
      GENERATE(cost::AttentionDecode{1, 1, 1, 1, 64, 16}, cost::AttentionDecode{3, 4, 2, 21, 10, 4},
               cost::AttentionDecode{2, 6, 1, 40, 64, 16}, cost::AttentionDecode{4, 3, 3, 17, 33, 32});
  const std::int64_t cache = op.sequences * op.pages() * op.block * op.kv_heads * op.head_dim;
  const std::int64_t size = op.sequences * op.heads * op.head_dim;
  const Reals q = random_reals(size, "q", -2.0, 2.0);
  const Reals k = random_reals(cache, "k", -2.0, 2.0);
  const Reals v = random_reals(cache, "v");
  std::vector<float> pages(static_cast<std::size_t>(op.sequences * op.pages()));
  RngStream draws = stream(Seed{5}, "pages");
  calibrate::fill_operand(op, cost::operands(op)[3], draws, pages);
  const Reals table(pages.begin(), pages.end());
  Reals lengths(static_cast<std::size_t>(op.sequences), static_cast<double>(op.context));
  if (op.sequences > 1) lengths[1] = std::max(1.0, lengths[1] - 5.0);
  INFO(cost::shape_text(op));
  const auto out = run_kernel(op, {q, k, v, table, lengths, not_a_number(size)});
  check_close(out[5], attention_decode(op, q, k, v, table, lengths), 2e-6);
}

TEST_CASE("decoding a token gives what prefill gives for the last one") {
  // Prefill of 20 tokens over the same keys, laid out in pages of 8 in reverse order.
  const cost::Attention prefill{1, 4, 2, 20, 20, 16, true};
  const cost::AttentionDecode decode{1, 4, 2, 20, 16, 8};
  const Tensors t(prefill);
  const std::int64_t page = 8 * 2 * 16;
  Reals k = zeros(3 * page);
  Reals v = zeros(3 * page);
  for (std::int64_t i = 0; i < t.keys; ++i) {
    const auto to = static_cast<std::size_t>((2 - i / page) * page + i % page);
    k[to] = t.k[static_cast<std::size_t>(i)];
    v[to] = t.v[static_cast<std::size_t>(i)];
  }
  const Reals q(t.q.end() - 64, t.q.end());
  const Reals o = forward(prefill, t)[3];
  const auto out = run_kernel(decode, {q, k, v, {2.0, 1.0, 0.0}, {20.0}, not_a_number(64)});
  check_close(out[5], Reals(o.end() - 64, o.end()), 2e-6);
}
