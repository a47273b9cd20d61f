# SPDX-License-Identifier: Apache-2.0
# Real processes on loopback.
if(TARGET tomte AND NOT TOMTE_SANITIZE)
  tomte_test(e2e once TIMEOUT 180 ALONE
    COMMAND ${PROJECT_SOURCE_DIR}/tests/e2e/story.sh $<TARGET_FILE:tomte> --once)
  tomte_test(e2e blackout TIMEOUT 300 ALONE
    COMMAND ${PROJECT_SOURCE_DIR}/tests/e2e/story.sh $<TARGET_FILE:tomte>
            --story blackout)
  tomte_test(e2e bad_input TIMEOUT 120 ALONE
    COMMAND ${PROJECT_SOURCE_DIR}/tests/e2e/bad_input.sh $<TARGET_FILE:tomte>)
endif()
