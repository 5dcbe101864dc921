#include <algorithm>
#include <cmath>
#include <vector>

#include "calibrate/backends/cpu/kernels/attention_rows.hpp"
#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"

namespace orrery::cpu {
namespace {

/// Where the keys (and values) of one sequence lie for one head: token `j` in page table[j / block].
struct Pages {
  const std::int32_t* table;
  std::int64_t block, step, start;  ///< step: from one token of a page to the next
  std::int64_t place(std::int64_t j) const { return (table[j / block] * block + j % block) * step + start; }
};

ORRERY_VECTORISED void head_decode(std::int64_t head_dim, std::int64_t length, const Pages& pages,
                                   const float* query, const float* keys, const float* values, float* out,
                                   float* scores) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
  std::fill(out, out + head_dim, 0.0F);
  if (length == 0) return;
  for (std::int64_t j = 0; j < length; ++j) {
    scores[j] = scale * dot_row(head_dim, query, keys + pages.place(j));
  }
  const float inverse = 1.0F / exponentials(length, scores).sum;
  for (std::int64_t j = 0; j < length; ++j) {
    add_row(head_dim, scores[j] * inverse, values + pages.place(j), out);
  }
}

}  // namespace

void attention_decode(const cost::AttentionDecode& op, const float* q, const float* k_cache,
                      const float* v_cache, const std::int32_t* table, const std::int32_t* lengths,
                      float* o) {
  std::vector<float> scores(static_cast<std::size_t>(op.pages() * op.block));
  for (std::int64_t s = 0; s < op.sequences; ++s) {
    for (std::int64_t h = 0; h < op.heads; ++h) {
      const std::int64_t kv_head = h / (op.heads / op.kv_heads);
      const Pages pages{table + s * op.pages(), op.block, op.kv_heads * op.head_dim, kv_head * op.head_dim};
      const std::int64_t row = (s * op.heads + h) * op.head_dim;
      head_decode(op.head_dim, lengths[s], pages, q + row, k_cache, v_cache, o + row, scores.data());
    }
  }
}

}  // namespace orrery::cpu
