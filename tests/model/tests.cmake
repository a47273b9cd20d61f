# SPDX-License-Identifier: Apache-2.0
# Models of protocols, all of their states.
if(NOT TOMTE_SANITIZE)
  foreach(part safe hold leaders bugs)
    tomte_test(model lease-${part} TIMEOUT 900
      COMMAND ${PROJECT_SOURCE_DIR}/tests/model/lease.sh
              ${PROJECT_SOURCE_DIR}/docs/spec/lease.pml
              ${PROJECT_BINARY_DIR}/model/${part} ${part})
  endforeach()
endif()
