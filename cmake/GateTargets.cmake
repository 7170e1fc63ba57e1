option(GATE_WERROR "Treat warnings as errors." OFF)  # ON in every preset, OFF for packagers
set(GATE_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread.")
find_program(GATE_CCACHE ccache)
if(GATE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${GATE_CCACHE})
endif()

add_library(gate_options INTERFACE)  # flags live on one target, never global
target_compile_features(gate_options INTERFACE cxx_std_20)
target_compile_options(gate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast $<$<BOOL:${GATE_WERROR}>:-Werror>
  -Wno-missing-field-initializers  # designated initializers rely on the members' defaults
  # g++ 12 warns wrongly about std::string operator+ when optimizing (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # Of a type in an unnamed namespace that a header might share; in a unity build every file looks so.
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>
  -fstack-protector-strong -ffunction-sections -fdata-sections
  $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
# Relative relocations in the compact form (glibc 2.36): half a megabyte less to map at start.
target_link_options(gate_options INTERFACE -Wl,--gc-sections -Wl,-z,relro
                                           -Wl,-z,pack-relative-relocs)
if(GATE_SANITIZE)
  # Instrumented code makes GCC 12 warn of what is not there (Boost.Optional, std::regex), and of
  # the fences in Asio, which ThreadSanitizer does not model.
  target_compile_options(gate_options INTERFACE
    -fsanitize=${GATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-tsan>)
  target_link_options(gate_options INTERFACE -fsanitize=${GATE_SANITIZE})
endif()

# A target may link only our targets of a lower layer: the arrows of docs/architecture.md are
# checked when the project is configured.
function(gate_check_layer target)
  get_target_property(layer ${target} GATE_LAYER)
  get_target_property(public ${target} INTERFACE_LINK_LIBRARIES)
  get_target_property(private ${target} LINK_LIBRARIES)
  foreach(dep IN LISTS public private)
    if(NOT TARGET ${dep})
      if(dep MATCHES "^gate::")
        message(FATAL_ERROR "${target} links ${dep}, which is not defined (yet)")
      endif()
      continue()
    endif()
    get_target_property(real ${dep} ALIASED_TARGET)
    if(real)
      set(dep ${real})
    endif()
    get_target_property(dep_layer ${dep} GATE_LAYER)
    if(NOT dep_layer STREQUAL "dep_layer-NOTFOUND" AND NOT dep_layer LESS layer)
      message(FATAL_ERROR "${target} (layer ${layer}) must not link ${dep} (layer ${dep_layer}); "
                          "see docs/architecture.md")
    endif()
    # The two sides of the wire meet only in its documentation (docs/evidence-api.md).
    if(target MATCHES "^mock_mc" AND dep STREQUAL "gate_evidence")
      message(FATAL_ERROR "${target} must not link gate_evidence: a shared codec hides its bugs")
    endif()
  endforeach()
endfunction()

# What ships is optimized across files (docs/adr/0002-static-programs.md). Only with g++: Debian's
# clang has no linker for it.
function(gate_optimize target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION_RELEASE ON)
  endif()
endfunction()

# gate_library(NAME LAYER n [SMALL] SOURCES ... [DEPS public...] [PRIVATE_DEPS private...])
# Headers are included by their path from the root of the project. SMALL: its code runs a few times
# per process at most, and is compiled for size.
function(gate_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SMALL" "LAYER" "SOURCES;DEPS;PRIVATE_DEPS")
  add_library(${name} STATIC ${arg_SOURCES})
  string(REGEX REPLACE "^gate_" "" short ${name})
  add_library(gate::${short} ALIAS ${name})
  set_target_properties(${name} PROPERTIES GATE_LAYER ${arg_LAYER})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS} gate_options)
  if(name MATCHES "^(gate|mock_mc)_")  # the harness ships with nothing
    gate_optimize(${name})
  endif()
  if(arg_SMALL)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Os>)
  endif()
  gate_check_layer(${name})
endfunction()

# gate_program(NAME [STATIC] SOURCES ... DEPS ...) -> build/<preset>/bin/NAME
# STATIC: it needs no file but its own; see docs/adr/0002-static-programs.md. (ld warns of every
# function that would load shared libraries: that is where resolving is confined to libc's own parts.)
function(gate_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "STATIC" "" "SOURCES;DEPS")
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES GATE_LAYER 100
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  target_compile_definitions(${name} PRIVATE GATE_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${arg_DEPS} gate_options)
  if(arg_STATIC AND NOT GATE_SANITIZE)
    gate_optimize(${name})
    set_target_properties(${name} PROPERTIES GATE_STATIC ON)
    add_dependencies(${name} gate_slim_openssl)
    target_link_options(${name} PRIVATE -static-pie -Wl,--no-warnings $<$<CONFIG:Release>:-s>)
  endif()
  gate_check_layer(${name})
endfunction()

# gate_test(NAME LABEL unit|contract|kind SOURCES ... DEPS ...)
function(gate_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;DEPS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES GATE_LAYER 100)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock_main gate_options)
  gate_check_layer(${name})
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()
