/* SPDX-License-Identifier: Apache-2.0 */
#include "node/person.h"

enum tomte_err
tomte_person_ask(struct tomte_oscore *o, const struct tomte_crypto *c,
                 const uint8_t home[TOMTE_HOME_ID_BYTES],
                 const struct tomte_key_pair *owner,
                 const uint8_t node[TOMTE_P256_PUBLIC_BYTES],
                 const uint8_t program[TOMTE_PERSON_PROGRAM_BYTES])
{
    struct tomte_association a;
    enum tomte_err err = tomte_association_agree(&a, c, home, owner, node);
    if (err != TOMTE_OK)
        return err;
    struct tomte_oscore_config config = {
        .master_secret = TOMTE_SPAN_ARRAY(a.secret),
        .sender_id = TOMTE_SPAN(owner->open, TOMTE_ASSOCIATION_CLIENT_ID_BYTES),
        .recipient_id = TOMTE_SPAN(node, TOMTE_ASSOCIATION_SERVER_ID_BYTES),
        .id_context = TOMTE_SPAN(program, TOMTE_PERSON_PROGRAM_BYTES),
        .has_id_context = true,
        .send_id_context = true,
        .volatile_keys = true};
    err = tomte_oscore_init(o, c, &config);
    tomte_association_wipe(&a);
    return err;
}
