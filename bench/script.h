/*
 * What clients ask in a benchmark and what the upstream answers, byte for byte. The load generator and the upstream both build these texts, so
 * that each can tell whether what it got is what the other sent.
 *
 * A text has holes: the id of the exchange (9 digits), so that no two are alike, and the time when an event was written (16 digits, microseconds
 * on the monotonic clock). Everything else is fixed, so every reply of a script has the same length.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ID_DIGITS = 9, STAMP_DIGITS = 16, EVENT_BYTES = 290, MAX_EVENTS = 330 };

#define ID "\001"
#define STAMP "\002"
#define STAMP_PREFIX "fp_"

struct hole {
    size_t at;
    char kind; /* ID or STAMP */
};

struct text {
    char *bytes;
    size_t length, capacity;
    struct hole *holes;
    int hole_count;
};

struct script {
    const char *name;
    size_t request_bytes;
    size_t reply_bytes; /* of a reply that is not streamed */
    int event_count;    /* 0: not streamed */
    int gap_ms;         /* between two events; 0: as fast as they can be written */
    bool prose;         /* sentences with names and numbers in them, as people write, in place of bare words */
    struct text request;
    struct text *events; /* one for a reply that is not streamed */
    struct text output;  /* the answer's words, what a store should hold of it */
};

static struct script scripts[] = {
    {.name = "json", .request_bytes = 958, .reply_bytes = 1044},
    {.name = "burst", .request_bytes = 958, .event_count = 50},
    {.name = "paced", .request_bytes = 958, .event_count = 100, .gap_ms = 20},
    {.name = "prompt", .request_bytes = 200 * 1024, .reply_bytes = 1044},
    {.name = "prose", .request_bytes = 1700, .reply_bytes = 1900, .prose = true},
    {.name = "text", .request_bytes = 2400, .reply_bytes = 2600, .prose = true},
    {.name = "long", .request_bytes = 2400, .event_count = 330},
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

static inline uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void write_digits(char *at, uint64_t value, int digits)
{
    while (digits-- > 0) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

static inline uint64_t read_digits(const char *at, int digits)
{
    uint64_t value = 0;
    while (digits-- > 0) value = value * 10 + (uint64_t)(*at++ - '0');
    return value;
}

static inline int hole_width(char kind)
{
    return kind == *ID ? ID_DIGITS : STAMP_DIGITS;
}

/* Appends formatted bytes; ID and STAMP in them become holes. */
__attribute__((format(printf, 2, 3))) static inline void add(struct text *text, const char *format, ...)
{
    static char line[4096];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    for (const char *c = line; *c; c++) {
        int width = *c == *ID || *c == *STAMP ? hole_width(*c) : 1;
        if (text->length + (size_t)width > text->capacity) {
            text->capacity = text->capacity * 2 + 4096;
            text->bytes = realloc(text->bytes, text->capacity);
        }
        if (*c == *ID || *c == *STAMP) {
            text->holes = realloc(text->holes, (size_t)(text->hole_count + 1) * sizeof(struct hole));
            text->holes[text->hole_count++] = (struct hole){.at = text->length, .kind = *c};
        }
        memset(text->bytes + text->length, *c == *ID || *c == *STAMP ? '0' : *c, (size_t)width);
        text->length += (size_t)width;
    }
}

/* Copies the text to `target`, its holes filled. */
static inline void fill(const struct text *text, char *target, uint64_t id, uint64_t stamp)
{
    memcpy(target, text->bytes, text->length);
    for (int i = 0; i < text->hole_count; i++) {
        char kind = text->holes[i].kind;
        write_digits(target + text->holes[i].at, kind == *ID ? id : stamp, hole_width(kind));
    }
}

/* Whether `bytes`, as many as the text has, are the text with this id and any stamp. */
static inline bool matches(const struct text *text, const char *bytes, uint64_t id)
{
    size_t at = 0;
    for (int i = 0; i < text->hole_count; i++) {
        const struct hole *hole = &text->holes[i];
        if (memcmp(text->bytes + at, bytes + at, hole->at - at) != 0) return false;
        if (hole->kind == *ID && read_digits(bytes + hole->at, ID_DIGITS) != id) return false;
        at = hole->at + (size_t)hole_width(hole->kind);
    }
    return memcmp(text->bytes + at, bytes + at, text->length - at) == 0;
}

/* Appends sentences until `length` bytes stand there; a hole that does not fit whole is left out. */
static inline void add_prose(struct text *text, size_t length)
{
    static const char *const sentences[] = {
        "My name is Anna Keller and I wrote to you on Monday about order " ID ". ",
        "The flight from Lisbon to Oslo was cancelled, and nobody at the desk could tell us when the next one leaves. ",
        "Please send the receipt to anna.keller" ID "@example.com, not to the old address. ",
        "We had booked two seats with extra space, because Mr. Okafor cannot bend his knee since the operation in March. ",
        "According to your policy a refund takes ten working days; it has been three weeks, and the amount is still missing. ",
        "You can reach me at +49 151 23456789 between nine and five, or leave a message with Maria Lindqvist. ",
        "I would like to change the return to the 14th of June, if there is no fee above 40 EUR for it. ",
        "The parcel should go to 12 Elm Street, Springfield, IL 62704, as the shop promised in its confirmation. ",
        "What is the difference between the two tariffs, and which of them lets me bring a second bag? ",
        "Version 4.12.0 of the app shows error 503 as soon as I open the page with my bookings, on Wi-Fi as well as on the train. ",
    };
    uint32_t random = 1;
    while (text->length < length) {
        random = random * 1664525u + 1013904223u;
        add(text, "%s", sentences[(random >> 16) % (sizeof sentences / sizeof *sentences)]);
    }
    text->length = length;
    while (text->hole_count > 0) {
        struct hole *last = &text->holes[text->hole_count - 1];
        if (last->at + (size_t)hole_width(last->kind) <= length) break;
        text->hole_count--;
    }
}

/* Appends words until `length` bytes stand there. */
static inline void add_words(struct text *text, size_t length)
{
    static const char *const words[] = {"ticket", "refund", "flight", "the", "of",    "customer", "policy", "seat",  "a",      "booking", "please",
                                        "and",    "change", "to",     "is", "payment", "agent",   "with",   "number", "before", "travel"};
    uint32_t random = 1;
    while (text->length < length) {
        random = random * 1664525u + 1013904223u;
        add(text, "%s ", words[(random >> 16) % (sizeof words / sizeof *words)]);
    }
    text->length = length;
}

static inline void add_usage(struct text *text)
{
    add(text, "\"usage\":{\"prompt_tokens\":187,\"completion_tokens\":96,\"total_tokens\":283,"
              "\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}}");
}

static inline void build_request(struct script *script)
{
    struct text *text = &script->request;
    const char *tail = script->event_count ? "\"}],\"temperature\":0.2,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
                                           : "\"}],\"temperature\":0.2,\"max_completion_tokens\":256}";
    add(text, "{\"model\":\"bench-%s\",\"seed\":" ID ",\"messages\":[{\"role\":\"system\",\"content\":\"You answer briefly.\"},", script->name);
    add(text, "{\"role\":\"user\",\"content\":\"Question " ID ": ");
    (script->prose ? add_prose : add_words)(text, script->request_bytes - strlen(tail));
    add(text, "%s", tail);
}

static inline void add_reply_end(struct text *text)
{
    add(text, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],");
    add_usage(text);
    add(text, ",\"system_fingerprint\":\"" STAMP_PREFIX STAMP "\"}");
}

static inline void build_reply(struct script *script)
{
    struct text *text = script->events, *output = &script->output, end = {0};
    add_reply_end(&end);
    add(text, "{\"id\":\"chatcmpl-" ID "\",\"object\":\"chat.completion\",\"created\":1767225600,\"model\":\"bench-%s\",\"choices\":[{\"index\":0,",
        script->name);
    add(text, "\"message\":{\"role\":\"assistant\",\"content\":\"");
    size_t before = text->length;
    for (int i = 0; i < 2; i++) {
        struct text *answer = i == 0 ? text : output;
        add(answer, "Answer " ID ": ");
        (script->prose ? add_prose : add_words)(answer, script->reply_bytes - end.length - (i == 0 ? 0 : before));
    }
    add_reply_end(text);
}

static inline void build_event(struct script *script, int index)
{
    struct text *text = &script->events[index];
    bool usage = index == script->event_count - 1, stop = index == script->event_count - 2;
    add(text, "data: {\"id\":\"chatcmpl-" ID "\",\"object\":\"chat.completion.chunk\",\"created\":1767225600,\"model\":\"bench-%s\",", script->name);
    add(text, "\"system_fingerprint\":\"" STAMP_PREFIX STAMP "\",\"choices\":[");
    if (usage) {
        add(text, "],");
        add_usage(text);
        add(text, "}\n\ndata: [DONE]\n\n");
        return;
    }
    if (index == 0) {
        add(text, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]");
    } else if (stop) {
        add(text, "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]");
    } else {
        add(text, "{\"index\":0,\"delta\":{\"content\":\"" ID ".%03d \"},\"finish_reason\":null}]", index);
        add(&script->output, ID ".%03d ", index);
    }
    add(text, ",\"usage\":null,\"obfuscation\":\"");
    while (text->length < EVENT_BYTES - 4) add(text, "x");
    add(text, "\"}\n\n");
}

static inline void build_scripts(void)
{
    for (struct script *script = scripts; script < scripts + SCRIPTS; script++) {
        int count = script->event_count ? script->event_count : 1;
        script->events = calloc((size_t)count, sizeof(struct text));
        build_request(script);
        if (script->event_count == 0) build_reply(script);
        for (int i = 0; i < script->event_count; i++) build_event(script, i);
    }
}

/* The script whose name stands at `name`, `length` bytes long; NULL when there is none. */
static inline struct script *find_script(const char *name, size_t length)
{
    for (struct script *script = scripts; script < scripts + SCRIPTS; script++)
        if (strlen(script->name) == length && memcmp(script->name, name, length) == 0) return script;
    return NULL;
}
