/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/file.h"

#include "base/text.h"
#include "container/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILE_BYTES_MAX ((size_t)1 << 30)
#define ARENA_BYTES    ((size_t)3 << 30) /* address space, not memory */

static bool read_all(struct wasm_file *f, FILE *in, size_t *len);

int wasm_file_open(struct wasm_file *f, const char *path)
{
    *f = (struct wasm_file){.path = path};
    FILE *in = fopen(path, "rb");
    size_t len = 0;
    if (in == NULL || !read_all(f, in, &len)) {
        int why = errno;
        fprintf(stderr, "tomte: cannot read %s: %s\n", path, strerror(why));
        if (in != NULL)
            fclose(in);
        wasm_file_close(f);
        return why == ENOENT ? 2 : 1;
    }
    fclose(in);
    f->bytes = TOMTE_SPAN(f->data, len);
    struct tomte_image image;
    if (tomte_image_open(f->bytes, &image) == TOMTE_OK)
        f->bytes = image.module;
    if (module_map_init(&f->map, f->bytes))
        return 0;
    fprintf(stderr, "tomte: %s is neither a WebAssembly module nor an image\n",
            path);
    wasm_file_close(f);
    return 3;
}

int wasm_file_load(struct wasm_file *f)
{
    void *memory = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "tomte: no memory\n");
        return 4;
    }
    tomte_arena_init(&f->arena, memory, ARENA_BYTES);
    if (tomte_wasm_load(f->bytes, &tomte_wasm_limits_hub, &f->arena, &f->module,
                        &f->error) == TOMTE_OK)
        return 0;
    f->module = NULL;
    struct wasm_place place;
    wasm_file_place(f, f->error.offset, &place);
    fprintf(stderr, "tomte: %s is %s: %s, at ", f->path,
            tomte_err_text(f->error.err), f->error.what);
    wasm_place_print(stderr, &place, f->error.offset);
    fputc('\n', stderr);
    return tomte_err_exit_status(f->error.err);
}

void wasm_file_close(struct wasm_file *f)
{
    free(f->data);
    f->data = NULL;
}

void wasm_file_place(const struct wasm_file *f, uint32_t offset,
                     struct wasm_place *p)
{
    struct tomte_text t;
    *p = (struct wasm_place){.in_func = false};
    for (uint32_t i = 0; i < f->map.section_count; i++) {
        const struct module_section *s = &f->map.sections[i];
        char text[64];
        if (offset >= s->at && offset <= s->at + s->len)
            snprintf(p->section, sizeof p->section, "%s",
                     module_section_text(s, text, sizeof text));
    }
    p->in_func = module_map_body_at(&f->map, offset, &p->body);
    if (!p->in_func)
        return;
    struct tomte_span name = module_map_name(&f->map, p->body.func);
    if (name.len == 0 && f->module != NULL)
        name = tomte_wasm_func_name(f->module, p->body.func);
    tomte_text_init(&t, p->name, sizeof p->name);
    tomte_text_span(&t, name);
    p->has_line = source_line_find(&f->map, &p->body, offset, &p->line);
}

void wasm_place_print(FILE *out, const struct wasm_place *p, uint32_t offset)
{
    fprintf(out, "0x%x", offset);
    if (!p->in_func) {
        if (p->section[0] != 0)
            fprintf(out, ", section %s", p->section);
        return;
    }
    fprintf(out, ", function %u", p->body.func);
    if (p->name[0] != 0)
        fprintf(out, " (%s)", p->name);
    if (p->has_line)
        fprintf(out, ", %s:%u", p->line.path, p->line.line);
}

void wasm_place_json(FILE *out, const struct wasm_place *p, uint32_t offset)
{
    fprintf(out, ",\"offset\":%u", offset);
    if (p->section[0] != 0) {
        fprintf(out, ",\"section\":");
        wasm_json_text(out, tomte_span_str(p->section));
    }
    if (!p->in_func)
        return;
    fprintf(out, ",\"function\":%u,\"name\":", p->body.func);
    wasm_json_text(out, tomte_span_str(p->name));
    if (p->has_line) {
        fprintf(out, ",\"file\":");
        wasm_json_text(out, tomte_span_str(p->line.path));
        fprintf(out, ",\"line\":%u", p->line.line);
    }
}

void wasm_json_text(FILE *out, struct tomte_span text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.data[i];
        if (ch == '"' || ch == '\\')
            fprintf(out, "\\%c", ch);
        else if (ch < 0x20)
            fprintf(out, "\\u%04x", ch);
        else
            fputc(ch, out);
    }
    fputc('"', out);
}

void wasm_types_print(FILE *out, struct tomte_span types)
{
    for (size_t i = 0; i < types.len; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ",
                module_type_text(types.data[i]));
}

static bool read_all(struct wasm_file *f, FILE *in, size_t *len)
{
    size_t cap = 0;
    *len = 0;
    for (;;) {
        if (*len == cap) {
            cap = cap == 0 ? 65536 : 2 * cap;
            uint8_t *more =
                cap <= FILE_BYTES_MAX ? realloc(f->data, cap) : NULL;
            if (more == NULL) {
                errno = ENOMEM;
                return false;
            }
            f->data = more;
        }
        size_t got = fread(f->data + *len, 1, cap - *len, in);
        *len += got;
        if (got == 0)
            return !ferror(in);
    }
}
