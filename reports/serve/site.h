#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gate/seams/http_handler.h"

namespace reports {

// Reports in a browser: a list of the runs below a folder, the progress of those that go on, and
// the files of each. Reads only; nothing outside of the folder, and nothing behind a symbolic link.
//
//   /                         the runs
//   /runs/NAME/               one run: live while it goes on
//   /runs/NAME/files/PATH     a file of its report
//   /api/runs                 what the first page shows, as JSON
//   /api/runs/NAME/journal    ?file=ID&after=BYTE: the records that were added since, as JSON
//
// A run is a folder with a journal; NAME is the name of the folder, or "_" for the folder itself.
class ReportSite : public gate::HttpHandler {
 public:
  // Hosts::kLoopback: only answers requests that name a loopback host, so that no page of the
  // Internet can look at reports through a name that it lets point to this machine.
  enum class Hosts { kLoopback, kAny };

  ReportSite(std::string folder, Hosts hosts) : folder_(std::move(folder)), hosts_(hosts) {}

  gate::HttpResponse Handle(const gate::ServerRequest& request,
                            const gate::Deadline& deadline) override;
  gate::HttpResponse Overloaded(const gate::ServerRequest& request) override;

 private:
  struct Summary {
    std::string stamp;  // of the report.json that it was read from
    std::string json;
  };

  bool IsHostGood(const gate::ServerRequest& request) const;
  gate::HttpResponse Route(const std::vector<std::string>& segments, std::string_view query);
  gate::HttpResponse Api(const std::vector<std::string>& segments, std::string_view query);
  gate::HttpResponse Runs();
  gate::HttpResponse Journal(const std::string& run, std::string_view query) const;
  gate::HttpResponse File(const std::vector<std::string>& segments) const;
  std::string FolderOf(const std::string& run) const;
  std::vector<std::string> RunNames() const;
  std::string SummaryOf(const std::string& run);

  const std::string folder_;
  const Hosts hosts_;
  std::mutex mutex_;
  std::map<std::string, Summary> summaries_;  // by run
};

}  // namespace reports
