/* SPDX-License-Identifier: Apache-2.0 */
/* mosquitto with its own client library: one connection publishes, one
 * subscribes, and what the subscriber got is published again. VARIANT is qos0,
 * qos1, tls0 or tls1: TLS with a pre-shared key. */
#include "load.h"

#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDENTITY "bench"
#define KEY      "00112233445566778899aabbccddeeff"

static struct load *load;
static struct mosquitto *publisher;
static uint8_t payload[1024];
static bool ready;
static char dir[] = "/var/tmp/tomte-mqtt-XXXXXX";

static bool is_tls(void)
{
    return strncmp(load->variant, "tls", 3) == 0;
}

static int qos(void)
{
    return load->variant[0] != 0 && load->variant[3] == '1';
}

static void publish(int pair)
{
    char topic[16];
    snprintf(topic, sizeof topic, "b/%d", pair);
    load_sent(load, pair);
    if (mosquitto_publish(publisher, NULL, topic, (int)load->bytes, payload,
                          qos(), false) != MOSQ_ERR_SUCCESS)
        load_fail("mqtt: publish");
}

static void on_message(struct mosquitto *m, void *u,
                       const struct mosquitto_message *message)
{
    (void)m, (void)u;
    int pair = atoi(message->topic + 2);
    load_back(load, pair);
    publish(pair);
}

static void on_subscribe(struct mosquitto *m, void *u, int mid, int n,
                         const int *granted)
{
    (void)m, (void)u, (void)mid, (void)n, (void)granted;
    ready = true;
}

static void write_file(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        load_fail(path);
}

static void start_broker(uint16_t port)
{
    char text[512], path[64];
    if (mkdtemp(dir) == NULL)
        load_fail(dir);
    write_file("psk", IDENTITY ":" KEY "\n");
    snprintf(text, sizeof text,
             "listener %u 127.0.0.1\nallow_anonymous true\nuser root\n"
             "max_inflight_messages 0\nmax_queued_messages 0\n%s%s%s",
             port, is_tls() ? "psk_hint bench\npsk_file " : "",
             is_tls() ? dir : "", is_tls() ? "/psk\n" : "");
    write_file("conf", text);
    snprintf(path, sizeof path, "%s/conf", dir);
    load->server = load_spawn((const char *[]){"mosquitto", "-c", path, NULL});
    close(load_connect_tcp(port));
}

static struct mosquitto *client(uint16_t port)
{
    struct mosquitto *m = mosquitto_new(NULL, true, NULL);
    if (m == NULL ||
        (is_tls() && mosquitto_tls_psk_set(m, KEY, IDENTITY, NULL) != 0))
        load_fail("mqtt: client");
    mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_max_inflight_messages_set(m, 0);
    if (mosquitto_connect(m, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS)
        load_fail("mqtt: connect");
    return m;
}

int main(int argc, char **argv)
{
    char command[64];
    load = load_parse(argc, argv);
    mosquitto_lib_init();
    uint16_t port = load_free_port(SOCK_STREAM);
    start_broker(port);
    publisher = client(port);
    struct mosquitto *subscriber = client(port);
    mosquitto_message_callback_set(subscriber, on_message);
    mosquitto_subscribe_callback_set(subscriber, on_subscribe);
    mosquitto_subscribe(subscriber, NULL, "b/+", qos());
    while (!ready) {
        mosquitto_loop(subscriber, 10, 1);
        mosquitto_loop(publisher, 0, 1);
    }
    load_begin(load);
    for (int i = 0; i < load->pairs; i++)
        publish(i);
    while (!load_is_over(load)) {
        mosquitto_loop(subscriber, 1, 16);
        mosquitto_loop(publisher, 0, 16);
    }
    snprintf(command, sizeof command, "rm -r %s", dir);
    if (system(command) != 0)
        load_fail(dir);
    return load_end(load);
}
