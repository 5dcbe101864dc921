// Messages between two ranks over MPI. Waiting ranks look, and sleep between looks: where there are more ranks than cores,
// a rank that spins keeps the others from sending it what it waits for.
#pragma once

#include <memory>

#include "calibrate/point_to_point.hpp"

namespace orrery::cpu {

/// Over all ranks of the program; a collective call. It must not outlive the MpiSession.
std::unique_ptr<calibrate::PointToPoint> mpi_point_to_point();

}  // namespace orrery::cpu
