#include <algorithm>
#include <cstring>

#include "calibrate/backends/cpu/kernels/kernel_functions.hpp"
#include "calibrate/number_format.hpp"

namespace orrery::cpu {

// Piece by piece, so that the fp32 words in between stay in the cache.
void cast(const cost::Cast& op, const std::byte* x, std::byte* y) {
  constexpr std::int64_t kPiece = 4096;
  const auto from = static_cast<std::size_t>(cost::bytes_of(op.from));
  for (std::int64_t done = 0; done < op.elements; done += kPiece) {
    const auto count = static_cast<std::size_t>(std::min(kPiece, op.elements - done));
    const std::vector<std::byte> piece =
        calibrate::encode(calibrate::decode({x, count * from}, op.from), op.to);
    std::memcpy(y, piece.data(), piece.size());
    x += count * from;
    y += piece.size();
  }
}

}  // namespace orrery::cpu
