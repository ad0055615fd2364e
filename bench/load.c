/*
 * The load generator of the benchmark: asks one script (see script.h) of one server on 127.0.0.1 and prints what it saw as JSON.
 *
 *   load --port N --script NAME --seconds S --first-id N [--connections N] [--path P] [--header "name: value"]…
 *        [--rate R]    requests that many times a second, each at its moment whatever became of those before it; its latency counts from that
 *                      moment, also when no connection was free. Without it each connection asks again as soon as it has its answer
 *        [--abort N]   leaves each stream after N events and comes again on a new connection
 *        [--ramp-ms N] the connections begin one after the other over that time
 *
 * Every reply is compared with what the upstream sends for its id. After `--seconds` no request begins; those under way are waited for.
 */
#define _GNU_SOURCE
#include "script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint64_t SECOND_NS = 1000000000u, LONGEST_DRAIN_NS = 30 * 1000000000ull;

enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE };

struct connection {
    int fd; /* -1: not connected */
    bool busy;
    uint64_t id, began_ns, first_byte_ns;
    char *request, *head, *body;
    size_t request_sent, head_length, body_length, event_at;
    bool in_body, close_after;
    int events;
    enum framing framing;
    size_t left; /* of the body, or of the chunk */
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER } chunk;
    char line[32];
    size_t line_length;
    struct connection *next_idle;
};

struct samples {
    double *values; /* microseconds */
    size_t count, capacity;
};

static struct {
    int port, connections, aborts_after, ramp_ms;
    const char *path;
    char headers[4096];
    double rate, seconds;
    uint64_t first_id;
    const struct script *script;
} options = {.connections = 64, .path = "/v1/chat/completions", .seconds = 1, .first_id = 100000000};

enum { MAX_HEAD = 16384 };
static int epoll;
static struct connection *connections, *idle;
static size_t reply_length, request_length, head_length;
static uint64_t started_ns, last_ns, next_id, last_id;
static unsigned long completed, changed, bad_status, broken, busy_count;
static struct samples latencies, first_bytes, hops;
static struct text aborted;

static void note(struct samples *samples, double us)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity * 2 + 4096;
        samples->values = realloc(samples->values, samples->capacity * sizeof(double));
    }
    samples->values[samples->count++] = us;
}

static bool connect_to_server(struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(connection->fd);
        connection->fd = -1;
        return false;
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &wanted);
    return true;
}

static void disconnect(struct connection *connection)
{
    if (connection->fd >= 0) close(connection->fd);
    connection->fd = -1;
}

static void finish(struct connection *connection)
{
    connection->busy = false;
    busy_count--;
    connection->next_idle = idle;
    idle = connection;
    last_ns = now_ns();
}

static void fail(struct connection *connection)
{
    broken++;
    disconnect(connection);
    finish(connection);
}

static void send_request(struct connection *connection)
{
    while (connection->request_sent < request_length) {
        char *from = connection->request + connection->request_sent;
        ssize_t sent = send(connection->fd, from, request_length - connection->request_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno != EAGAIN) fail(connection);
            return;
        }
        connection->request_sent += (size_t)sent;
    }
}

/* Begins an exchange on an idle connection; `began_ns` is when it was to begin. */
static void begin(uint64_t began_ns)
{
    struct connection *connection = idle;
    idle = connection->next_idle;
    connection->busy = true;
    busy_count++;
    connection->id = next_id++;
    connection->began_ns = began_ns;
    connection->first_byte_ns = 0;
    connection->request_sent = connection->head_length = connection->body_length = connection->event_at = 0;
    connection->in_body = connection->close_after = false;
    connection->events = 0;
    fill(&options.script->request, connection->request + head_length, connection->id, 0);
    if (connection->fd < 0 && !connect_to_server(connection)) fail(connection);
    else send_request(connection);
}

static bool reply_is_whole(const struct connection *connection)
{
    if (connection->body_length != reply_length) return false;
    int count = options.script->event_count ? options.script->event_count : 1;
    const char *at = connection->body;
    for (const struct text *event = options.script->events; event < options.script->events + count; at += event++->length)
        if (!matches(event, at, connection->id)) return false;
    return true;
}

static void complete(struct connection *connection)
{
    uint64_t now = now_ns();
    completed++;
    last_id = connection->id;
    if (!reply_is_whole(connection)) changed++;
    note(&latencies, (double)(now - connection->began_ns) / 1000);
    note(&first_bytes, (double)(connection->first_byte_ns - connection->began_ns) / 1000);
    if (connection->close_after) disconnect(connection);
    finish(connection);
}

static void leave(struct connection *connection)
{
    add(&aborted, "%s[%lu,%lu]", aborted.length ? "," : "", connection->id, now_ns() / 1000);
    disconnect(connection);
    completed++;
    last_id = connection->id;
    note(&first_bytes, (double)(connection->first_byte_ns - connection->began_ns) / 1000);
    finish(connection);
}

/* Reads when the new events were written. */
static void read_stamps(struct connection *connection, uint64_t now)
{
    static const size_t prefix = sizeof STAMP_PREFIX - 1;
    for (;;) {
        size_t rest = connection->body_length - connection->event_at;
        char *at = memmem(connection->body + connection->event_at, rest, STAMP_PREFIX, prefix);
        if (!at || (size_t)(at - connection->body) + prefix + STAMP_DIGITS > connection->body_length) return;
        connection->events++;
        connection->event_at = (size_t)(at - connection->body) + prefix + STAMP_DIGITS;
        note(&hops, (double)now / 1000 - (double)read_digits(at + prefix, STAMP_DIGITS));
    }
}

static void keep(struct connection *connection, const char *bytes, size_t length)
{
    size_t room = reply_length * 2 - connection->body_length; /* a reply that some proxy made longer is still read to its end */
    size_t kept = length < room ? length : room;
    memcpy(connection->body + connection->body_length, bytes, kept);
    connection->body_length += kept;
}

/* Reads chunked bytes; true once the last chunk is there. */
static bool read_chunks(struct connection *connection, const char *bytes, size_t length)
{
    while (length > 0) {
        if (connection->chunk == CHUNK_DATA) {
            size_t take = length < connection->left ? length : connection->left;
            keep(connection, bytes, take);
            bytes += take;
            length -= take;
            connection->left -= take;
            if (connection->left == 0) connection->chunk = CHUNK_END;
            continue;
        }
        char c = *bytes++;
        length--;
        if (c != '\n') {
            if (c != '\r' && connection->line_length < sizeof connection->line - 1) connection->line[connection->line_length++] = c;
            continue;
        }
        connection->line[connection->line_length] = 0;
        bool empty = connection->line_length == 0;
        connection->line_length = 0;
        if (connection->chunk == TRAILER && empty) return true;
        if (connection->chunk == CHUNK_END) connection->chunk = CHUNK_SIZE;
        else if (connection->chunk == CHUNK_SIZE) {
            connection->left = strtoul(connection->line, NULL, 16);
            connection->chunk = connection->left == 0 ? TRAILER : CHUNK_DATA;
        }
    }
    return false;
}

static bool read_body(struct connection *connection, const char *bytes, size_t length)
{
    if (connection->first_byte_ns == 0 && length > 0) connection->first_byte_ns = now_ns();
    if (connection->framing == BY_CHUNKS) return read_chunks(connection, bytes, length);
    keep(connection, bytes, length);
    if (connection->framing == BY_CLOSE) return false;
    connection->left -= length < connection->left ? length : connection->left;
    return connection->left == 0;
}

static const char *header(const char *head, const char *name)
{
    const char *line = strcasestr(head, name);
    return line ? line + strlen(name) : NULL;
}

/* Reads the head of a reply; whatever follows it is the body's. True once the reply is whole. */
static bool read_head(struct connection *connection, const char *bytes, size_t length)
{
    size_t before = connection->head_length, room = MAX_HEAD - 1 - before;
    size_t take = length < room ? length : room;
    memcpy(connection->head + before, bytes, take);
    connection->head_length += take;
    connection->head[connection->head_length] = 0;
    char *end = strstr(connection->head, "\r\n\r\n");
    if (!end) return false;
    end[2] = 0;
    size_t behind = (size_t)(end + 4 - connection->head) - before;
    const char *coding = header(connection->head, "\r\ntransfer-encoding:"), *stated = header(connection->head, "\r\ncontent-length:");
    const char *closes = header(connection->head, "\r\nconnection:");
    if (strncmp(connection->head + strlen("HTTP/1.1 "), "200", 3) != 0) bad_status++;
    connection->in_body = true;
    connection->framing = coding ? BY_CHUNKS : stated ? BY_LENGTH : BY_CLOSE;
    connection->left = stated ? strtoul(stated, NULL, 10) : 0;
    connection->close_after = closes && strncasecmp(closes, " close", 6) == 0;
    connection->chunk = CHUNK_SIZE;
    connection->line_length = 0;
    return read_body(connection, bytes + behind, length - behind);
}

static void receive(struct connection *connection)
{
    static char bytes[256 * 1024];
    while (connection->busy && connection->fd >= 0) {
        ssize_t count = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            if (count == 0 && connection->in_body && connection->framing == BY_CLOSE) {
                connection->close_after = true;
                complete(connection);
            } else {
                fail(connection);
            }
            return;
        }
        bool whole = connection->in_body ? read_body(connection, bytes, (size_t)count) : read_head(connection, bytes, (size_t)count);
        if (options.script->event_count) read_stamps(connection, now_ns());
        if (whole) complete(connection);
        else if (options.aborts_after && connection->events >= options.aborts_after) leave(connection);
    }
    /* A server may close a connection that is idle. */
    char c;
    if (connection->fd >= 0 && !connection->busy && recv(connection->fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0) disconnect(connection);
}

/* When the next request is to begin; never, when that is after the end. */
static uint64_t next_begin(uint64_t now, uint64_t end_ns)
{
    uint64_t asked = next_id - options.first_id, at = now;
    if (options.rate > 0) at = started_ns + (uint64_t)((double)asked / options.rate * 1e9);
    else if (asked < (uint64_t)options.connections)
        at = started_ns + asked * (uint64_t)options.ramp_ms * 1000000u / (uint64_t)options.connections;
    return at < end_ns ? at : UINT64_MAX;
}

static void run(void)
{
    started_ns = last_ns = now_ns();
    uint64_t end_ns = started_ns + (uint64_t)(options.seconds * 1e9);
    struct epoll_event ready[256];
    for (;;) {
        uint64_t now = now_ns(), next = next_begin(now, end_ns);
        for (; idle && next <= now; now = now_ns(), next = next_begin(now, end_ns)) begin(options.rate > 0 ? next : now);
        if ((next == UINT64_MAX && busy_count == 0) || now > end_ns + LONGEST_DRAIN_NS) return;
        uint64_t wait_ns = idle && next != UINT64_MAX ? (next > now ? next - now : 0) : SECOND_NS / 10;
        struct timespec wait = {.tv_sec = (time_t)(wait_ns / SECOND_NS), .tv_nsec = (long)(wait_ns % SECOND_NS)};
        int count = epoll_pwait2(epoll, ready, 256, &wait, NULL);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (connection->busy && connection->request_sent < request_length) send_request(connection);
            receive(connection);
        }
    }
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_percentiles(const char *name, struct samples *samples)
{
    if (samples->count == 0) {
        printf("\"%s\":null,", name);
        return;
    }
    qsort(samples->values, samples->count, sizeof(double), ascending);
    printf("\"%s\":{", name);
    static const struct { const char *name; double share; } wanted[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}};
    for (int i = 0; i < 4; i++) {
        size_t rank = (size_t)(wanted[i].share * (double)samples->count);
        printf("%s\"%s\":%.1f", i ? "," : "", wanted[i].name, samples->values[rank < samples->count ? rank : samples->count - 1]);
    }
    printf("},");
}

static void report(void)
{
    double seconds = (double)(last_ns - started_ns) / 1e9;
    printf("{\"asked\":%lu,\"completed\":%lu,\"changed\":%lu,\"bad_status\":%lu,\"broken\":%lu,\"unfinished\":%lu,", next_id - options.first_id,
        completed, changed, bad_status, broken, busy_count);
    printf("\"seconds\":%.3f,\"rps\":%.1f,\"events\":%zu,", seconds, (double)completed / seconds, hops.count);
    print_percentiles("latency_us", &latencies);
    print_percentiles("first_byte_us", &first_bytes);
    print_percentiles("hop_us", &hops);
    printf("\"first_id\":%lu,\"next_id\":%lu,\"last_id\":%lu,\"ended_us\":%lu,", options.first_id, next_id, last_id, last_ns / 1000);
    printf("\"aborted\":[%.*s]}\n", (int)aborted.length, aborted.length ? aborted.bytes : "");
}

static void read_options(int count, char **values)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = values[i], *value = values[i + 1];
        if (strcmp(name, "--port") == 0) options.port = atoi(value);
        else if (strcmp(name, "--script") == 0) options.script = find_script(value, strlen(value));
        else if (strcmp(name, "--seconds") == 0) options.seconds = atof(value);
        else if (strcmp(name, "--first-id") == 0) options.first_id = strtoul(value, NULL, 10);
        else if (strcmp(name, "--connections") == 0) options.connections = atoi(value);
        else if (strcmp(name, "--path") == 0) options.path = value;
        else if (strcmp(name, "--rate") == 0) options.rate = atof(value);
        else if (strcmp(name, "--abort") == 0) options.aborts_after = atoi(value);
        else if (strcmp(name, "--ramp-ms") == 0) options.ramp_ms = atoi(value);
        else if (strcmp(name, "--header") == 0) {
            size_t length = strlen(options.headers);
            snprintf(options.headers + length, sizeof options.headers - length, "%s\r\n", value);
        } else {
            fprintf(stderr, "load: unknown option %s; see the head of load.c\n", name);
            exit(2);
        }
    }
    if (!options.script || options.port <= 0) {
        fprintf(stderr, "load: --port and the --script of script.h are needed\n");
        exit(2);
    }
}

int main(int count, char **values)
{
    build_scripts();
    read_options(count, values);
    int texts = options.script->event_count ? options.script->event_count : 1;
    for (int i = 0; i < texts; i++) reply_length += options.script->events[i].length;
    char head[8192];
    head_length = (size_t)snprintf(head, sizeof head,
        "POST %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\nauthorization: Bearer sk-bench\r\n%scontent-length: %zu\r\n\r\n",
        options.path, options.port, options.headers, options.script->request.length);
    request_length = head_length + options.script->request.length;
    next_id = options.first_id;
    epoll = epoll_create1(0);
    connections = calloc((size_t)options.connections, sizeof(struct connection));
    for (int i = 0; i < options.connections; i++) {
        struct connection *connection = &connections[i];
        *connection = (struct connection){.fd = -1, .request = malloc(request_length), .head = malloc(MAX_HEAD), .body = malloc(reply_length * 2)};
        memcpy(connection->request, head, head_length);
        connection->next_idle = idle;
        idle = connection;
    }
    run();
    report();
}
