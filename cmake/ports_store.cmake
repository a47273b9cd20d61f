# SPDX-License-Identifier: Apache-2.0
# The block devices of the ports that src/store runs on: in memory with faults
# for tests and the simulator, in a file for Linux.

add_library(tomte_port_sim_disk STATIC ports/sim/disk.c)
target_include_directories(tomte_port_sim_disk PUBLIC ports)
target_link_libraries(tomte_port_sim_disk PUBLIC tomte_store)

add_library(tomte_port_block_file STATIC ports/linux/block_file.c)
target_include_directories(tomte_port_block_file PUBLIC ports)
target_link_libraries(tomte_port_block_file PUBLIC tomte_store)

# A whole node in a world that an input describes.
foreach(target fuzz_node_peer fuzz_node_keeper)
  if(TARGET ${target})
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/node/*.c)
    target_sources(${target} PRIVATE ${sources})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz)
    target_link_libraries(${target} PRIVATE tomte_port_sim_disk)
  endif()
endforeach()

foreach(target unit_store unit_node fuzz_store_mount fuzz_container_run
               fuzz_container_recover)
  if(TARGET ${target})
    target_link_libraries(${target} PRIVATE tomte_port_sim_disk
                                            tomte_port_block_file)
  endif()
endforeach()
