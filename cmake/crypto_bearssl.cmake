# SPDX-License-Identifier: Apache-2.0
# tomte_crypto_bearssl: the backend of src/crypto over BearSSL 0.6.
#
# Found by itself on Linux (Debian: libbearssl-dev). A build for another machine
# names what it built from the source package:
#   -DTOMTE_BEARSSL_INCLUDE=.../inc -DTOMTE_BEARSSL_LIBRARY=.../libbearssl.a
# Without it the library is not there, and neither are its tests.
if(NOT TOMTE_CORE_ONLY)
  find_path(TOMTE_BEARSSL_INCLUDE bearssl.h)
  find_library(TOMTE_BEARSSL_LIBRARY bearssl)
endif()

if(TOMTE_BEARSSL_INCLUDE AND TOMTE_BEARSSL_LIBRARY)
  file(GLOB sources CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/crypto/bearssl/*.c)
  add_library(tomte_crypto_bearssl STATIC ${sources})
  target_include_directories(tomte_crypto_bearssl SYSTEM
                             PRIVATE ${TOMTE_BEARSSL_INCLUDE})
  target_link_libraries(tomte_crypto_bearssl
                        PUBLIC tomte_crypto ${TOMTE_BEARSSL_LIBRARY})
  if(NOT TOMTE_CORE_ONLY)
    tomte_unit_test(crypto_bearssl tomte_crypto_bearssl)
  endif()
elseif(NOT TOMTE_CORE_ONLY)
  message(STATUS "BearSSL not found: no tomte_crypto_bearssl")
endif()
