# SPDX-License-Identifier: Apache-2.0
# The programs of `./dev bench`; these are no tests.
#
#   tomte_bench(NAME [SOURCES file...] [ROOMS room...] [PEER library])
#
# builds bench_NAME from tests/bench/NAME.c, or the sources named, and from
# tests/bench/lib. PEER is the library to compare with: where it is installed
# the program is linked with it and HAVE_PEER is defined, elsewhere it measures
# ours alone. A benchmark that needs more has a folder of its own with a
# bench.cmake, which is read after this file.
function(tomte_bench name)
  cmake_parse_arguments(arg "" "PEER" "SOURCES;ROOMS" ${ARGN})
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${PROJECT_SOURCE_DIR}/tests/bench/${name}.c)
  endif()
  add_executable(bench_${name} ${arg_SOURCES}
    ${PROJECT_SOURCE_DIR}/tests/panic.c
    ${PROJECT_SOURCE_DIR}/tests/bench/lib/bench.c)
  target_include_directories(bench_${name} PRIVATE
    ${PROJECT_SOURCE_DIR}/tests/bench/lib)
  target_compile_definitions(bench_${name} PRIVATE _GNU_SOURCE)
  foreach(room base ${arg_ROOMS})
    target_link_libraries(bench_${name} PRIVATE tomte_${room})
  endforeach()
  if(arg_PEER)
    find_library(TOMTE_PEER_${arg_PEER} ${arg_PEER})
    if(TOMTE_PEER_${arg_PEER})
      target_compile_definitions(bench_${name} PRIVATE HAVE_PEER)
      target_link_libraries(bench_${name} PRIVATE ${TOMTE_PEER_${arg_PEER}})
    endif()
  endif()
endfunction()

tomte_bench(cbor ROOMS cbor PEER cbor)
tomte_bench(store ROOMS store port_block_file PEER sqlite3)

file(GLOB snippets CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/tests/bench/*/bench.cmake)
foreach(snippet ${snippets})
  include(${snippet})
endforeach()
