/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of one test file. */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARG_SLOTS_MAX  64
#define TEXT_MAX       256
#define NAME_MAX_BYTES 1024

struct script {
    struct spec_world world;
    struct spec_tally *tally;
    const cJSON *c;   /* the command */
    const char *type; /* its type */
    const char *folder;
    char path[4096];
};

static void command(struct script *s);
static void do_module(struct script *s);
static void do_register(struct script *s);
static void do_call(struct script *s);
static void do_refused(struct script *s);

static const struct {
    const char *type;
    void (*run)(struct script *s);
} commands[] = {
    {"module", do_module},
    {"register", do_register},
    {"action", do_call},
    {"assert_return", do_call},
    {"assert_trap", do_call},
    {"assert_exhaustion", do_call},
    {"assert_invalid", do_refused},
    {"assert_malformed", do_refused},
    {"assert_unlinkable", do_refused},
    {"assert_uninstantiable", do_refused},
};

static cJSON *read_json(struct spec_world *w, const char *path);
static void check_return(struct script *s, const struct spec_outcome *out);
static void check_trap(struct script *s, const struct spec_outcome *out);

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool is(const struct script *s, const char *type)
{
    return strcmp(s->type, type) == 0;
}

static void count(struct script *s, enum spec_reason reason, const char *detail)
{
    if (!is(s, "action"))
        spec_count(s->tally, reason, s->type, detail);
    else if (reason != SPEC_PASSED)
        spec_other_failed(s->tally, detail);
}

bool spec_script_run(const char *path, struct spec_tally *tally,
                     struct spec_mode mode)
{
    struct script s = {.tally = tally};
    spec_world_init(&s.world, tally, mode);
    cJSON *root = read_json(&s.world, path);
    char *folder = strdup(path);
    if (folder == NULL)
        abort();
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    s.folder = slash == NULL ? "." : folder;
    const char *source = text_of(root, "source_filename");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "commands");
    bool readable = source != NULL && cJSON_IsArray(list);
    if (readable) {
        const char *base = strrchr(source, '/');
        tally->file = base == NULL ? source : base + 1;
        cJSON_ArrayForEach(s.c, list) command(&s);
    }
    spec_world_wipe(&s.world);
    cJSON_Delete(root);
    free(folder);
    return readable;
}

static void command(struct script *s)
{
    const char *file = text_of(s->c, "filename");
    s->type = text_of(s->c, "type");
    s->tally->line = cJSON_GetObjectItemCaseSensitive(s->c, "line")->valueint;
    snprintf(s->path, sizeof s->path, "%s/%s", s->folder,
             file == NULL ? "" : file);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (is(s, commands[i].type)) {
            commands[i].run(s);
            return;
        }
    }
    count(s, SPEC_NO_SUCH_TEST, s->type);
}

/* Will a later command let others import from the module made here? Only the
 * register commands that name it, or that come before the next module. */
static bool registered_later(const cJSON *module)
{
    const char *name = text_of(module, "name");
    bool current = true;
    for (const cJSON *c = module->next; c != NULL; c = c->next) {
        const char *type = text_of(c, "type"), *who = text_of(c, "name");
        if (strcmp(type, "module") == 0)
            current = false;
        if (strcmp(type, "register") != 0)
            continue;
        if (who == NULL ? current : name != NULL && strcmp(who, name) == 0)
            return true;
    }
    return false;
}

static void do_module(struct script *s)
{
    struct spec_made made = spec_world_make(
        &s->world, s->path, text_of(s->c, "name"), !registered_later(s->c));
    if (made.stage != SPEC_MADE)
        spec_other_failed(s->tally, made.what);
}

static void do_register(struct script *s)
{
    struct spec_instance *i = spec_world_find(&s->world, text_of(s->c, "name"));
    if (i == NULL)
        spec_other_failed(s->tally, "nothing to register");
    else
        spec_world_register(&s->world, i, text_of(s->c, "as"));
}

/* The bytes of a name, in `room`: a NUL came as the two bytes that read_json
 * put in its place. */
static struct tomte_span name_bytes(const char *text, char *room, size_t size)
{
    size_t len = 0;
    for (; *text != '\0' && len < size; text++) {
        bool nul = text[0] == '\xc0' && text[1] == '\x80';
        room[len++] = nul ? '\0' : *text;
        text += nul;
    }
    return TOMTE_SPAN(room, len);
}

/* Arguments in slots; false when one is not understood. */
static bool parse_args(const cJSON *list, uint32_t *args, uint32_t *slots)
{
    const cJSON *value;
    *slots = 0;
    cJSON_ArrayForEach(value, list)
    {
        uint32_t n = *slots + 2 > ARG_SLOTS_MAX
                         ? 0
                         : spec_value_parse(value, args + *slots);
        if (n == 0)
            return false;
        *slots += n;
    }
    return true;
}

/* A global is read as a call that returns it. */
static struct spec_outcome get_global(const struct spec_instance *i,
                                      uint32_t global)
{
    static uint8_t type_byte;
    struct spec_outcome out = {.end = SPEC_RETURNED};
    enum tomte_wasm_valtype type;
    if (tomte_wasm_global_get(i->wasm, global, &type, out.slots) != TOMTE_OK) {
        out.end = SPEC_REFUSED;
        out.text = "no such global";
        return out;
    }
    type_byte = (uint8_t)type;
    out.types = TOMTE_SPAN(&type_byte, 1);
    return out;
}

static struct spec_outcome act(struct script *s, struct spec_instance *i,
                               const cJSON *action)
{
    char room[NAME_MAX_BYTES];
    uint32_t args[ARG_SLOTS_MAX] = {0}, slots;
    struct tomte_wasm_export export;
    struct spec_outcome out = {.end = SPEC_REFUSED};
    bool invoke = strcmp(text_of(action, "type"), "invoke") == 0;
    struct tomte_span name =
        name_bytes(text_of(action, "field"), room, sizeof room);
    if (!tomte_wasm_export_find(tomte_wasm_module_of(i->wasm), name, &export)) {
        out.text = "no such export";
        return out;
    }
    if (export.kind != (invoke ? TOMTE_WASM_FUNC : TOMTE_WASM_GLOBAL)) {
        out.text = "an export of another kind";
        return out;
    }
    if (!invoke)
        return get_global(i, export.index);
    if (!parse_args(cJSON_GetObjectItemCaseSensitive(action, "args"), args,
                    &slots)) {
        out.text = "an argument that the runner does not understand";
        return out;
    }
    return spec_call(&s->world, i, export.index, args, slots);
}

static void do_call(struct script *s)
{
    const cJSON *action = cJSON_GetObjectItemCaseSensitive(s->c, "action");
    struct spec_instance *i =
        spec_world_find(&s->world, text_of(action, "module"));
    if (i == NULL) {
        count(s, SPEC_NO_MODULE, text_of(action, "field"));
        return;
    }
    struct spec_outcome out = act(s, i, action);
    if (out.end == SPEC_DIVERGED)
        count(s, SPEC_WRONG_TWIN, out.text);
    else if (out.end == SPEC_REFUSED)
        count(s, SPEC_WRONG_OUTCOME, out.text);
    else if (is(s, "assert_return"))
        check_return(s, &out);
    else if (is(s, "action"))
        count(s, out.end == SPEC_RETURNED ? SPEC_PASSED : SPEC_WRONG_OUTCOME,
              out.text);
    else
        check_trap(s, &out);
}

static void check_return(struct script *s, const struct spec_outcome *out)
{
    const cJSON *want,
        *list = cJSON_GetObjectItemCaseSensitive(s->c, "expected");
    char text[TEXT_MAX];
    size_t n = 0;
    uint32_t at = 0;
    if (out->end != SPEC_RETURNED) {
        count(s, SPEC_WRONG_OUTCOME, out->text);
        return;
    }
    if ((size_t)cJSON_GetArraySize(list) != out->types.len) {
        count(s, SPEC_WRONG_RESULT, "another number of results");
        return;
    }
    cJSON_ArrayForEach(want, list)
    {
        if (!spec_value_matches(want, out->types.data[n], out->slots + at, text,
                                sizeof text)) {
            count(s, SPEC_WRONG_RESULT, text);
            return;
        }
        at += tomte_wasm_slots(tomte_span_slice(out->types, n++, 1));
    }
    count(s, SPEC_PASSED, "");
}

/* "uninitialized element 2" is the engine's "uninitialized element": the
 * specification's own interpreter adds which. */
static bool same_trap(const char *want, const char *got)
{
    size_t len = strlen(got);
    return strncmp(want, got, len) == 0 &&
           (want[len] == '\0' || want[len] == ' ');
}

static void check_trap(struct script *s, const struct spec_outcome *out)
{
    char text[TEXT_MAX];
    const char *want = text_of(s->c, "text");
    if (out->end != SPEC_TRAP) {
        count(s, SPEC_WRONG_OUTCOME, "returned");
    } else if (!same_trap(want, out->text)) {
        snprintf(text, sizeof text, "%s, expected %s", out->text, want);
        count(s, SPEC_WRONG_TRAP, text);
    } else {
        count(s, SPEC_PASSED, "");
    }
}

/* Was it refused where, and with the error, that the assertion wants? */
static bool refused_as(const struct script *s, const struct spec_made *made)
{
    const char *want = text_of(s->c, "text");
    if (is(s, "assert_malformed"))
        return made->stage == SPEC_NOT_LOADED &&
               made->err == TOMTE_ERR_MALFORMED;
    if (is(s, "assert_invalid"))
        return made->stage == SPEC_NOT_LOADED && made->err == TOMTE_ERR_INVALID;
    if (is(s, "assert_unlinkable"))
        return made->stage == SPEC_NOT_LINKED &&
               made->err == (strcmp(want, "unknown import") == 0
                                 ? TOMTE_ERR_NOT_FOUND
                                 : TOMTE_ERR_TYPE);
    return made->stage == SPEC_TRAPPED && same_trap(want, made->what);
}

static void do_refused(struct script *s)
{
    char text[TEXT_MAX];
    const char *want = text_of(s->c, "text");
    const char *format = text_of(s->c, "module_type");
    const struct tomte_wasm_module *m;
    struct spec_instance *current = s->world.current;
    bool load_only = is(s, "assert_malformed") || is(s, "assert_invalid");
    struct spec_made made;
    if (format != NULL && strcmp(format, "text") == 0)
        return;
    made = load_only ? spec_world_load(&s->world, s->path, &m)
                     : spec_world_make(&s->world, s->path, NULL, false);
    s->world.current = current;
    if (refused_as(s, &made)) {
        count(s, SPEC_PASSED, "");
        return;
    }
    snprintf(text, sizeof text, "%s (%s), expected %s",
             made.stage == SPEC_MADE ? "accepted" : made.what,
             tomte_err_text(made.err), want);
    bool limit =
        made.err == TOMTE_ERR_TOO_LARGE || made.err == TOMTE_ERR_NO_MEMORY;
    count(s, limit ? SPEC_LIMIT : SPEC_WRONG_MODULE, text);
}

/* cJSON's strings end at a NUL, which a name may hold; as the two bytes C0 80,
 * which no valid text has, it passes. The file is the world's memory, and NUL
 * is never written but as \u0000. */
static cJSON *read_json(struct spec_world *w, const char *path)
{
    struct tomte_span file = spec_world_file(w, path);
    if (file.data == NULL)
        return NULL;
    char *text = strndup((const char *)file.data, file.len);
    if (text == NULL)
        abort();
    char *to = text;
    for (const char *from = text; (*to = *from) != '\0'; to++, from++) {
        if (strncmp(from, "\\u0000", 6) == 0) {
            *to++ = '\xc0';
            *to = '\x80';
            from += 5;
        }
    }
    cJSON *root = cJSON_Parse(text);
    free(text);
    return root;
}
