# For gpu-measure alone: fmt, nlohmann-json and CLI11 as headers, from ORRERY_THIRD_PARTY (the bundle brings them) or the
# system, under the names that their packages give them. Nothing is linked, so that the program runs on a machine with
# other system libraries.
set(ORRERY_THIRD_PARTY "" CACHE PATH "Folder with fmt/, nlohmann/ and CLI/")
foreach(header fmt/format.h nlohmann/json.hpp CLI/CLI.hpp)
  string(MAKE_C_IDENTIFIER "ORRERY_DIR_${header}" found)
  find_path(${found} ${header} HINTS "${ORRERY_THIRD_PARTY}")
  if(NOT ${found})
    message(FATAL_ERROR "${header} was not found; set ORRERY_THIRD_PARTY to a folder that holds it")
  endif()
endforeach()
foreach(target fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
endforeach()
target_include_directories(fmt::fmt INTERFACE ${ORRERY_DIR_fmt_format_h})
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
target_include_directories(nlohmann_json::nlohmann_json INTERFACE ${ORRERY_DIR_nlohmann_json_hpp})
target_include_directories(CLI11::CLI11 INTERFACE ${ORRERY_DIR_CLI_CLI_hpp})
