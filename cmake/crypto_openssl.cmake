# SPDX-License-Identifier: Apache-2.0
# tomte_crypto_openssl: the backend of src/crypto over OpenSSL 3, for hubs; in
# ports/linux. Its tests also hold it against BearSSL. tomte_crypto_hub picks the
# faster of both. Without OpenSSL's headers (Debian: libssl-dev) the libraries are
# not there, and neither are their tests.
find_path(TOMTE_OPENSSL_INCLUDE openssl/evp.h)
find_library(TOMTE_OPENSSL_LIBRARY crypto)
if(TOMTE_OPENSSL_INCLUDE AND TOMTE_OPENSSL_LIBRARY)
  add_library(tomte_crypto_openssl STATIC
    ports/linux/crypto_openssl.c ports/linux/crypto_openssl_curve.c)
  target_include_directories(tomte_crypto_openssl PUBLIC ports)
  target_link_libraries(tomte_crypto_openssl
                        PUBLIC tomte_crypto ${TOMTE_OPENSSL_LIBRARY})
  if(TARGET tomte_crypto_bearssl)
    add_library(tomte_crypto_hub STATIC ports/linux/crypto_hub.c)
    target_link_libraries(tomte_crypto_hub
                          PUBLIC tomte_crypto_openssl tomte_crypto_bearssl)
    tomte_unit_test(crypto_openssl tomte_crypto_hub)
  endif()
else()
  message(STATUS "OpenSSL not found: no tomte_crypto_openssl")
endif()
