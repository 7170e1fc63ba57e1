# Every dependency of the project; all are Debian 12 packages (`make setup` installs them).
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL Crypto)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(yaml-cpp 0.7 CONFIG REQUIRED)
find_package(CLI11 2.1 CONFIG REQUIRED)
find_package(fmt 9 CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)  # its package names no version
find_package(SQLite3 3.40 REQUIRED)
find_package(Boost 1.74 CONFIG REQUIRED COMPONENTS headers context filesystem)
if(BUILD_TESTING)
  find_package(GTest 1.12 CONFIG REQUIRED)
  find_package(httplib 0.11 REQUIRED)
  find_path(GATE_VALIJSON valijson/validator.hpp REQUIRED)  # headers only
endif()

# A third of what a simulation does is to make and drop small objects. With mimalloc, which the
# release preset takes, it needs a third less time than with libc's allocator.
set(DRILL_MALLOC "" CACHE STRING "Allocator of gate-drill and sim-bench; empty: libc's.")
add_library(drill_malloc INTERFACE)
add_library(gate::drill_malloc ALIAS drill_malloc)
if(DRILL_MALLOC AND NOT GATE_SANITIZE)
  find_library(DRILL_MALLOC_LIBRARY ${DRILL_MALLOC} REQUIRED)
  # Nothing names a symbol of its own, so the linker would leave it out.
  target_link_options(drill_malloc INTERFACE
    LINKER:--push-state,--no-as-needed ${DRILL_MALLOC_LIBRARY} LINKER:--pop-state)
endif()

# Debian's fmt is a shared library only. The programs that ship link everything but libc
# statically, so its sources, which its headers carry, are compiled once here.
add_library(gate_fmt STATIC ${PROJECT_SOURCE_DIR}/cmake/fmt_static.cc)
add_library(gate::fmt ALIAS gate_fmt)
target_include_directories(gate_fmt SYSTEM PUBLIC
                           $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_features(gate_fmt PUBLIC cxx_std_20)

# One OpenSSL per program: static where the program sets GATE_STATIC, else the shared library, for
# programs that also link cpp-httplib, which brings the shared one.
#
# Half a megabyte of OpenSSL's archives is unwind tables. It is C: no exception passes through it, so
# what ships does without.
find_library(GATE_SSL_ARCHIVE libssl.a REQUIRED)
find_library(GATE_CRYPTO_ARCHIVE libcrypto.a REQUIRED)
foreach(part SSL CRYPTO)
  cmake_path(GET GATE_${part}_ARCHIVE FILENAME archive)
  set(GATE_${part}_SLIM ${PROJECT_BINARY_DIR}/slim/${archive})
  add_custom_command(OUTPUT ${GATE_${part}_SLIM}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/slim
    COMMAND ${CMAKE_OBJCOPY} -R .eh_frame -R .rela.eh_frame ${GATE_${part}_ARCHIVE}
            ${GATE_${part}_SLIM}
    DEPENDS ${GATE_${part}_ARCHIVE} VERBATIM)
endforeach()
add_custom_target(gate_slim_openssl DEPENDS ${GATE_SSL_SLIM} ${GATE_CRYPTO_SLIM})
set(_static $<BOOL:$<TARGET_PROPERTY:GATE_STATIC>>)
foreach(part Crypto SSL)
  string(TOLOWER ${part} lower)
  string(TOUPPER ${part} upper)
  add_library(gate_${lower} INTERFACE)
  add_library(gate::${lower} ALIAS gate_${lower})
  target_include_directories(gate_${lower} SYSTEM INTERFACE ${OPENSSL_INCLUDE_DIR})
  target_link_libraries(gate_${lower} INTERFACE
    $<${_static}:${GATE_${upper}_SLIM}> $<$<NOT:${_static}>:OpenSSL::${part}>)
endforeach()
target_link_libraries(gate_ssl INTERFACE gate_crypto)
target_link_libraries(gate_crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})

find_library(GATE_YAML_ARCHIVE libyaml-cpp.a REQUIRED)
add_library(gate_yaml_cpp INTERFACE)
add_library(gate::yaml_cpp ALIAS gate_yaml_cpp)
target_include_directories(gate_yaml_cpp SYSTEM INTERFACE ${YAML_CPP_INCLUDE_DIR})
target_link_libraries(gate_yaml_cpp INTERFACE ${GATE_YAML_ARCHIVE})
