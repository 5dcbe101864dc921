#include "scenarios/sgd_page.hpp"

#include <fmt/format.h>

#include <string_view>

#include "sim/base/error.hpp"
#include "sim/base/json_io.hpp"

namespace orrery::scenario {

// Defined in the file that cmake/EmbedText.cmake writes; uplot_* are empty where the package is missing.
namespace page {
extern const std::string_view style;
extern const std::string_view script;
extern const std::string_view uplot_style;
extern const std::string_view uplot_script;
extern const std::string_view uplot_license;
}  // namespace page

namespace {

/// Text of an element: no tag and no end of the script element can begin in it.
std::string escaped(std::string_view text, bool json) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += json ? "\\u003c" : "&lt;";
    } else if (c == '&' && !json) {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string page_html(const SgdReport& report) {
  if (page::uplot_script.empty()) {
    throw BackendError("this program was built without uPlot, which draws pages; run `npm ci --prefix web` and build again");
  }
  // Forbids every request, so that the page cannot depend on one.
  constexpr std::string_view policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>\n{}\n{}</style>\n</head>\n<body>\n"
      "<script type=\"application/json\" id=\"report\">{}</script>\n"
      "<script>\n/* uPlot\n{}*/\n{}\n</script>\n<script>\n{}</script>\n</body>\n</html>\n",
      policy, escaped(report.scenario, false), page::uplot_style, page::style,
      escaped(write_json(report).dump(), true), page::uplot_license, page::uplot_script, page::script);
}

}  // namespace orrery::scenario
