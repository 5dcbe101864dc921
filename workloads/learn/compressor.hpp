// Lossy compression of a gradient: what arrives differs from what was sent, and is smaller. Each compressor is one file
// in workloads/learn/compressors with its configuration, registered there. `orrery list compressors` prints them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/base/registered.hpp"
#include "sim/base/rng.hpp"
#include "sim/base/units.hpp"
#include "workloads/learn/problem.hpp"

namespace orrery::learn {

class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual std::unique_ptr<Compressor> clone() const = 0;
  virtual void visit(FieldVisitor& v) = 0;

  /// Replaces `gradient` by what the receiver decodes. Allocates nothing after the first call of a size.
  virtual void apply(Vector& gradient, RngStream& draws) = 0;
  /// Bytes on the wire of a gradient with that many numbers (the encoding is stated in the file).
  virtual Bytes size(std::int64_t numbers) const = 0;
  /// The omega of E|C(x) - x|^2 <= omega |x|^2 when the expectation of what arrives is what was sent (unbiased);
  /// nothing for a biased compressor, for which |C(x) - x| <= |x|.
  virtual std::optional<double> variance(std::int64_t numbers) const = 0;
  bool is_unbiased() const { return variance(1).has_value(); }

  static Registry<Compressor>& registry();
};

/// One sender's compression with its memory: with error feedback, what was lost is added to the next gradient (Seide et
/// al. 2014; Karimireddy et al. 2019). The memory stays bounded only when each message shrinks the error, so an
/// unbiased compressor is divided by 1 + omega there (Beznosikov et al. 2020): rand-k then sends its numbers as they
/// are.
class CompressionState {
 public:
  CompressionState(Registered<Compressor> compressor, bool error_feedback, RngStream draws);
  void apply(Vector& gradient);

 private:
  Registered<Compressor> compressor_;
  bool error_feedback_;
  RngStream draws_;
  Vector memory_, wanted_;
};

struct CompressionConfig {
  Registered<Compressor> method{"none"};
  bool error_feedback = false;
};
template <class V>
void fields(V& v, CompressionConfig& c) {
  v("method", c.method, "how a gradient is made smaller (orrery list compressors)");
  v("error_feedback", c.error_feedback, "what compression lost is added to the sender's next gradient");
}

}  // namespace orrery::learn
