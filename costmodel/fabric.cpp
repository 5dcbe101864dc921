#include "costmodel/fabric.hpp"

#include <algorithm>
#include <cctype>

#include "sim/base/error.hpp"
#include "sim/base/spelling.hpp"

namespace orrery::cost {
namespace {

std::string lower(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return result;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// `phrase` with nothing but a version glued to it: "efa" is in "EFA v4" and "EFAv2" but not in "default".
bool contains_words(const std::string& text, const std::string& phrase) {
  for (std::size_t at = text.find(phrase); at != std::string::npos; at = text.find(phrase, at + 1)) {
    if (at > 0 && (is_letter(text[at - 1]) || is_digit(text[at - 1]))) continue;
    std::size_t end = at + phrase.size();
    if (end + 1 < text.size() && text[end] == 'v' && is_digit(text[end + 1])) ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == text.size() || !is_letter(text[end])) return true;
  }
  return false;
}

bool contains_any_word(const std::string& text, std::initializer_list<const char*> phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&text](const char* p) { return contains_words(text, p); });
}

/// Where the letters `word` stand alone, with digits or signs around them: "nvl" in "NVL72", not in "NVLink".
std::size_t find_letters(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return at;
  }
  return std::string::npos;
}

/// A GPU comes in several forms, each with other wires. "PCIe" belongs to systems joined through the host. "NVL72" is a
/// domain of 72; "NVL" without a number is a pair of cards with a bridge ("H100 NVL"), beside an NVL system its short form.
bool has_form(const FabricSpec& spec, const std::string& text) {
  constexpr int kTrayMost = 8;
  if (contains(text, "pcie") && spec.shape != DomainShape::host) return false;
  const std::size_t at = find_letters(text, "nvl");
  if (at == std::string::npos) return true;
  std::string digits;
  for (std::size_t i = at + 3; i < text.size() && is_digit(text[i]); ++i) digits += text[i];
  if (digits.empty()) return spec.domain > kTrayMost;
  return spec.shape == DomainShape::switched && digits == std::to_string(spec.domain);
}

NetworkSpec network(const char* name) {
  for (const NetworkSpec& spec : known_networks()) {
    if (spec.name == name) return spec;
  }
  SIM_ASSERT(false, "a known network");
  return {};
}

FabricSpec fabric(const char* system, DomainShape shape, int domain, double gbps, bool reduces, const char* net,
                  const char* source) {
  return {system, shape, domain, BytesPerSec(gbps * 1e9), reduces, {}, network(net), source};
}

/// The known name of the GPU in what people write; longer names stand first, so that "gb200" is not taken for "b200".
std::string gpu_of(const std::string& text) {
  if (contains(text, "a100") && contains(text, "pair")) return "a100_pairwise";
  if (contains(text, "h100") && contains(text, "pair")) return "h100_pairwise";
  if (contains(text, "v100") && contains(text, "pcie")) return "v100_pcie";
  const std::pair<const char*, const char*> names[] = {
      {"gb300", "gb300"}, {"gb200", "gb200"},       {"gh200", "gh200"},    {"b300", "b300_sxm"}, {"b200", "b200_sxm"},
      {"h200", "h200_sxm"}, {"h100", "h100_sxm"},   {"a100", "a100_sxm"},  {"v100", "v100_sxm"}, {"l40s", "l40s"},
      {"rtx_pro_6000", "rtx_pro_6000"}, {"a40", "a40_pairwise"}};
  for (const auto& [part, name] : names) {
    if (contains(text, part)) return name;
  }
  return "";
}

/// The known system, GPU and form; nullptr where there is no such row.
const FabricSpec* system_of(const std::string& written) {
  const std::string text = lower(written);
  const std::string name = gpu_of(text);
  for (const FabricSpec& spec : known_fabrics()) {
    if (spec.system == name) return has_form(spec, text) ? &spec : nullptr;
  }
  return nullptr;
}

}  // namespace

const std::vector<NetworkSpec>& known_networks() {
  static const std::vector<NetworkSpec> table{
      {"infiniband_ndr", 8, BytesPerSec(400e9), Seconds(1.3e-6), true,
       "8 x 400 Gb/s: NVIDIA ConnectX-7 and Quantum-2 datasheets; latency typical of MPI: 1.0 to 1.5 us"},
      {"infiniband_hdr", 8, BytesPerSec(200e9), Seconds(1.3e-6), true,
       "8 x 200 Gb/s: NVIDIA ConnectX-6 and DGX A100 datasheets; latency typical, as of infiniband_ndr"},
      {"roce_400", 8, BytesPerSec(400e9), Seconds(2.0e-6), true,
       "8 x 400 Gb/s: NVIDIA ConnectX-7 datasheet; latency assumed for Ethernet switches"},
      {"roce_16x100", 16, BytesPerSec(200e9), Seconds(2.0e-6), true,
       "16 x 100 Gb/s RDMA cluster network: Oracle BM.GPU.B4.8; latency assumed, as of roce_400"},
      {"efa_v1", 4, BytesPerSec(50e9), Seconds(15.5e-6), false,
       "4 x 100 Gb/s: AWS p4d; latency assumed: typical of MPI over EFA's first generation, about 15 us"},
      {"efa_v2", 32, BytesPerSec(400e9), Seconds(8.5e-6), true,
       "32 x 100 Gb/s: AWS p5; latency assumed: about half of the first generation's"},
      {"efa_v4", 8, BytesPerSec(400e9), Seconds(8.5e-6), true,
       "8 x 400 Gb/s: AWS p6-b200; latency assumed, as of efa_v2"},
      {"tcpxo", 8, BytesPerSec(200e9), Seconds(15e-6), false,
       "8 x 200 Gb/s: Google Cloud A3 Mega, GPUDirect-TCPXO; latency assumed: typical of TCP"},
      {"slingshot_11", 4, BytesPerSec(100e9), Seconds(1.85e-6), false,
       "4 x 200 Gb/s: HPE Slingshot 11 adapters; latency assumed: typical of MPI over Slingshot"},
      {"ethernet_10g", 1, BytesPerSec(1.25e9), Seconds(20e-6), false,
       "10 Gb/s Ethernet (IEEE 802.3); latency assumed: typical of TCP in the kernel"},
      {"host_network", 1, BytesPerSec(12.5e9), Seconds(15e-6), false,
       "assumed: 100 Gb/s Ethernet, data staged in the host's memory"},
  };
  return table;
}

const std::vector<FabricSpec>& known_fabrics() {
  static const std::vector<FabricSpec> table = [] {
    using enum DomainShape;
    std::vector<FabricSpec> t{
        fabric("a100_sxm", switched, 8, 300, false, "infiniband_hdr", "NVLink 3: 12 x 25 GB/s; NVIDIA A100 datasheet"),
        fabric("h100_sxm", switched, 8, 450, true, "infiniband_ndr",
               "NVLink 4: 18 x 25 GB/s; NVSwitch 3 with SHARP; NVIDIA H100 datasheet"),
        fabric("h200_sxm", switched, 8, 450, true, "infiniband_ndr", "as H100; NVIDIA H200 datasheet"),
        fabric("b200_sxm", switched, 8, 900, true, "infiniband_ndr",
               "NVLink 5: 18 x 50 GB/s; NVSwitch with SHARP; NVIDIA HGX B200 datasheet"),
        fabric("b300_sxm", switched, 8, 900, true, "infiniband_ndr", "as B200; NVIDIA HGX B300 datasheet"),
        fabric("gb200", switched, 72, 900, true, "infiniband_ndr", "NVL72: 72 GPUs in one domain; NVIDIA GB200 datasheet"),
        fabric("gb300", switched, 72, 900, true, "infiniband_ndr", "NVL72; NVIDIA GB300 datasheet"),
        fabric("gh200", mesh, 4, 450, false, "slingshot_11",
               "NVLink 4, four superchips fully connected, 6 links to each peer, as in the nodes of CSCS Alps"),
        fabric("v100_sxm", mesh, 8, 150, false, "infiniband_hdr",
               "NVLink 2: 6 x 25 GB/s, hybrid cube mesh: NVIDIA Tesla V100 whitepaper, 2017, DGX-1V; network assumed"),
        fabric("v100_pcie", host, 8, 15.75, false, "ethernet_10g",
               "PCIe 3.0 x16: NVIDIA V100 datasheet; network assumed"),
        fabric("l40s", host, 8, 31.5, false, "host_network", "PCIe 4.0 x16: NVIDIA L40S datasheet; network assumed"),
        fabric("rtx_pro_6000", host, 8, 63, false, "host_network",
               "PCIe 5.0 x16: NVIDIA RTX PRO 6000 datasheet; network assumed"),
        fabric("a100_pairwise", host, 4, 31.5, false, "host_network",
               "PCIe 4.0 x16, bridges join pairs: Azure NC A100 v4; network assumed"),
        fabric("h100_pairwise", host, 4, 63, false, "host_network",
               "assumed: PCIe 5.0 x16, bridges join pairs, as the A100 form"),
        fabric("a40_pairwise", host, 8, 31.5, false, "host_network",
               "PCIe 4.0 x16: NVIDIA A40 datasheet; network assumed"),
    };
    for (FabricSpec& spec : t) {
      // Link map of the DGX-1V: edge-disjoint rings (both directions) among the first n GPUs, times 25 GB/s; five GPUs
      // have no ring, a chain over a single link takes S both ways (equal to 40 GB/s of ring).
      if (spec.system == "v100_sxm") spec.ring_bandwidth_gbps = {25, 50, 100, 40, 50, 100, 150};
      if (spec.system == "gh200") spec.ring_bandwidth_gbps = {150, 300, 450};
    }
    return t;
  }();
  return table;
}

bool is_known_fabric(const std::string& system) {
  return system_of(system) != nullptr;
}

std::string measured_sibling(const std::string& system) {
  const std::pair<const char*, const char*> siblings[] = {{"h200_sxm", "h100_sxm"}, {"gh200", "h100_sxm"},
                                                          {"b300_sxm", "b200_sxm"}, {"gb200", "b200_sxm"},
                                                          {"gb300", "b200_sxm"}};
  for (const auto& [from, to] : siblings) {
    if (system == from) return to;
  }
  return system;
}

const FabricSpec& find_fabric(const std::string& system) {
  if (const FabricSpec* spec = system_of(system)) return *spec;
  std::vector<std::string> names;
  for (const FabricSpec& spec : known_fabrics()) names.push_back(spec.system);
  throw ScenarioError("system", "unknown system \"" + system + "\"" + spelling_hint(system, names));
}

BytesPerSec domain_bandwidth(const FabricSpec& spec, int ranks) {
  if (spec.ring_bandwidth_gbps.empty() || ranks < 2) return spec.link_bandwidth;
  const std::size_t last = spec.ring_bandwidth_gbps.size() - 1;
  return BytesPerSec(spec.ring_bandwidth_gbps[std::min(last, static_cast<std::size_t>(ranks) - 2)] * 1e9);
}

NetworkSpec find_network(const FabricSpec& spec, const std::string& text, double gbit) {
  const std::string t = lower(text);
  NetworkSpec found = spec.network;
  if (contains_any_word(t, {"efa"})) {
    found = network(spec.system == "a100_sxm" ? "efa_v1" : spec.system == "b200_sxm" ? "efa_v4" : "efa_v2");
  } else if (contains_any_word(t, {"tcpx", "tcpxo"})) {
    found = network("tcpxo");
  } else if (contains_any_word(t, {"slingshot", "cxi"})) {
    found = network("slingshot_11");
  } else if (contains_any_word(t, {"b4.8"})) {
    found = network("roce_16x100");
  } else if (contains_any_word(t, {"roce", "rdma cluster"})) {
    found = network("roce_400");
  } else if (contains_any_word(t, {"ethernet", "10gb", "10gbe", "10gbps", "10gbit"})) {
    found = network("ethernet_10g");
  }
  if (gbit > 0.0) found.bandwidth = BytesPerSec(gbit * 1e9 / 8.0);
  return found;
}

}  // namespace orrery::cost
