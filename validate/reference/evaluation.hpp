// Scores a trained model on the test split, by the forward part of its training graph.
#pragma once

#include "calibrate/communicator.hpp"
#include "validate/reference/dataset.hpp"
#include "validate/reference/graph_runner.hpp"
#include "validate/reference/train_run.hpp"

namespace orrery::reference {

/// Collective: the ranks share the test samples; rank 0 gets the score, the others their own part of it.
/// Rebinds the runner's batch and overwrites its activations.
Score evaluate(const Dataset& data, const model::ModelGraph& graph, GraphRunner& runner,
               calibrate::Communicator& ranks);

}  // namespace orrery::reference
