#include "harness/sim/stage/simulation.h"

#include <utility>

namespace drill::sim {
namespace {

ArgoOptions WithWeather(ArgoOptions options, const ApiWeather& weather) {
  if (options.weather == nullptr) options.weather = &weather;
  return options;
}

}  // namespace

Simulation::Simulation(const Options& options, ScriptCache& scripts)
    : world_(options.world),
      server_(world_),
      network_(world_, server_, network_weather_),
      web_(world_, network_),
      surroundings_{world_, server_, network_, logs_, scripts, gate_api_weather_,
                    {},     {},      {},       {},    {}},
      programs_(surroundings_, kGateImage, kMockImage),
      cluster_(world_, server_, programs_, options.cluster),
      argo_link_(world_, "argo-watch"),
      argo_(world_, server_, argo_link_, &web_, WithWeather(options.argo, argo_api_weather_)),
      argo_deployment_(world_, server_, argo_),
      harness_(world_, "harness"),
      runtime_(harness_),
      api_(harness_, server_, harness_api_weather_, network_, logs_) {
  surroundings_.mc_clock_skew = options.mc_clock_skew;
  cluster_.Start();
  if (options.argo_place == Options::ArgoPlace::kProcess) {
    argo_.Start();
    return;
  }
  programs_.Add(kArgoImage, [this](ContainerEvents events) {
    return argo_deployment_.Start(std::move(events));
  });
  argo_deployment_.Install();
}

}  // namespace drill::sim
