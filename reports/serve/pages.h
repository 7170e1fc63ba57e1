#pragma once

#include <string_view>

// The pages that ReportSite shows and what they need. Nothing in them depends on a run.
namespace reports {

std::string_view IndexPage();
std::string_view RunPage();
std::string_view SiteScript();
std::string_view SiteStyle();

}  // namespace reports
