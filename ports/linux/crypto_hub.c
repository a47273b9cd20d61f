/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/crypto_hub.h"

#include "crypto/bearssl.h"
#include "linux/crypto_openssl.h"

const struct tomte_crypto *tomte_crypto_hub(void)
{
    static struct tomte_crypto table;
    if (table.name != NULL)
        return &table;
    const struct tomte_crypto *bear = tomte_crypto_bearssl_fastest();
    table = tomte_crypto_openssl;
    if (bear != &tomte_crypto_bearssl) {
        table.encrypt = bear->encrypt;
        table.decrypt = bear->decrypt;
        table.name = "openssl, bearssl with AES-NI";
    }
    return &table;
}
