# SPDX-License-Identifier: Apache-2.0
# Real processes on loopback.
if(TARGET tomte AND NOT TOMTE_SANITIZE)
  set(e2e ${PROJECT_SOURCE_DIR}/tests/e2e)
  tomte_test(e2e once TIMEOUT 180 ALONE
    COMMAND ${e2e}/story.sh $<TARGET_FILE:tomte> --once)
  tomte_test(e2e blackout TIMEOUT 300 ALONE
    COMMAND ${e2e}/story.sh $<TARGET_FILE:tomte> --story blackout)
  # A hundred leases are two and a half minutes at the home's own 1,500 ms.
  tomte_test(e2e keeper TIMEOUT 180 ALONE
    COMMAND ${CMAKE_COMMAND} -E env LEASE_MS=500
            ${e2e}/story.sh $<TARGET_FILE:tomte> --story keeper)
  tomte_test(e2e bad_input TIMEOUT 120 ALONE
    COMMAND ${e2e}/bad_input.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e leaves_nothing TIMEOUT 60 ALONE
    COMMAND ${e2e}/leaves_nothing.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e full_disk TIMEOUT 120 ALONE
    COMMAND ${e2e}/full_disk.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e files TIMEOUT 60 ALONE
    COMMAND ${e2e}/files.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e authors TIMEOUT 120 ALONE
    COMMAND ${e2e}/authors.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e commands TIMEOUT 120 ALONE
    COMMAND ${e2e}/commands.sh $<TARGET_FILE:tomte>)
  tomte_test(e2e update TIMEOUT 180 ALONE
    COMMAND ${e2e}/update.sh $<TARGET_FILE:tomte>)
  # keepers.sh is run by hand until it is steady (docs/design/0004-keepers.md).
  tomte_test(e2e table TIMEOUT 60 ALONE
    COMMAND /usr/bin/python3 ${e2e}/table.py $<TARGET_FILE:tomte>)
  if(TARGET tomte-sim)
    tomte_test(e2e idle_hour TIMEOUT 120 ALONE
      COMMAND ${e2e}/idle_hour.sh $<TARGET_FILE:tomte> $<TARGET_FILE:tomte-sim>)
  endif()

  # What lies between nodes, and a home in which they die.
  add_executable(e2e_switch tests/e2e/switch.c tests/e2e/switch_harm.c)
  target_compile_definitions(e2e_switch PRIVATE _GNU_SOURCE)
  tomte_test(e2e switch TIMEOUT 60 ALONE
    COMMAND /usr/bin/python3 ${e2e}/switch_test.py $<TARGET_FILE:e2e_switch>)
  add_executable(e2e_kills
    tests/e2e/kills.c tests/e2e/kills_switch.c
    tests/e2e/kills_person.c tests/e2e/kills_watch.c)
  target_link_libraries(e2e_kills PRIVATE tomte_scene)
  tomte_image(tally ${e2e}/tally) # of tests/e2e/tally/tally.c
  add_dependencies(e2e_kills containers world tomte e2e_switch)
  tomte_test(e2e kills TIMEOUT 240 ALONE
    COMMAND e2e_kills --kills 12 --seed 2)
endif()
