// The link table. A row is added with its source: for the bandwidth the named document; for the latency, where no named
// document states it, the word "typical" (the order that is usual for such parts) or "assumed" (a guess of ours).
#include "sim/net/link_config.hpp"

namespace orrery::net {
namespace {

using namespace literals;

const char* const kNvlinkLatency = "; latency typical";
const char* const kPcieLatency = "; latency typical of one hop";

/// PCI Express: lanes of `rate` transfers/s, one bit each, 128b/130b coded (generations 3 to 5).
constexpr BytesPerSec pcie_x16(double rate) {
  return BytesPerSec(rate * 16.0 / 8.0 * 128.0 / 130.0);
}

std::vector<LinkPreset> inside_a_node() {
  const std::string nvlink = kNvlinkLatency, pcie = kPcieLatency;
  return {
      {"nvlink1_link", {20_GBps, 0.5_us}, "one link: NVIDIA Tesla P100 whitepaper, 2016: 20 GB/s a direction" + nvlink},
      {"nvlink2_link", {25_GBps, 0.5_us}, "one link: NVIDIA Tesla V100 whitepaper, 2017: 25 GB/s a direction" + nvlink},
      {"nvlink2", {150_GBps, 0.5_us}, "a V100's 6 links to switches: NVIDIA DGX-2 datasheet, 2018" + nvlink},
      {"nvlink3", {300_GBps, 0.4_us}, "an A100's 12 links: NVIDIA A100 datasheet: 600 GB/s in both directions" + nvlink},
      {"nvlink4", {450_GBps, 0.4_us}, "an H100's 18 links: NVIDIA H100 datasheet: 900 GB/s in both directions" + nvlink},
      {"nvlink5", {900_GBps, 0.4_us}, "a B200's 18 links: NVIDIA Blackwell datasheet: 1.8 TB/s in both directions" + nvlink},
      {"infinity_fabric_mi300x", {64_GBps, 0.5_us}, "one of 7 links: AMD Instinct MI300X datasheet: 128 GB/s in both "
                                                   "directions; latency typical"},
      {"pcie3_x16", {pcie_x16(8e9), 0.3_us}, "PCI Express base specification 3.0: 8 GT/s, 128b/130b" + pcie},
      {"pcie4_x16", {pcie_x16(16e9), 0.3_us}, "PCI Express base specification 4.0: 16 GT/s, 128b/130b" + pcie},
      {"pcie5_x16", {pcie_x16(32e9), 0.3_us}, "PCI Express base specification 5.0: 32 GT/s, 128b/130b" + pcie},
      {"pcie6_x16", {BytesPerSec(64e9 * 16 / 8 * 236 / 256), 0.3_us},
       "PCI Express base specification 6.0: 64 GT/s, 236 of a flit's 256 bytes are payload" + pcie},
      {"qpi_9_6", {19.2_GBps, 0.2_us}, "one link: Intel Xeon E5 v4 datasheet: 9.6 GT/s, 2 bytes wide; latency typical"},
      {"upi_10_4", {20.8_GBps, 0.2_us}, "one link: Intel Xeon Scalable datasheet, 2017: 10.4 GT/s, 2 bytes wide; latency "
                                        "typical"},
      {"xgmi_18", {36_GBps, 0.2_us},
       "one link: 16 lanes at the 18 GT/s that AMD states for EPYC 7003, without their coding; latency typical"},
  };
}

std::vector<LinkPreset> between_nodes() {
  const std::string ib = "; latency typical: half of 1 us between two hosts on one switch";
  const std::string roce = "; latency typical: half of 2 us between two hosts on one switch";
  return {
      {"ib_edr", {12.5_GBps, 0.5_us}, "InfiniBand architecture specification: 4x EDR, 100 Gbit/s" + ib},
      {"ib_hdr", {25_GBps, 0.5_us}, "InfiniBand architecture specification: 4x HDR, 200 Gbit/s" + ib},
      {"ib_ndr", {50_GBps, 0.5_us}, "InfiniBand architecture specification: 4x NDR, 400 Gbit/s" + ib},
      {"ib_xdr", {100_GBps, 0.5_us}, "InfiniBand architecture specification: 4x XDR, 800 Gbit/s" + ib},
      {"roce_100", {12.5_GBps, 1_us}, "IEEE 802.3bm: 100 Gbit/s" + roce},
      {"roce_200", {25_GBps, 1_us}, "IEEE 802.3bs: 200 Gbit/s" + roce},
      {"roce_400", {50_GBps, 1_us}, "IEEE 802.3bs: 400 Gbit/s" + roce},
      {"roce_800", {100_GBps, 1_us}, "IEEE 802.3df: 800 Gbit/s" + roce},
      {"efa_v1", {12.5_GBps, 7.5_us},
       "one card: AWS p4d instances, 2020: 4 x 100 Gbit/s; latency assumed: half of 15 us, typical of MPI over EFA's "
       "first generation"},
      {"efa_v2", {50_GBps, 5_us}, "share of one GPU: AWS p5 instances, 2023: 3200 Gbit/s for 8 GPUs; latency assumed"},
      {"efa_v3", {50_GBps, 3.3_us},
       "share of one GPU: AWS p5en instances, 2024: 3200 Gbit/s for 8 GPUs; latency assumed: a third below efa_v2, as "
       "AWS announced an improvement of up to 35 %"},
      {"efa_v4", {50_GBps, 3_us},
       "share of one GPU: AWS p6-b200 instances, 2025: 3200 Gbit/s for 8 GPUs; latency assumed"},
      {"slingshot_200", {25_GBps, 0.8_us},
       "200 Gbit/s ports of the Rosetta switch: De Sensi et al., Slingshot, SC 2020; latency assumed"},
      {"tpu_v4_ici", {50_GBps, 0.5_us}, "one of 6 links: Jouppi et al., TPU v4, ISCA 2023: 50 GB/s; latency typical"},
  };
}

}  // namespace

const std::vector<LinkPreset>& link_presets() {
  static const std::vector<LinkPreset> table = [] {
    std::vector<LinkPreset> rows{
        {"classroom_10gige", {1.25_GBps, 4_us}, "course table: 10 Gbit/s, 4 us"},
        {"classroom_40gige", {5_GBps, 4_us}, "course table: 40 Gbit/s, 4 us"},
        {"classroom_ib_edr", {12.5_GBps, 1_us}, "course table: 100 Gbit/s, 1 us"},
        {"classroom_nvlink", {50_GBps, 0.2_us}, "course table: more than 400 Gbit/s, 0.1 to 0.2 us"},
    };
    for (const auto& more : {inside_a_node(), between_nodes()}) rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  }();
  return table;
}

}  // namespace orrery::net
