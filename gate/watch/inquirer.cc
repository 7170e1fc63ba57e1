#include "gate/watch/inquirer.h"

#include <algorithm>

namespace gate::watch {
namespace {

// Whoever answers sets a shorter deadline.
constexpr Nanos kInquiryPatience = std::chrono::minutes(1);

}  // namespace

Inquirer::Inquirer(const InquiryPolicy& policy, Runtime& runtime, McSource& mc, OnAnswer on_answer,
                   Rng rng)
    : policy_(policy), runtime_(runtime), mc_(mc), on_answer_(std::move(on_answer)), rng_(rng) {
  for (int i = 0; i < kMostAtOnce; ++i) changed_.push_back(runtime.NewEvent());
}

Nanos Inquirer::IntervalOf(const Inquiry& inquiry) const {
  return inquiry.why == Inquiry::Why::kPaused ? policy_.while_paused : policy_.while_passed;
}

// Within a fifth of the interval from now.
Instant Inquirer::NextTime(const Inquiry& inquiry) {
  const Nanos interval = IntervalOf(inquiry);
  const auto spread = static_cast<std::uint64_t>((interval * 2 / 5).count());
  return runtime_.Now() + interval * 4 / 5 + Nanos(static_cast<Nanos::rep>(rng_.Below(spread + 1)));
}

void Inquirer::Set(const std::string& ns, const std::string& rollout,
                   std::optional<Inquiry> inquiry) {
  const Key key{ns, rollout};
  if (inquiry && IntervalOf(*inquiry) == Nanos(0)) inquiry.reset();
  {
    const std::lock_guard lock(mutex_);
    const auto found = inquiries_.find(key);
    if (!inquiry) {
      if (found != inquiries_.end()) inquiries_.erase(found);
      due_.Erase(key);
      return;
    }
    if (found != inquiries_.end() && found->second == *inquiry) return;
    due_.Set(key, NextTime(*inquiry));
    inquiries_[key] = *std::move(inquiry);
  }
  for (const auto& changed : changed_) changed->Set();
}

void Inquirer::Run(const std::stop_token& stop) {
  std::vector<std::unique_ptr<Task>> workers;
  for (const auto& changed : changed_) {
    workers.push_back(
        runtime_.Spawn("inquirer", [this, &changed = *changed, &stop] { Work(changed, stop); }));
  }
}

void Inquirer::Work(Event& changed, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Instant wake = Instant::max();
    const auto inquiry = TakeDue(wake);
    if (!inquiry) {
      (void)changed.Wait({wake, stop});
      continue;
    }
    const McSays says = mc_.Ask(*inquiry, {runtime_.Now() + kInquiryPatience, stop});
    PutBack(*inquiry);
    if (says != McSays::kNothing) on_answer_(*inquiry, says);
  }
}

// One that is due; if none is, when the next one will be.
std::optional<Inquiry> Inquirer::TakeDue(Instant& wake) {
  const std::lock_guard lock(mutex_);
  if (const auto key = due_.Take(runtime_.Now())) return inquiries_.at(*key);
  wake = due_.Next().value_or(Instant::max());
  return std::nullopt;
}

// It will be asked again, unless there is something else to ask by now.
void Inquirer::PutBack(const Inquiry& inquiry) {
  const Key key{inquiry.ns, inquiry.rollout};
  const std::lock_guard lock(mutex_);
  const auto found = inquiries_.find(key);
  if (found != inquiries_.end() && found->second == inquiry) due_.Set(key, NextTime(inquiry));
  due_.PutBack(key);
}

}  // namespace gate::watch
