// Runs device kernels on the CPU: each CUDA thread is a coroutine with a stack of its own, the blocks of a
// grid run one behind the other, barriers and shuffles pass the word on. Include it before a kernel's .cuh
// file. It finds wrong arithmetic, indices and masks and shared memory that is read before it is written (it
// begins poisoned); it cannot find races between barriers, nor anything about speed.
#pragma once

#include <cuda_runtime_api.h>
#include <ucontext.h>
#include <vector_types.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#undef __device__
#undef __global__
#undef __shared__
#undef __launch_bounds__
#define __device__
#define __global__
#define __shared__ static
#define __launch_bounds__(...)
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace orrery::on_cpu {

/// Threads that wait for each other.
struct Barrier {
  int waiting = 0;
  long generation = 0;
};

struct Thread {
  ucontext_t context{};
  std::vector<char> stack = std::vector<char>(256 * 1024);
  bool done = false;
};

/// The one block that runs, and where its grid stands.
struct Block {
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Barrier> warps;
  Barrier all;
  std::vector<float> exchange;
  ucontext_t scheduler{};
  std::size_t current = 0;
  std::function<void()> body;
  uint3 thread_index{}, block_index{};
  dim3 grid, block;
  alignas(128) unsigned char shared[232448];
};
inline Block& running() {
  static Block block;
  return block;
}

inline void wait(Barrier& barrier, int threads) {
  Block& b = running();
  const long generation = barrier.generation;
  if (++barrier.waiting == threads) {
    barrier.waiting = 0;
    ++barrier.generation;
    return;
  }
  while (barrier.generation == generation) swapcontext(&b.threads[b.current]->context, &b.scheduler);
}
inline void wait_for_block() {
  wait(running().all, static_cast<int>(running().threads.size()));
}
inline void wait_for_warp() {
  wait(running().warps[running().current / 32], 32);
}

/// What the lane `from` of this warp brought.
inline float shuffle(float mine, std::size_t from) {
  Block& b = running();
  const std::size_t me = b.current;
  b.exchange[me] = mine;
  wait_for_warp();
  const float theirs = b.exchange[me / 32 * 32 + from];
  wait_for_warp();
  return theirs;
}

inline bool first_lane() {
  return running().current % 32 == 0;
}

inline void thread_main() {
  Block& b = running();
  b.body();
  b.threads[b.current]->done = true;
  swapcontext(&b.threads[b.current]->context, &b.scheduler);
}

/// Runs the block whose index is set.
inline void run_block() {
  Block& b = running();
  std::memset(b.shared, 0xFF, sizeof b.shared);  // not a number, in fp32 and in the 16-bit types
  b.all = {};
  for (Barrier& warp : b.warps) warp = {};
  for (auto& thread : b.threads) {
    thread->done = false;
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = thread->stack.data();
    thread->context.uc_stack.ss_size = thread->stack.size();
    thread->context.uc_link = &b.scheduler;
    makecontext(&thread->context, thread_main, 0);
  }
  for (std::size_t left = b.threads.size(); left > 0;) {
    for (b.current = 0; b.current < b.threads.size(); ++b.current) {
      Thread& thread = *b.threads[b.current];
      if (thread.done) continue;
      b.thread_index = {static_cast<unsigned>(b.current), 0, 0};
      swapcontext(&b.scheduler, &thread.context);
      if (thread.done) --left;
    }
  }
}

/// kernel<<<grid, threads>>>(...), `body` being the call.
inline void launch(dim3 grid, int threads, std::function<void()> body) {
  Block& b = running();
  b.body = std::move(body);
  b.grid = grid;
  b.block = dim3(static_cast<unsigned>(threads));
  b.threads.clear();
  for (int i = 0; i < threads; ++i) b.threads.push_back(std::make_unique<Thread>());
  b.warps.assign(static_cast<std::size_t>(threads) / 32, {});
  b.exchange.assign(static_cast<std::size_t>(threads), 0.0F);
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        b.block_index = {x, y, z};
        run_block();
      }
    }
  }
}

}  // namespace orrery::on_cpu

#define threadIdx (::orrery::on_cpu::running().thread_index)
#define blockIdx (::orrery::on_cpu::running().block_index)
#define gridDim (::orrery::on_cpu::running().grid)
#define blockDim (::orrery::on_cpu::running().block)
#define ORRERY_DYNAMIC_SHARED(name) unsigned char* name = ::orrery::on_cpu::running().shared
#define __syncthreads() ::orrery::on_cpu::wait_for_block()
#define __syncwarp() ::orrery::on_cpu::wait_for_warp()
#define __shfl_sync(mask, value, lane) ::orrery::on_cpu::shuffle(value, static_cast<std::size_t>(lane))
#define __shfl_xor_sync(mask, value, step) \
  ::orrery::on_cpu::shuffle(value, ::orrery::on_cpu::running().current % 32 ^ static_cast<std::size_t>(step))
#define __expf(x) expf(x)

using std::max;
using std::min;

inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// WMMA with the whole matrix in the first lane of a warp; the others only wait for it.
namespace nvcuda::wmma {
struct accumulator;
struct matrix_a;
struct matrix_b;
struct row_major;
struct col_major;
enum layout_t { mem_row_major };

template <class Use, int, int, int, class T, class Layout = void>
struct fragment {
  float x[16][16];
};

template <class Fragment>
void fill_fragment(Fragment& f, float value) {
  for (auto& row : f.x) std::fill(std::begin(row), std::end(row), value);
}

template <class Use, class T, class Layout>
void load(fragment<Use, 16, 16, 16, T, Layout>& f, const T* from, int ld, bool rows) {
  ::orrery::on_cpu::wait_for_warp();
  for (int i = 0; i < 16 && ::orrery::on_cpu::first_lane(); ++i) {
    for (int j = 0; j < 16; ++j) f.x[i][j] = static_cast<float>(rows ? from[i * ld + j] : from[j * ld + i]);
  }
  ::orrery::on_cpu::wait_for_warp();
}
template <class T>
void load_matrix_sync(fragment<accumulator, 16, 16, 16, T>& f, const T* from, int ld, layout_t) {
  load(f, from, ld, true);
}
template <class Use, class T, class Layout>
void load_matrix_sync(fragment<Use, 16, 16, 16, T, Layout>& f, const T* from, int ld) {
  load(f, from, ld, std::is_same_v<Layout, row_major>);
}

template <class C, class A, class B>
void mma_sync(C& d, const A& a, const B& b, const C& c) {
  if (!::orrery::on_cpu::first_lane()) return;
  C sum = c;
  for (int i = 0; i < 16; ++i) {
    for (int k = 0; k < 16; ++k) {
      for (int j = 0; j < 16; ++j) sum.x[i][j] += a.x[i][k] * b.x[k][j];
    }
  }
  d = sum;
}

template <class Fragment>
void store_matrix_sync(float* to, const Fragment& f, int ld, layout_t) {
  ::orrery::on_cpu::wait_for_warp();
  if (::orrery::on_cpu::first_lane()) {
    for (int i = 0; i < 16; ++i) std::copy(std::begin(f.x[i]), std::end(f.x[i]), to + i * ld);
  }
  ::orrery::on_cpu::wait_for_warp();
}
}  // namespace nvcuda::wmma
