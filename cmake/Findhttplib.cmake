# Debian ships cpp-httplib compiled, with a .pc file and no CMake package. Upstream's package is
# taken if present, else the .pc file: its CPPHTTPLIB_*_SUPPORT macros change class layout and must
# match the library's.
find_package(httplib ${httplib_FIND_VERSION} CONFIG QUIET)
if(TARGET httplib::httplib)
  set(httplib_FOUND TRUE)
  return()
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_httplib QUIET IMPORTED_TARGET GLOBAL cpp-httplib)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(httplib REQUIRED_VARS PC_httplib_LINK_LIBRARIES
                                  VERSION_VAR PC_httplib_VERSION)
if(httplib_FOUND AND NOT TARGET httplib::httplib)
  add_library(httplib::httplib INTERFACE IMPORTED GLOBAL)
  target_link_libraries(httplib::httplib INTERFACE PkgConfig::PC_httplib OpenSSL::SSL
                                                   Threads::Threads)
endif()
