#include "validate/netlab_suite.hpp"

#include "sim/base/error.hpp"

namespace orrery::validate {
namespace {

using namespace literals;

}  // namespace

NetlabNetwork netlab_network(int ranks, BytesPerSec rate) {
  return {ranks + 1, rate, 1, 0.5 * rate};
}

std::vector<NetlabCase> calibration_cases(int ranks) {
  std::vector<NetlabCase> cases;
  for (const Bytes size : {6000_B, 20000_B, 52000_B, 148000_B, 360000_B, 800000_B}) {
    cases.push_back({NetlabPattern::ping_pong, "", 2, size});
    cases.push_back({NetlabPattern::stream, "", 2, size});
    cases.push_back({NetlabPattern::exchange, "", 2, size});
    for (const int active : {4, ranks / 2 * 2}) {
      cases.push_back({NetlabPattern::pairs, "", active, size});
      if (active == 4 && ranks / 2 * 2 == 4) break;
    }
    cases.push_back({NetlabPattern::pairs, "", ranks / 2 * 2, size, true});
    for (const auto pattern : {NetlabPattern::relay, NetlabPattern::everyone, NetlabPattern::fan_in}) {
      cases.push_back({pattern, "", ranks, size});
    }
  }
  return cases;
}

std::vector<NetlabCase> scored_cases(int ranks) {
  SIM_ASSERT(4 <= ranks && ranks <= 8, "the suite is made for 4 to 8 ranks");
  std::vector<NetlabCase> cases;
  for (const Bytes size : {64_KiB, 256_KiB, 1_MiB}) {
    for (const char* algorithm : {"parameter_server", "ring", "halving_doubling", "recursive_doubling", "binomial",
                                  "two_shot", "one_shot"}) {
      cases.push_back({NetlabPattern::collective, algorithm, ranks, size});
    }
    cases.push_back({NetlabPattern::library, "", ranks, size});
    for (const char* algorithm : {"ring", "halving_doubling"}) {
      cases.push_back({NetlabPattern::two_jobs, algorithm, ranks, size});
    }
  }
  for (const Bytes size : {128_KiB, 512_KiB}) {
    for (const char* algorithm : {"parameter_server", "ring", "halving_doubling", "recursive_doubling", "binomial"}) {
      cases.push_back({NetlabPattern::collective, algorithm, ranks, size, false, true});
    }
  }
  return cases;
}

}  // namespace orrery::validate
