#include "gate/adapters/worker_pool.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace gate {

void WorkerPool::Finish() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

bool WorkerPool::TryRun(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    if (busy_ == threads_.size()) {
      if (threads_.size() == most_) return false;
      try {
        threads_.emplace_back([this] { Work(); });
      } catch (const std::system_error&) {
        return false;  // as many threads as the system allows
      }
    }
    ++busy_;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::Work() {
  pthread_setname_np(pthread_self(), "http-request");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    {
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
    lock.lock();
    --busy_;
  }
}

}  // namespace gate
