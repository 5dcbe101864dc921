// Tables of functions of a library that is looked up at run time: loaded when they are first asked for, one
// per process. A table is a struct of function pointers that carry the library's own names (so that the text
// of a checked call reads as in its documentation) with `static Table load()`, which throws BackendError.
#pragma once

#include <optional>
#include <string>

#include "sim/base/error.hpp"

namespace orrery::cuda {

/// The process's table. A search that failed is not repeated for each operator of a sweep: its error is
/// thrown again.
template <class Table>
const Table& loaded_once() {
  struct Outcome {
    std::optional<Table> table;
    std::string problem;
  };
  static const Outcome outcome = [] {
    Outcome result;
    try {
      result.table.emplace(Table::load());
    } catch (const BackendError& error) {
      result.problem = error.what();
    }
    return result;
  }();
  if (!outcome.table) throw BackendError(outcome.problem);
  return *outcome.table;
}

}  // namespace orrery::cuda

/// One row of a table: a pointer named and typed as the function that the header declares, and its look-up.
#define ORRERY_DECLARE_FUNCTION(name) decltype(&::name) name = nullptr;
#define ORRERY_BIND_FUNCTION(name) library.bind(table.name, #name);
