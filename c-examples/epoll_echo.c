/* Echoes what clients send, to any number of them at once, on one thread: non-blocking descriptors and epoll.
 *
 *     epoll_echo PORT CERTFILE KEYFILE [COUNT]
 *
 * PORT 0 takes a free one; the first line of standard output tells which. Once COUNT connections are open and idle it
 * prints what memory each of them takes, libpyssl's and the program's own (not the kernel's). SIGTERM ends it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pyssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client, and what could not be sent back to it yet. */
struct client {
    int fd;
    pyssl_conn *conn;
    uint32_t waits_for; /* EPOLLIN or EPOLLOUT */
    uint8_t *unsent;
    size_t len;
    struct client *next, **link;
};

static struct client *clients;
static long open_clients;
static volatile sig_atomic_t ended;

static void die(const char *doing) {
    fprintf(stderr, "epoll_echo: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static void die_of_errno(const char *doing) {
    fprintf(stderr, "epoll_echo: %s: %s\n", doing, strerror(errno));
    exit(1);
}

static void end(int number) {
    (void)number;
    ended = 1;
}

static int listen_on(unsigned short port) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die_of_errno("listen");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static pyssl_ctx *make_context(const char *certfile, const char *keyfile) {
    pyssl_ctx *ctx;

    if (pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) != PYSSL_OK)
        die("context");
    if (pyssl_ctx_use_certificate_chain_file(ctx, certfile) != PYSSL_OK)
        die("certificate");
    if (pyssl_ctx_use_privatekey_file(ctx, keyfile, PYSSL_FILETYPE_PEM, NULL, NULL) != PYSSL_OK)
        die("private key");
    return ctx;
}

/* A descriptor for each client: as many as this process may have. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Memory of this process that is in use, in bytes. */
static long resident(void) {
    long size, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2)
        die_of_errno("/proc/self/statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void drop(struct client *client) {
    if ((*client->link = client->next) != NULL)
        client->next->link = client->link;
    open_clients--;
    pyssl_conn_free(client->conn);
    close(client->fd); /* takes it out of the epoll set, too */
    free(client->unsent);
    free(client);
}

/* Keeps what is still to be sent. PYSSL_OK, or PYSSL_ERR_WANT_WRITE and its kin when not all of it went. */
static ptrdiff_t echo(struct client *client, const uint8_t *data, size_t len) {
    size_t sent = 0;
    pyssl_status status = pyssl_conn_send_all(client->conn, data, len, &sent);
    uint8_t *rest = NULL;

    if (sent < len) {
        if ((rest = malloc(len - sent)) == NULL)
            return PYSSL_ERROR;
        memcpy(rest, data + sent, len - sent);
    }
    free(client->unsent);
    client->unsent = rest;
    client->len = len - sent;
    return status;
}

/* Does what can be done without waiting, the handshake included, and says what to wait for then: 0 when nothing. */
static uint32_t serve(struct client *client) {
    uint8_t buffer[16384];
    ptrdiff_t result;
    int done;

    do {
        if (client->unsent == NULL)
            result = pyssl_conn_recv(client->conn, buffer, sizeof buffer, 0);
        else
            result = (ptrdiff_t)client->len;
        if (result > 0)
            result = echo(client, client->unsent == NULL ? buffer : client->unsent, (size_t)result);
    } while (result == PYSSL_OK);

    if (result == PYSSL_ERR_WANT_READ)
        return EPOLLIN;
    if (result == PYSSL_ERR_WANT_WRITE)
        return EPOLLOUT;
    if (result == PYSSL_ERR_ZERO_RETURN)
        pyssl_conn_shutdown(client->conn, &done);
    else
        fprintf(stderr, "epoll_echo: lost a client: %s\n", pyssl_error_message());
    return 0;
}

static void go_on(int epoll, struct client *client) {
    uint32_t wanted = serve(client);
    struct epoll_event event = {0};

    if (wanted == 0) {
        drop(client);
    } else if (wanted != client->waits_for) {
        event.events = client->waits_for = wanted;
        event.data.ptr = client;
        if (epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event) != 0)
            die_of_errno("epoll");
    }
}

static void welcome(int epoll, pyssl_ctx *ctx, int fd) {
    struct client *client = calloc(1, sizeof *client);
    struct epoll_event event = {0};
    int on = 1;

    if (client == NULL)
        die_of_errno("client");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* an echo follows the session tickets at once */
    client->fd = fd;
    if (pyssl_conn_new_fd(ctx, fd, &client->conn) != PYSSL_OK ||
        pyssl_conn_set_accept_state(client->conn) != PYSSL_OK)
        die("connection");
    if ((client->next = clients) != NULL)
        clients->link = &client->next;
    client->link = &clients;
    clients = client;
    open_clients++;

    event.events = client->waits_for = EPOLLIN;
    event.data.ptr = client;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die_of_errno("epoll");
}

static void run(int epoll, int listener, pyssl_ctx *ctx, long count) {
    struct epoll_event events[64];
    long before = resident();
    int ready, i, fd;

    while (!ended) {
        if ((ready = epoll_wait(epoll, events, 64, 500)) < 0 && errno != EINTR)
            die_of_errno("epoll");
        for (i = 0; i < ready; i++) {
            if (events[i].data.ptr != NULL)
                go_on(epoll, events[i].data.ptr);
            else
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
                    welcome(epoll, ctx, fd);
        }
        if (ready == 0 && count > 0 && open_clients >= count) {
            printf("%ld idle connections, %ld bytes each\n", open_clients, (resident() - before) / open_clients);
            fflush(stdout);
            count = 0;
        }
    }
}

int main(int argc, char **argv) {
    struct sigaction action;
    struct epoll_event event = {0};
    pyssl_ctx *ctx;
    int epoll, listener;

    if (argc != 4 && argc != 5) {
        fputs("usage: epoll_echo PORT CERTFILE KEYFILE [COUNT]\n", stderr);
        return 2;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = end;
    sigaction(SIGTERM, &action, NULL);
    raise_descriptor_limit();

    ctx = make_context(argv[2], argv[3]);
    listener = listen_on((unsigned short)atoi(argv[1]));
    event.events = EPOLLIN; /* data.ptr is NULL: no client, but the listener */
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        die_of_errno("epoll");
    run(epoll, listener, ctx, argc > 4 ? atol(argv[4]) : 0);

    while (clients != NULL)
        drop(clients);
    pyssl_ctx_free(ctx);
    close(listener);
    close(epoll);
    return 0;
}
