/*
 * The upstream of the benchmark: answers chat completions by script (see script.h), all connections in one thread.
 *
 *   upstream            prints {"port":N} once it listens on 127.0.0.1, and runs until it is ended
 *   POST …              the reply of the script that the request's model names, with the request's seed as id
 *   GET /stats          what came since the last time: {"requests", "changed", "closed_early": [[id, microseconds], …]}
 *   GET /output/NAME    the words of that script's answer, 000000000 where the id stands
 */
#define _GNU_SOURCE
#include "script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd; /* -1: closed, and released once no timer names it */
    char *in, *out;
    size_t in_length, in_capacity, out_length, out_sent, out_capacity;
    const struct script *script; /* NULL: no reply under way */
    uint64_t id, due_ns;
    int next_event;
    bool timed, blocked;
    struct connection *later;
};

static int epoll;
/* Streams between two events. All wait equally long, so the first in line is due first. */
static struct connection *first_due, *last_due;
static unsigned long requests, changed;
static struct text closed_early;

static char *with_room(char *memory, size_t *capacity, size_t needed)
{
    if (needed <= *capacity) return memory;
    *capacity = needed * 2;
    return realloc(memory, *capacity);
}

static char *put(struct connection *connection, size_t length)
{
    connection->out = with_room(connection->out, &connection->out_capacity, connection->out_length + length);
    connection->out_length += length;
    return connection->out + connection->out_length - length;
}

static void put_text(struct connection *connection, const char *text)
{
    memcpy(put(connection, strlen(text)), text, strlen(text));
}

static void release(struct connection *connection)
{
    free(connection->in);
    free(connection->out);
    free(connection);
}

static void close_connection(struct connection *connection)
{
    if (connection->script) add(&closed_early, "%s[%lu,%lu]", closed_early.length ? "," : "", connection->id, now_ns() / 1000);
    close(connection->fd);
    connection->fd = -1;
    if (!connection->timed) release(connection);
}

/* Sends what is to be sent, or as much as there is room for. False when the peer is gone. */
static bool flush(struct connection *connection)
{
    while (connection->out_sent < connection->out_length) {
        char *from = connection->out + connection->out_sent;
        ssize_t sent = send(connection->fd, from, connection->out_length - connection->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent < 0) break;
        connection->out_sent += (size_t)sent;
    }
    bool blocked = connection->out_sent < connection->out_length;
    if (!blocked) connection->out_sent = connection->out_length = 0;
    if (blocked != connection->blocked) {
        connection->blocked = blocked;
        struct epoll_event wanted = {.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = connection};
        epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &wanted);
    }
    return true;
}

static bool answer(struct connection *connection, const char *type, const char *body, size_t length)
{
    char head[200];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n", type, length);
    put_text(connection, head);
    memcpy(put(connection, length), body, length);
    return flush(connection);
}

static bool answer_whole(struct connection *connection)
{
    const struct text *text = connection->script->events;
    char body[8192];
    fill(text, body, connection->id, now_ns() / 1000);
    connection->script = NULL;
    return answer(connection, "application/json", body, text->length);
}

/* Writes the next event as a chunk of its own; the last one ends the reply. */
static bool send_event(struct connection *connection)
{
    const struct script *script = connection->script;
    const struct text *event = &script->events[connection->next_event++];
    char length[16];
    snprintf(length, sizeof length, "%zx\r\n", event->length);
    put_text(connection, length);
    fill(event, put(connection, event->length), connection->id, now_ns() / 1000);
    put_text(connection, "\r\n");
    if (connection->next_event == script->event_count) {
        put_text(connection, "0\r\n\r\n");
        connection->script = NULL;
    }
    return flush(connection);
}

static void send_later(struct connection *connection)
{
    connection->timed = true;
    connection->later = NULL;
    *(first_due ? &last_due->later : &first_due) = connection;
    last_due = connection;
}

static bool answer_stream(struct connection *connection)
{
    put_text(connection, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
    connection->next_event = 0;
    int gap_ms = connection->script->gap_ms;
    do {
        if (!send_event(connection)) return false;
    } while (gap_ms == 0 && connection->script);
    if (connection->script) {
        connection->due_ns = now_ns() + (uint64_t)gap_ms * 1000000u;
        send_later(connection);
    }
    return true;
}

static void send_due(void)
{
    while (first_due && (first_due->fd < 0 || first_due->due_ns <= now_ns())) {
        struct connection *connection = first_due;
        first_due = connection->later;
        connection->timed = false;
        if (connection->fd < 0) {
            release(connection);
            continue;
        }
        connection->due_ns += (uint64_t)connection->script->gap_ms * 1000000u;
        if (!send_event(connection)) close_connection(connection);
        else if (connection->script) send_later(connection);
    }
}

static bool answer_stats(struct connection *connection)
{
    size_t capacity = closed_early.length + 200;
    char *body = malloc(capacity);
    int length = snprintf(body, capacity, "{\"requests\":%lu,\"changed\":%lu,\"closed_early\":[%.*s]}", requests, changed,
        (int)closed_early.length, closed_early.length ? closed_early.bytes : "");
    requests = changed = 0;
    closed_early.length = 0;
    bool alive = answer(connection, "application/json", body, (size_t)length);
    free(body);
    return alive;
}

/* Answers one request. False when that is not possible. */
static bool serve(struct connection *connection, const char *body, size_t length)
{
    static const char stats[] = "GET /stats ", output[] = "GET /output/", model[] = "\"model\":\"bench-", seed[] = "\"seed\":";
    if (memcmp(connection->in, stats, sizeof stats - 1) == 0) return answer_stats(connection);
    if (memcmp(connection->in, output, sizeof output - 1) == 0) {
        const char *name = connection->in + sizeof output - 1;
        const struct script *script = find_script(name, strcspn(name, " "));
        if (!script) return false;
        return answer(connection, "text/plain", script->output.bytes, script->output.length);
    }
    const char *named = memmem(body, length, model, sizeof model - 1), *numbered = memmem(body, length, seed, sizeof seed - 1);
    if (!named || !numbered) return false;
    named += sizeof model - 1;
    const struct script *script = find_script(named, (size_t)((const char *)memchr(named, '"', (size_t)(body + length - named)) - named));
    if (!script) return false;
    connection->script = script;
    connection->id = read_digits(numbered + sizeof seed - 1, ID_DIGITS);
    requests++;
    if (length != script->request.length || !matches(&script->request, body, connection->id)) changed++;
    return script->event_count ? answer_stream(connection) : answer_whole(connection);
}

/* Serves the request once it is whole. False when there is none to come. */
static bool receive(struct connection *connection)
{
    connection->in = with_room(connection->in, &connection->in_capacity, connection->in_length + 65536);
    ssize_t count = recv(connection->fd, connection->in + connection->in_length, 65536 - 1, 0);
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    connection->in_length += (size_t)count;
    char *end = memmem(connection->in, connection->in_length, "\r\n\r\n", 4);
    if (!end) return true;
    connection->in[connection->in_length] = 0;
    size_t head = (size_t)(end + 4 - connection->in);
    char *stated = strcasestr(connection->in, "content-length:");
    size_t body = stated && stated < end ? strtoul(stated + strlen("content-length:"), NULL, 10) : 0;
    if (connection->in_length < head + body) return true;
    connection->in_length = 0; /* nobody here asks again before the answer is there */
    return serve(connection, connection->in + head, body);
}

static int listen_anywhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 4096) != 0) {
        perror("cannot listen on 127.0.0.1");
        exit(1);
    }
    getsockname(fd, (struct sockaddr *)&address, &length);
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct connection *connection = calloc(1, sizeof *connection);
        connection->fd = fd;
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted);
    }
}

int main(void)
{
    build_scripts();
    int listener = listen_anywhere();
    epoll = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        uint64_t now = now_ns();
        uint64_t wait_ns = !first_due ? 1000000000u : first_due->due_ns > now ? first_due->due_ns - now : 0;
        struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000u), .tv_nsec = (long)(wait_ns % 1000000000u)};
        int count = epoll_pwait2(epoll, ready, 256, &wait, NULL);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            bool alive = true;
            if (!connection) accept_all(listener);
            else if (ready[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) alive = receive(connection);
            if (connection && alive && ready[i].events & EPOLLOUT) alive = flush(connection);
            if (!alive) close_connection(connection);
        }
        send_due();
    }
}
