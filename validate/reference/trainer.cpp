#include "validate/reference/trainer.hpp"

#include <fmt/core.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <variant>

#include "sim/base/error.hpp"
#include "validate/reference/checkpoint.hpp"
#include "validate/reference/dataset.hpp"
#include "validate/reference/evaluation.hpp"
#include "validate/reference/feed.hpp"
#include "validate/reference/graph_runner.hpp"
#include "workloads/model/builder.hpp"
#include "workloads/parallel/buckets.hpp"

namespace orrery::reference {
namespace {

void check_batch(const TrainConfig& config, int ranks) {
  if (config.batch % ranks == 0 && config.batch > 0) return;
  const std::int64_t below = config.batch / ranks * ranks;
  throw ScenarioError(
      "$.batch", fmt::format("{} samples cannot be divided evenly among {} ranks; use {}{}", config.batch,
                             ranks, below > 0 ? fmt::format("{} or ", below) : "", below + ranks));
}

void check_samples(const TrainConfig& config, const Dataset& data) {
  const std::int64_t samples = data.samples(Split::train);
  if (config.batch <= samples) return;
  throw ScenarioError("$.batch", fmt::format("{}: the data set has {} training samples ({})", config.batch,
                                             samples, data.description()));
}

/// The checkpoint to go on from, if there is one.
std::optional<Checkpoint> resume_point(const TrainOptions& options,
                                       const std::map<std::string, std::string>& identity) {
  if (!options.resume) return std::nullopt;
  if (options.checkpoint.empty()) throw ScenarioError("--resume", "needs --checkpoint FILE to resume from");
  if (!std::filesystem::exists(options.checkpoint)) return std::nullopt;
  Checkpoint checkpoint = read_checkpoint(options.checkpoint);
  check_identity(checkpoint, identity, options.checkpoint);
  return checkpoint;
}

cpu::KernelConstants constants_of(const model::OptimizerConfig& optimizer, int ranks) {
  cpu::KernelConstants constants;
  constants.scale = 1.0F / static_cast<float>(ranks);
  std::visit([&](const auto& config) { constants.learning_rate = static_cast<float>(config.learning_rate); },
             optimizer);
  if (const auto* momentum = std::get_if<model::MomentumConfig>(&optimizer)) {
    constants.momentum = static_cast<float>(momentum->momentum);
  }
  if (const auto* adam = std::get_if<model::AdamConfig>(&optimizer)) {
    constants.beta1 = static_cast<float>(adam->beta1);
    constants.beta2 = static_cast<float>(adam->beta2);
    constants.epsilon = static_cast<float>(adam->epsilon);
  }
  return constants;
}

/// Seconds on a clock that all ranks of the machine share, from a moment at which all of them had arrived.
class RunClock {
 public:
  explicit RunClock(calibrate::Communicator& ranks) {
    ranks.barrier();
    zero_ = ticks();
    ranks.broadcast(std::as_writable_bytes(std::span(&zero_, 1)), 0);
  }
  double now() const { return static_cast<double>(ticks() - zero_) * 1e-9; }

 private:
  static std::int64_t ticks() {
    using Nanoseconds = std::chrono::nanoseconds;
    return std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  std::int64_t zero_ = 0;
};

class Trainer {
 public:
  Trainer(const TrainConfig& config, const TrainOptions& options, calibrate::Communicator& ranks)
      : config_(config),
        options_(options),
        ranks_(ranks),
        data_(load(config, ranks.size())),
        graph_(model::build(config.model, config.batch / ranks.size(),
                            model::optimizer_kind(config.optimizer), ranks.size())),
        runner_(graph_),
        constants_(constants_of(config.optimizer, ranks.size())),
        identity_(run_identity(config, ranks.size(), data_->checksum())) {
    if (ranks.size() > 1) buckets_ = parallel::plan_buckets(graph_, config.bucket);
    runner_.initialise(Seed{config.seed});
    if (std::optional<Checkpoint> from = resume_point(options, identity_)) restore(*from);
  }

  TrainRun run(const Progress& progress) {
    feed_.emplace(*data_, Seed{config_.seed}, config_.batch, ranks_.rank(), ranks_.size(), first_step_,
                  config_.steps);
    if (first_step_ < config_.steps) feed_->step(first_step_);
    const RunClock clock(ranks_);
    for (std::int64_t step = first_step_; step < config_.steps; ++step) {
      run_step(step, clock);
      if (progress && ranks_.rank() == 0) progress(step, fresh_losses_.back());
      const bool due = options_.checkpoint_every > 0 && (step + 1) % options_.checkpoint_every == 0;
      if (due && step + 1 < config_.steps) save(step + 1);
    }
    share_losses();
    if (!options_.checkpoint.empty()) save(config_.steps);
    return record();
  }

 private:
  static std::unique_ptr<Dataset> load(const TrainConfig& config, int ranks) {
    check_batch(config, ranks);
    std::unique_ptr<Dataset> data = load_dataset(config.data, config.model, Seed{config.seed});
    check_samples(config, *data);
    return data;
  }

  void run_nodes(std::int64_t step, std::size_t first, std::size_t last, const RunClock& clock) {
    if (step < config_.steps - options_.traced_steps) {
      for (std::size_t node = first; node < last; ++node) runner_.run(node, constants_);
      return;
    }
    for (std::size_t node = first; node < last; ++node) {
      const double begin = clock.now();
      runner_.run(node, constants_);
      log_.nodes.push_back({step, node, {begin, clock.now()}});
    }
  }

  void run_step(std::int64_t step, const RunClock& clock) {
    const std::size_t backward = first_backward(graph_);
    const std::size_t update = first_update(graph_);
    constants_.step = static_cast<int>(step) + 1;
    StepLog log;
    log.buckets.reserve(buckets_.size());
    log.start = clock.now();
    const Feed::Batch batch = feed_->step(step);
    runner_.bind_batch(batch.inputs, batch.labels);
    log.input = clock.now();
    run_nodes(step, 0, backward, clock);
    log.forward = clock.now();
    std::size_t done = backward;
    for (const parallel::Bucket& bucket : buckets_) {
      if (bucket.ready_after >= done) run_nodes(step, done, bucket.ready_after + 1, clock);
      done = std::max(done, bucket.ready_after + 1);
      const double begin = clock.now();
      ranks_.all_reduce_sum(runner_.gradients().subspan(static_cast<std::size_t>(bucket.offset),
                                                        static_cast<std::size_t>(bucket.elements)));
      log.buckets.push_back({begin, clock.now()});
    }
    run_nodes(step, done, update, clock);
    log.backward = clock.now();
    run_nodes(step, update, graph_.nodes.size(), clock);
    log.end = clock.now();
    fresh_losses_.push_back(runner_.loss());
    log_.steps.push_back(std::move(log));
  }

  /// Moves the losses since the last call to `losses_`, averaged over ranks in rank order.
  void share_losses() {
    const std::size_t count = fresh_losses_.size();
    std::vector<float> all(count * static_cast<std::size_t>(ranks_.size()));
    if (count > 0) ranks_.all_gather(fresh_losses_, all);
    for (std::size_t i = 0; i < count; ++i) {
      double sum = 0.0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(ranks_.size()); ++r) sum += all[r * count + i];
      losses_.push_back(sum / ranks_.size());
    }
    fresh_losses_.clear();
  }

  void save(std::int64_t next_step) {
    share_losses();
    if (ranks_.rank() != 0) return;
    Checkpoint checkpoint{identity_, next_step, losses_, {}};
    const auto keep = [&checkpoint](std::span<float> values) {
      checkpoint.buffers.emplace_back(values.begin(), values.end());
    };
    keep(runner_.weights());
    for (const TensorId state : runner_.optimizer_states()) keep(runner_.tensor(state));
    write_checkpoint(options_.checkpoint, checkpoint);
  }

  void restore(const Checkpoint& checkpoint) {
    std::vector<TensorId> targets{graph_.flat_weights};
    targets.insert(targets.end(), runner_.optimizer_states().begin(), runner_.optimizer_states().end());
    const auto refuse = [this] {
      throw ScenarioError("--checkpoint", options_.checkpoint + " does not hold this model's parameters");
    };
    if (checkpoint.buffers.size() != targets.size()) refuse();
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const std::span<float> to = runner_.tensor(targets[i]);
      if (to.size() != checkpoint.buffers[i].size()) refuse();
      std::copy(checkpoint.buffers[i].begin(), checkpoint.buffers[i].end(), to.begin());
    }
    if (checkpoint.step >= config_.steps) {
      throw ScenarioError("--steps", fmt::format("{}: the checkpoint has already done {} steps",
                                                 config_.steps, checkpoint.step));
    }
    first_step_ = checkpoint.step;
    losses_ = checkpoint.losses;
  }

  TrainRun record() {
    TrainRun run;
    run.config = config_;
    run.ranks = ranks_.size();
    run.model_name = graph_.name;
    run.data_description = data_->description();
    run.parameters = graph_.parameter_count();
    run.first_step = first_step_;
    run.warm_up = options_.warm_up;
    run.losses = losses_;
    run.bigram_entropy = data_->bigram_entropy();
    if (options_.traced_steps > 0) {
      for (const model::Node& node : graph_.nodes) run.node_names.push_back(node.name);
    }
    if (options_.evaluate) run.test = evaluate(*data_, graph_, runner_, ranks_);
    collect_logs(run);
    return run;
  }

  void collect_logs(TrainRun& run) {
    if (ranks_.rank() > 0) {
      const std::vector<std::uint8_t> bytes = Json::to_cbor(rank_log_json(log_));
      std::uint64_t size = bytes.size();
      ranks_.send(std::as_bytes(std::span(&size, 1)), 0);
      ranks_.send(std::as_bytes(std::span(bytes)), 0);
    }
    run.logs.push_back(std::move(log_));
    for (int r = 1; ranks_.rank() == 0 && r < ranks_.size(); ++r) {
      std::uint64_t size = 0;
      ranks_.receive(std::as_writable_bytes(std::span(&size, 1)), r);
      std::vector<std::uint8_t> bytes(size);
      ranks_.receive(std::as_writable_bytes(std::span(bytes)), r);
      run.logs.push_back(parse_rank_log(Json::from_cbor(bytes)));
    }
  }

  TrainConfig config_;
  TrainOptions options_;
  calibrate::Communicator& ranks_;
  std::unique_ptr<Dataset> data_;
  model::ModelGraph graph_;
  GraphRunner runner_;
  cpu::KernelConstants constants_;
  std::map<std::string, std::string> identity_;
  std::vector<parallel::Bucket> buckets_;
  std::optional<Feed> feed_;
  std::int64_t first_step_ = 0;
  std::vector<double> losses_;       ///< of all ranks, as far as shared
  std::vector<float> fresh_losses_;  ///< of this rank, since then
  RankLog log_;
};

}  // namespace

void check_config(const TrainConfig& config, const TrainOptions& options, int ranks) {
  check_batch(config, ranks);
  const std::unique_ptr<Dataset> data = load_dataset(config.data, config.model, Seed{config.seed});
  check_samples(config, *data);
  model::build(config.model, config.batch / ranks, model::optimizer_kind(config.optimizer), ranks);
  const auto from = resume_point(options, run_identity(config, ranks, data->checksum()));
  if (from && from->step >= config.steps) {
    throw ScenarioError(
        "--steps", fmt::format("{}: the checkpoint has already done {} steps", config.steps, from->step));
  }
}

TrainRun train(const TrainConfig& config, const TrainOptions& options, calibrate::Communicator& ranks,
               const Progress& progress) {
  return Trainer(config, options, ranks).run(progress);
}

}  // namespace orrery::reference
