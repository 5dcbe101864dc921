#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "calibrate/backends/cpu/kernels/attention_rows.hpp"
#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"

// Row by row: one query against all keys that it sees. The rows of one head lie `heads * head_dim` apart in
// the queries and `kv_heads * head_dim` in keys and values.
namespace orrery::cpu {
namespace {

/// One head of one batch entry: how far its rows are apart and where it starts.
struct Head {
  Head(const cost::Attention& op, std::int64_t batch, std::int64_t head)
      : q_step(op.heads * op.head_dim),
        kv_step(op.kv_heads * op.head_dim),
        q_start(batch * op.q_len * q_step + head * op.head_dim),
        kv_start(batch * op.kv_len * kv_step + head / (op.heads / op.kv_heads) * op.head_dim),
        lse_start((batch * op.heads + head) * op.q_len) {}
  std::int64_t q_step, kv_step, q_start, kv_start, lse_start;
};

/// Keys that query `i` sees: the last query sees all of them.
std::int64_t visible(const cost::Attention& op, std::int64_t i) {
  return op.causal ? std::clamp<std::int64_t>(op.kv_len - op.q_len + i + 1, 0, op.kv_len) : op.kv_len;
}

ORRERY_VECTORISED void head_forward(const cost::Attention& op, const Head& at, const float* q, const float* k,
                                    const float* v, float* o, float* lse, float* scores) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(op.head_dim));
  for (std::int64_t i = 0; i < op.q_len; ++i) {
    const float* query = q + at.q_start + i * at.q_step;
    float* out = o + at.q_start + i * at.q_step;
    std::fill(out, out + op.head_dim, 0.0F);
    const std::int64_t n = visible(op, i);
    if (n == 0) {
      lse[at.lse_start + i] = -std::numeric_limits<float>::infinity();
      continue;
    }
    const float* key = k + at.kv_start;
    for (std::int64_t j = 0; j < n; ++j, key += at.kv_step) {
      scores[j] = scale * dot_row(op.head_dim, query, key);
    }
    const RowSum row = exponentials(n, scores);
    const float inverse = 1.0F / row.sum;
    const float* value = v + at.kv_start;
    for (std::int64_t j = 0; j < n; ++j, value += at.kv_step) {
      add_row(op.head_dim, scores[j] * inverse, value, out);
    }
    lse[at.lse_start + i] = row.top + std::log(row.sum);
  }
}

// With p = exp(scale q k^T - lse) and D = do . o per query (Dao et al. 2022): dv = p^T do,
// ds = scale p (do v^T - D), dq = ds k, dk = ds^T q. Heads of one group add into the same dk and dv.
ORRERY_VECTORISED void head_backward(const cost::Attention& op, const Head& at, const AttentionInputs& in,
                                     const float* d_o, float* dq, float* dk, float* dv) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(op.head_dim));
  for (std::int64_t i = 0; i < op.q_len; ++i) {
    const std::int64_t row = at.q_start + i * at.q_step;
    std::fill(dq + row, dq + row + op.head_dim, 0.0F);
    const float delta = dot_row(op.head_dim, d_o + row, in.o + row);
    const float log_sum = in.lse[at.lse_start + i];
    const std::int64_t n = visible(op, i);
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t place = at.kv_start + j * at.kv_step;
      const float score = scale * dot_row(op.head_dim, in.q + row, in.k + place);
      const float p = exp_clamped(score - log_sum);
      const float ds = scale * p * (dot_row(op.head_dim, d_o + row, in.v + place) - delta);
      add_row(op.head_dim, ds, in.k + place, dq + row);
      add_row(op.head_dim, ds, in.q + row, dk + place);
      add_row(op.head_dim, p, d_o + row, dv + place);
    }
  }
}

}  // namespace

void attention_forward(const cost::Attention& op, const float* q, const float* k, const float* v, float* o,
                       float* lse) {
  std::vector<float> scores(static_cast<std::size_t>(op.kv_len));
  for (std::int64_t b = 0; b < op.batch; ++b) {
    for (std::int64_t h = 0; h < op.heads; ++h) {
      head_forward(op, Head(op, b, h), q, k, v, o, lse, scores.data());
    }
  }
}

void attention_backward(const cost::Attention& op, const AttentionInputs& in, const float* d_o, float* dq,
                        float* dk, float* dv) {
  const std::int64_t keys = op.batch * op.kv_len * op.kv_heads * op.head_dim;
  std::fill(dk, dk + keys, 0.0F);
  std::fill(dv, dv + keys, 0.0F);
  for (std::int64_t b = 0; b < op.batch; ++b) {
    for (std::int64_t h = 0; h < op.heads; ++h) head_backward(op, Head(op, b, h), in, d_o, dq, dk, dv);
  }
}

}  // namespace orrery::cpu
