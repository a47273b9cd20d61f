# SPDX-License-Identifier: Apache-2.0
# A protected message: BearSSL as on a microcontroller, and with the processor's
# AES instructions as on a hub.
if(TARGET tomte_crypto_bearssl)
  tomte_bench(oscore ROOMS oscore crypto_bearssl
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/oscore.c)
endif()
