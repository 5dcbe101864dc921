// How an operator is timed on the GPU, decided from its size and a first run: how many sets of buffers
// rotate, whether the L2 cache is flushed, how many calls make one sample, and whether the stream is held
// back while the host enqueues them. Pure arithmetic, no CUDA.
//
// Held: the stream waits until all calls of a sample are queued, so that the device runs them back to back
// and the host's launch gaps stay out. Free: the calls run as the host issues them. Free are launches, whose
// subject is the host's rate; copies with pageable memory, where the call itself waits for the device (behind
// a held stream it would wait for ever); and compositions, which show what a real step pays.
#pragma once

#include <cstddef>

#include "costmodel/op.hpp"
#include "sim/base/units.hpp"

namespace orrery::cuda {

struct RotationNeeds {
  double touched = 0.0;    ///< bytes that one call touches
  double allocated = 0.0;  ///< bytes of one set of buffers
  double distance = 0.0;   ///< bytes to be touched between two uses of a set
  double available = 0.0;  ///< bytes for all sets
  double l2 = 0.0;         ///< bytes of the L2 cache
};

/// `flush`: the cache is overwritten before each sample, outside the timed window.
struct Rotation {
  int sets = 1;
  bool flush = false;
};

constexpr int kSetsMax = 512;

/// Enough sets for the distance, as far as memory and kSetsMax allow. Flushed when the distance is beyond the
/// L2 cache but the sets are too few to push one another out of it. No set at all when not even one fits.
Rotation plan_rotation(const RotationNeeds& needs);

/// All calls of a sample must fit into the launch queue (about 1000 entries) while the stream is held; a call
/// of a library is up to about five entries.
constexpr int kCallsMax = 100;

/// Calls per sample: enough for the grain of the device's clock (about half a microsecond) to vanish, and
/// after a flush no more than there are cold sets.
int calls_per_sample(Seconds one_call, const Rotation& rotation);

/// See above.
bool is_held(const cost::Op& op);

/// False where one set of buffers shows all: launches touch one number, copies over the bus are bound by the
/// bus.
bool rotates(const cost::Op& op);

/// Scratch memory of the libraries: 1/32 of the free memory, at least 256 MiB and at most 2 GiB. The gradient
/// of fused attention takes four bytes for each number of its queries.
std::size_t workspace_bytes(std::size_t free_bytes);

/// What the arena takes of the free memory.
std::size_t arena_bytes(std::size_t free_bytes, std::size_t cap);

}  // namespace orrery::cuda
