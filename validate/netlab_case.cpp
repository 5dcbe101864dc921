#include "validate/netlab_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/error.hpp"
#include "sim/base/unit_text.hpp"
#include "sim/collective/algorithm.hpp"

namespace orrery::validate {
namespace {

constexpr Bytes kElement{sizeof(float)};

std::int64_t elements_of(const NetlabCase& c) {
  return std::llround(c.size / kElement);
}

/// Slots of the case's size.
collective::Plan pattern_plan(const NetlabCase& c, std::vector<collective::Transfer> transfers, int slots = 1) {
  collective::Plan plan;
  plan.kind = CollectiveKind::point_to_point;
  plan.algorithm = case_name(c);
  plan.ranks = c.ranks;
  plan.layout = collective::SlotLayout::even(elements_of(c) * slots, slots);
  plan.channels.emplace_back();
  for (collective::Transfer& t : transfers) t.combine = c.adds ? collective::Combine::add : collective::Combine::copy;
  plan.channels.back().transfers = std::move(transfers);
  finish(plan.channels.back());
  return plan;
}

/// One slot of the size for each rank: rank i sends slot i to all others. Rank 0 of a fan-in gets one from each.
std::vector<collective::Transfer> to_slots(int ranks, bool to_all) {
  std::vector<collective::Transfer> transfers;
  for (int from = 0; from < ranks; ++from) {
    for (int to = 0; to < (to_all ? ranks : 1); ++to) {
      if (from != to) transfers.push_back({0, from, to, from, from});
    }
  }
  return transfers;
}

collective::Plan all_reduce_plan(const std::string& algorithm, int ranks, std::int64_t elements) {
  collective::PlanRequest request;
  request.ranks = ranks;
  request.elements = elements;
  const Registered<collective::Algorithm> chosen(algorithm);
  if (const auto why = chosen->refusal(request)) throw ScenarioError("algorithm", algorithm + " " + *why);
  return chosen->plan(request);
}

/// The plan as channels of a larger one: participants and slots get new numbers.
void add_job(collective::Plan& all, const collective::Plan& job, const std::vector<int>& hosts, int first_slot) {
  const auto first_channel = static_cast<int>(all.channels.size());
  for (collective::Channel channel : job.channels) {
    if (channel.after >= 0) channel.after += first_channel;
    for (collective::Transfer& t : channel.transfers) {
      t.from = hosts[static_cast<std::size_t>(t.from)];
      t.to = hosts[static_cast<std::size_t>(t.to)];
      t.source += first_slot;
      t.target += first_slot;
    }
    finish(channel);
    all.channels.push_back(std::move(channel));
  }
}

/// Job A on hosts 0 .. n/2-1, job B on host 0 and n/2 .. n-2: both use the link of host 0. Their buffers lie behind one
/// another, with the same cuts as if they were alone, for which the size is rounded down to a multiple of the slots.
collective::Plan two_jobs_plan(const NetlabCase& c) {
  const int half = c.ranks / 2;
  const int slots = all_reduce_plan(c.algorithm, half, elements_of(c)).layout.slots();
  const std::int64_t elements = elements_of(c) / slots * slots;
  const collective::Plan job = all_reduce_plan(c.algorithm, half, elements);
  SIM_ASSERT(job.helpers == 0, "two jobs have no hosts for servers");
  collective::Plan all;
  all.algorithm = case_name(c);
  all.ranks = c.ranks - 1;
  all.layout = collective::SlotLayout::even(2 * elements, 2 * slots);
  std::vector<int> hosts_a, hosts_b{0};
  for (int i = 0; i < half; ++i) hosts_a.push_back(i);
  for (int i = half; i < all.ranks; ++i) hosts_b.push_back(i);
  add_job(all, job, hosts_a, 0);
  add_job(all, job, hosts_b, slots);
  return all;
}

}  // namespace

std::vector<std::string_view> names_of(NetlabPattern) {
  return {"ping_pong", "stream", "exchange", "pairs", "relay", "everyone", "fan_in", "collective", "two_jobs", "library"};
}

std::string case_name(const NetlabCase& c) {
  const std::string_view pattern = names_of(c.pattern)[static_cast<std::size_t>(c.pattern)];
  return fmt::format("{}{}, {} ranks, {}{}{}", c.algorithm.empty() ? pattern : c.algorithm,
                     c.pattern == NetlabPattern::two_jobs ? " x 2" : "", c.ranks, human(c.size, 4),
                     c.adds ? ", adding" : "", c.slow_link ? ", slow link" : "");
}

collective::Plan netlab_plan(const NetlabCase& c) {
  switch (c.pattern) {
    case NetlabPattern::ping_pong: return pattern_plan(c, {{0, 0, 1}, {1, 1, 0}});
    case NetlabPattern::stream: return pattern_plan(c, {{0, 0, 1}});
    case NetlabPattern::exchange: return pattern_plan(c, {{0, 0, 1}, {0, 1, 0}});
    case NetlabPattern::pairs: {
      std::vector<collective::Transfer> transfers;
      for (int i = 0; i + 1 < c.ranks; i += 2) {
        transfers.push_back({0, i, i + 1});
        transfers.push_back({0, i + 1, i});
      }
      return pattern_plan(c, std::move(transfers));
    }
    case NetlabPattern::relay: {
      std::vector<collective::Transfer> transfers;
      for (int step = 0; step < 6; ++step) {
        for (int i = 0; i < c.ranks; ++i) transfers.push_back({step, i, (i + 1) % c.ranks});
      }
      return pattern_plan(c, std::move(transfers));
    }
    case NetlabPattern::everyone: return pattern_plan(c, to_slots(c.ranks, true), c.ranks);
    case NetlabPattern::fan_in: return pattern_plan(c, to_slots(c.ranks, false), c.ranks);
    case NetlabPattern::collective: return all_reduce_plan(c.algorithm, c.ranks, elements_of(c));
    case NetlabPattern::two_jobs: return two_jobs_plan(c);
    case NetlabPattern::library: break;
  }
  throw InternalError("internal error: the library's own all-reduce has no plan");
}

}  // namespace orrery::validate
