# SPDX-License-Identifier: Apache-2.0
# The keepers' log on libraft (ports/keepers), for Linux and the simulator, and
# groups of keepers in virtual time: the tests' world, and a program.

find_path(RAFT_INCLUDE raft.h REQUIRED)
find_library(RAFT_LIBRARY raft REQUIRED)

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ports/keepers/*.c)
add_library(tomte_port_keepers STATIC ${sources})
target_include_directories(tomte_port_keepers PUBLIC ports)
target_link_libraries(tomte_port_keepers PUBLIC
  tomte_home tomte_store tomte_cbor tomte_base ${RAFT_LIBRARY})
tomte_fuzz_targets(keepers tomte_port_keepers)

if(NOT TOMTE_FUZZ)
  add_library(tomte_sim_group STATIC
    sim/keepers/group.c sim/keepers/fate.c sim/keepers/check.c sim/queue.c)
  target_include_directories(tomte_sim_group PUBLIC sim)
  target_link_libraries(tomte_sim_group PUBLIC tomte_port_keepers
                                               tomte_port_sim_disk)
  add_executable(tomte-sim-keepers sim/keepers/main.c)
  target_compile_definitions(tomte-sim-keepers PRIVATE _GNU_SOURCE)
  target_link_libraries(tomte-sim-keepers PRIVATE tomte_sim_group)
  tomte_unit_test(keepers tomte_sim_group)
endif()
