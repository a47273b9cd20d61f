# SPDX-License-Identifier: Apache-2.0
# The thermostat as a container, and its source compiled for this machine.
if(TARGET image_thermostat)
  tomte_bench(container ROOMS container port_block_file crypto_bearssl SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/container.c ${CMAKE_CURRENT_LIST_DIR}/native.c)
  add_dependencies(bench_container image_thermostat)
  target_include_directories(bench_container PRIVATE ${PROJECT_SOURCE_DIR}
    ${PROJECT_SOURCE_DIR}/sdk/c)
  target_compile_definitions(bench_container PRIVATE
    THERMOSTAT_IMAGE="${TOMTE_CONTAINERS_DIR}/thermostat.image")
endif()
