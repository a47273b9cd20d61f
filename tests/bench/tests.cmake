# SPDX-License-Identifier: Apache-2.0
# Each tests/bench/NAME.c is a program bench_NAME for `./dev bench`; these are
# no tests. A peer's library is used when it is installed.
find_library(libcbor cbor)

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bench/*.c)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(bench_${name} ${source} ${PROJECT_SOURCE_DIR}/tests/panic.c
                 ${PROJECT_SOURCE_DIR}/tests/bench/lib/bench.c)
  set_target_properties(bench_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_include_directories(bench_${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/tests/bench/lib)
  target_compile_definitions(bench_${name} PRIVATE _GNU_SOURCE)
  target_link_libraries(bench_${name} PRIVATE tomte_cbor)
  if(libcbor)
    target_compile_definitions(bench_${name} PRIVATE HAVE_LIBCBOR)
    target_link_libraries(bench_${name} PRIVATE ${libcbor})
  endif()
endforeach()
