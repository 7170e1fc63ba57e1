#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gate {

// At most so many threads, made when they are first needed, that run jobs which may block. Nothing
// ever queues: a job is started at once or refused. Thread-safe.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t most) : most_(most) {}
  ~WorkerPool() { Finish(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and the job is not taken, if all threads are busy or no more can be made.
  bool TryRun(std::function<void()> job);

  // Returns when all jobs have ended. From the first call on nothing is taken.
  void Finish();

 private:
  void Work();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::size_t busy_ = 0;                    // threads with a job, or for which one lies ready
  std::deque<std::function<void()>> jobs_;  // each for a thread that waits
  std::vector<std::thread> threads_;
};

}  // namespace gate
