# SPDX-License-Identifier: Apache-2.0
# Homes in virtual time: twenty of thirty nodes for an hour, with all faults.
# More seeds and hours: ./dev sim.
if(TARGET tomte-sim AND NOT TOMTE_SANITIZE)
  tomte_test(sim winter TIMEOUT 300
    COMMAND $<TARGET_FILE:tomte-sim> --winter --seed 1 --seeds 10 --hours 0.5)
  foreach(seed 1 11)
    tomte_test(sim thirty-${seed} TIMEOUT 600
      COMMAND $<TARGET_FILE:tomte-sim> --nodes 30 --seed ${seed} --seeds 10
              --hours 1)
  endforeach()
  # Groups of three and five keepers alone.
  tomte_test(sim keepers TIMEOUT 600
    COMMAND $<TARGET_FILE:tomte-sim-keepers> --seed 1 --seeds 60 --minutes 1)
  # Seeds that found something.
  tomte_test(sim found-324 TIMEOUT 300
    COMMAND $<TARGET_FILE:tomte-sim> --nodes 30 --seed 324 --hours 1)
  # With what other compilers made of it, in the trees beside this one.
  cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH trees)
  tomte_test(sim same-trace TIMEOUT 600
    COMMAND ${PROJECT_SOURCE_DIR}/tests/sim/same_trace.sh ${trees} 1 2)
  # Bugs that are planted must be seen.
  tomte_test(sim mutants TIMEOUT 600
    COMMAND ${PROJECT_SOURCE_DIR}/tests/sim/mutants.sh
            ${PROJECT_BINARY_DIR}/mutants)
endif()
