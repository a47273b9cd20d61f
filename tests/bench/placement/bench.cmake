# SPDX-License-Identifier: Apache-2.0
# With the fixture of the home's unit tests; what that checks, it checks here.
tomte_bench(placement ROOMS home SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/placement.c ${CMAKE_CURRENT_LIST_DIR}/checks.c
  ${CMAKE_CURRENT_LIST_DIR}/large.c
  ${PROJECT_SOURCE_DIR}/tests/unit/home/rig.c)
target_include_directories(bench_placement PRIVATE ${PROJECT_SOURCE_DIR}/tests)
