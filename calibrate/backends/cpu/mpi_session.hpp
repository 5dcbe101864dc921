// MPI for this process: initialised once, finalised when the session ends, and its ranks as a Communicator.
// mpi.h stays inside the .cpp. When the session ends because an exception passes, MPI is left unfinalised on
// purpose: the other ranks would wait for a rank that has gone, and so mpirun stops them and passes this
// process's exit code on.
#pragma once

#include <memory>
#include <string>

#include "calibrate/communicator.hpp"

namespace orrery::cpu {

class MpiSession {
 public:
  /// True when mpirun or srun (with PMIx) started this process, so that a session can be opened.
  static bool is_launched();

  /// REQUIRES: is_launched(), and no session before in this process (MPI starts once). Throws BackendError.
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  /// All ranks. Lives as long as the session.
  calibrate::Communicator& world() { return *world_; }

 private:
  int exceptions_at_start_;
  std::unique_ptr<calibrate::Communicator> world_;
};

/// "Open MPI 4.1.4": needs no session.
std::string mpi_library_version();

/// The ranks of this process, whichever way it was started: an MpiSession under mpirun, one rank alone
/// otherwise.
class RankSession {
 public:
  RankSession();
  calibrate::Communicator& world() { return mpi_ ? mpi_->world() : *alone_; }

 private:
  std::unique_ptr<MpiSession> mpi_;
  std::unique_ptr<calibrate::Communicator> alone_;
};

}  // namespace orrery::cpu
