# SPDX-License-Identifier: Apache-2.0
# What secures a message: BearSSL, with OpenSSL as the peer.
if(TARGET tomte_crypto_openssl AND TARGET tomte_crypto_bearssl)
  tomte_bench(crypto ROOMS cose crypto_bearssl crypto_openssl
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/crypto.c)
endif()
