/* SPDX-License-Identifier: Apache-2.0 */
#include "home/draft.h"

#include "home/evolve.h"

#include <string.h>

static enum tomte_err check_binds(const struct tomte_command *c,
                                  const struct tomte_manifest *m,
                                  struct tomte_home_report *report);
static enum tomte_err bind_port(const struct tomte_home *home,
                                const struct tomte_command *c,
                                const struct tomte_port *from,
                                struct tomte_home_port *p,
                                struct tomte_home_report *report);
static enum tomte_err own_channel(const struct tomte_command *c,
                                  struct tomte_home_port *p,
                                  struct tomte_home_report *report);
static void keep_channel(const struct tomte_home *home,
                         const struct tomte_command *c,
                         struct tomte_home_port *p);
static enum tomte_err check_writer(const struct tomte_home *home,
                                   const struct tomte_command *c,
                                   const struct tomte_home_draft *d, unsigned i,
                                   struct tomte_home_report *report);
static enum tomte_err check_resource(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     const struct tomte_home_port *p,
                                     struct tomte_home_report *report);
static enum tomte_err check_ends(const struct tomte_home *home,
                                 const struct tomte_command *c,
                                 const struct tomte_home_port *p,
                                 struct tomte_home_report *report);

enum tomte_err tomte_home_draft(const struct tomte_home *home,
                                const struct tomte_command *c,
                                struct tomte_home_draft *d,
                                struct tomte_home_report *report)
{
    struct tomte_manifest_report why;
    enum tomte_err err = tomte_manifest_decode(c->manifest, &d->manifest, &why);
    if (err != TOMTE_OK)
        return SAY(report, err, LIT("manifest of container "), NAME(c->name),
                   LIT(", "), tomte_span_str(why.text));
    err = check_binds(c, &d->manifest, report);
    memset(d->ports, 0, sizeof(d->ports));
    for (unsigned i = 0; i < d->manifest.ports_len && err == TOMTE_OK; i++)
        err = bind_port(home, c, &d->manifest.ports[i], &d->ports[i], report);
    return err;
}

enum tomte_err tomte_home_check_draft(const struct tomte_home *home,
                                      const struct tomte_command *c,
                                      const struct tomte_home_draft *d,
                                      struct tomte_home_report *report)
{
    for (unsigned i = 0; i < d->manifest.ports_len; i++) {
        const struct tomte_home_port *p = &d->ports[i];
        if (p->channel.len == 0)
            continue;
        enum tomte_err err = TOMTE_OK;
        if (p->direction == TOMTE_PORT_OUT)
            err = check_writer(home, c, d, i, report);
        if (err == TOMTE_OK && p->bound == TOMTE_HOME_BOUND_CHANNEL)
            err = check_resource(home, c, p, report);
        if (err == TOMTE_OK)
            err = check_ends(home, c, p, report);
        if (err != TOMTE_OK)
            return err;
    }
    return TOMTE_OK;
}

bool tomte_home_fits(const struct tomte_home_port *port,
                     const struct tomte_resource *r)
{
    return r->kind == port->kind && tomte_name_equal(&r->type, &port->type) &&
           (r->actuator || port->direction == TOMTE_PORT_IN);
}

bool tomte_home_fits_role(const struct tomte_home_port *port,
                          const struct tomte_resource *r)
{
    return tomte_home_fits(port, r) &&
           tomte_name_equal(&r->role, &port->role) &&
           (port->place.len == 0 || tomte_name_equal(&r->place, &port->place));
}

bool tomte_home_is_free_for(const struct tomte_home *home,
                            const struct tomte_home_port *port,
                            const struct tomte_channel_name *channel)
{
    if (port->direction == TOMTE_PORT_OUT) {
        uint16_t writer = tomte_home_writer(home, channel);
        return (writer == NONE || &home->ports[writer] == port) &&
               tomte_home_kept_writer(home, port->container, channel) == NONE;
    }
    unsigned others = tomte_home_kept_readers(home, port->container, channel);
    uint16_t reader = tomte_home_first_reader(home, channel);
    for (; reader != NONE; reader = tomte_home_next_reader(home, reader))
        others += &home->ports[reader] != port;
    return port->kind == TOMTE_PORT_STATE || others < TOMTE_HOME_PEERS_MAX;
}

static const struct tomte_bind *bind_of(const struct tomte_command *c,
                                        const struct tomte_name *port)
{
    for (unsigned i = 0; i < c->binds_len; i++)
        if (tomte_name_equal(&c->binds[i].port, port))
            return &c->binds[i];
    return NULL;
}

static enum tomte_err check_binds(const struct tomte_command *c,
                                  const struct tomte_manifest *m,
                                  struct tomte_home_report *report)
{
    for (unsigned i = 0; i < c->binds_len; i++) {
        const struct tomte_bind *b = &c->binds[i];
        int port = tomte_manifest_port(m, tomte_name_span(&b->port));
        if (port < 0)
            return SAY(report, TOMTE_ERR_UNKNOWN, LIT("container "),
                       NAME(c->name), LIT(" has no port "), NAME(b->port));
        if (b->place.len > 0 && m->ports[port].role.len == 0)
            return SAY(report, TOMTE_ERR_INVALID, LIT("port "), NAME(b->port),
                       LIT(" of container "), NAME(c->name),
                       LIT(" has no role, so no place can be given"));
    }
    return TOMTE_OK;
}

static enum tomte_err bind_port(const struct tomte_home *home,
                                const struct tomte_command *c,
                                const struct tomte_port *from,
                                struct tomte_home_port *p,
                                struct tomte_home_report *report)
{
    const struct tomte_bind *b = bind_of(c, &from->name);
    p->name = from->name;
    p->type = from->type;
    p->role = from->role;
    p->direction = from->direction;
    p->kind = from->kind;
    if (b != NULL && b->channel.len > 0) {
        p->channel = b->channel;
    } else if (from->role.len > 0) {
        p->bound = TOMTE_HOME_BOUND_ROLE;
        if (b != NULL)
            p->place = b->place;
        keep_channel(home, c, p);
    } else if (from->channel.len > 0) {
        p->channel = from->channel;
    } else if (from->direction == TOMTE_PORT_OUT) {
        return own_channel(c, p, report);
    } else {
        return SAY(report, TOMTE_ERR_MISSING, LIT("port "), NAME(p->name),
                   LIT(" of container "), NAME(c->name),
                   LIT(" is bound to nothing"));
    }
    return TOMTE_OK;
}

static enum tomte_err own_channel(const struct tomte_command *c,
                                  struct tomte_home_port *p,
                                  struct tomte_home_report *report)
{
    char text[2 + 2 * TOMTE_NAME_MAX];
    size_t len = 0;
    text[len++] = '/';
    memcpy(text + len, c->name.text, c->name.len);
    len += c->name.len;
    text[len++] = '/';
    memcpy(text + len, p->name.text, p->name.len);
    len += p->name.len;
    enum tomte_err err =
        tomte_channel_name_parse(TOMTE_SPAN(text, len), &p->channel);
    if (err == TOMTE_OK)
        return err;
    return SAY(report, err, LIT("port "), NAME(p->name), LIT(" of container "),
               NAME(c->name),
               LIT(" needs a channel: the names are too long for one"));
}

static void keep_channel(const struct tomte_home *home,
                         const struct tomte_command *c,
                         struct tomte_home_port *p)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE)
        return;
    uint16_t port = home->containers[container].port;
    for (; port != NONE; port = home->ports[port].next) {
        const struct tomte_home_port *o = &home->ports[port];
        if (o->bound == p->bound && o->direction == p->direction &&
            o->kind == p->kind && tomte_name_equal(&o->name, &p->name) &&
            tomte_name_equal(&o->type, &p->type) &&
            tomte_name_equal(&o->role, &p->role) &&
            tomte_name_equal(&o->place, &p->place))
            p->channel = o->channel;
    }
}

static enum tomte_err check_writer(const struct tomte_home *home,
                                   const struct tomte_command *c,
                                   const struct tomte_home_draft *d, unsigned i,
                                   struct tomte_home_report *report)
{
    const struct tomte_home_port *p = &d->ports[i];
    for (unsigned k = 0; k < i; k++)
        if (d->ports[k].direction == TOMTE_PORT_OUT &&
            tomte_channel_name_equal(&d->ports[k].channel, &p->channel))
            return SAY(report, TOMTE_ERR_DUPLICATE, LIT("ports "),
                       NAME(d->ports[k].name), LIT(" and "), NAME(p->name),
                       LIT(" of container "), NAME(c->name),
                       LIT(" both write "), CHAN(p->channel));
    uint16_t self = tomte_home_find_container(home, &c->name);
    uint16_t writer = tomte_home_writer(home, &p->channel);
    uint16_t by = writer == NONE
                      ? tomte_home_kept_writer(home, self, &p->channel)
                      : home->ports[writer].container;
    if (by == NONE)
        return TOMTE_OK;
    if (tomte_name_equal(&home->containers[by].identity, &c->name))
        return TOMTE_OK;
    return SAY(report, TOMTE_ERR_EXISTS, CHAN(p->channel),
               LIT(" is written by container "),
               NAME(home->containers[by].identity), LIT(", so container "),
               NAME(c->name), LIT(" cannot write it, too"));
}

static enum tomte_err check_resource(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     const struct tomte_home_port *p,
                                     struct tomte_home_report *report)
{
    uint16_t slot = tomte_home_find_resource(home, &p->channel);
    if (slot == NONE || tomte_home_fits(p, &home->resources[slot].is))
        return TOMTE_OK;
    const struct tomte_home_resource *r = &home->resources[slot];
    if (p->direction == TOMTE_PORT_OUT && !r->is.actuator)
        return SAY(report, TOMTE_ERR_EXISTS, CHAN(p->channel),
                   LIT(" is a sensor of node "),
                   NAME(home->nodes[r->node].name), LIT(", so container "),
                   NAME(c->name), LIT(" cannot write it"));
    return SAY(report, TOMTE_ERR_TYPE, LIT("port "), NAME(p->name),
               LIT(" of container "), NAME(c->name), LIT(" wants "),
               tomte_span_str(tomte_port_kind_name(p->kind)), LIT(" "),
               NAME(p->type), LIT(", "), CHAN(p->channel), LIT(" is "),
               tomte_span_str(tomte_port_kind_name(r->is.kind)), LIT(" "),
               NAME(r->is.type));
}

static enum tomte_err check_end(const struct tomte_home *home,
                                const struct tomte_command *c,
                                const struct tomte_home_port *p, uint16_t other,
                                struct tomte_home_report *report)
{
    const struct tomte_home_port *o = &home->ports[other];
    const struct tomte_home_container *by = &home->containers[o->container];
    if (tomte_name_equal(&by->identity, &c->name) ||
        (o->kind == p->kind && tomte_name_equal(&o->type, &p->type)))
        return TOMTE_OK;
    return SAY(report, TOMTE_ERR_TYPE, LIT("port "), NAME(p->name),
               LIT(" of container "), NAME(c->name), LIT(" wants "),
               tomte_span_str(tomte_port_kind_name(p->kind)), LIT(" "),
               NAME(p->type), LIT(", port "), NAME(o->name),
               LIT(" of container "), NAME(by->identity), LIT(" "),
               tomte_span_str(tomte_port_kind_name(o->kind)), LIT(" "),
               NAME(o->type));
}

static enum tomte_err check_ends(const struct tomte_home *home,
                                 const struct tomte_command *c,
                                 const struct tomte_home_port *p,
                                 struct tomte_home_report *report)
{
    enum tomte_err err = TOMTE_OK;
    bool in = p->direction == TOMTE_PORT_IN;
    uint16_t writer = tomte_home_writer(home, &p->channel);
    if (in && writer != NONE)
        err = check_end(home, c, p, writer, report);
    unsigned others = tomte_home_kept_readers(
        home, tomte_home_find_container(home, &c->name), &p->channel);
    uint16_t reader = tomte_home_first_reader(home, &p->channel);
    for (; reader != NONE && err == TOMTE_OK;
         reader = tomte_home_next_reader(home, reader)) {
        uint16_t by = home->ports[reader].container;
        others += !tomte_name_equal(&home->containers[by].identity, &c->name);
        if (!in)
            err = check_end(home, c, p, reader, report);
    }
    if (err == TOMTE_OK && in && p->kind == TOMTE_PORT_EVENT &&
        others >= TOMTE_HOME_PEERS_MAX)
        return SAY(report, TOMTE_ERR_FULL, CHAN(p->channel),
                   LIT(" has 16 consumers already, no room for container "),
                   NAME(c->name));
    return err;
}
