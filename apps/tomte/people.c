/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include "channel/message.h"
#include "coap/message.h"
#include "home/command.h"

static bool press(struct scene *s, uint32_t timeout_ms)
{
    static const uint8_t one[] = {0x81, 0xa1, 0x02, 0x01}; /* [{2: 1}] */
    int hall = scene_node(s, "hall");
    client_set_timeout(s->client, timeout_ms);
    struct client_answer a =
        client_send(s->client, &s->run.home.nodes[hall].addr, TOMTE_COAP_POST,
                    "/hall/button/pressed", NULL, TOMTE_FORMAT_SENML_CBOR,
                    TOMTE_SPAN_ARRAY(one));
    return a.err == TOMTE_OK;
}

bool people_press(struct scene *s)
{
    return press(s, 6000);
}

bool people_press_lamp(struct scene *s)
{
    double before = -1, after = -1;
    if (!scene_world(s, "lamp.on", &before))
        return false;
    (void)press(s, 250);
    uint64_t until = scene_now_ms() + 2000;
    do {
        if (scene_world(s, "lamp.on", &after) && after != before)
            return true;
        scene_sleep_ms(20);
    } while (scene_now_ms() < until && !scene_stopped());
    return false;
}

bool people_move(struct scene *s, const char *identity, const char *node)
{
    struct tomte_command c;
    struct tomte_name name;
    char detail[256];
    if (tomte_name_parse(tomte_span_str(identity), &name) != TOMTE_OK)
        return false;
    tomte_command_init(
        &c, node == NULL ? TOMTE_COMMAND_UNPIN : TOMTE_COMMAND_PIN, name);
    if (node != NULL &&
        tomte_name_parse(tomte_span_str(node), &c.node) != TOMTE_OK)
        return false;
    client_set_timeout(s->client, 3000);
    return send_command(&s->run, s->client, &c, detail) == TOMTE_OK;
}
