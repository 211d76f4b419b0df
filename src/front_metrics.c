/* SPDX-License-Identifier: ISC */
/* What the front counts: refusals by code, and how long each route takes. */
#include <inttypes.h>

#include "front_handle.h"

static const int64_t bounds_us[] = {500,     1000,    2500,    5000,    10000,
                                    25000,   50000,   100000,  250000,  500000,
                                    1000000, 2500000, 5000000, 10000000};
enum {
    BOUNDS = COUNT(bounds_us),
    NO_ROUTE = FRONT_ROUTES_MAX, /* its place in the table below */
};

static struct {
    _Atomic uint64_t bucket[BOUNDS + 1], sum_us;
} seconds[FRONT_ROUTES_MAX + 1];
static _Atomic uint64_t refused[ERR__MAX];

static void add(_Atomic uint64_t *to, uint64_t n)
{
    atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

void front_metrics_done(const struct req *r, int64_t us)
{
    size_t route =
        r->route ? (size_t)(r->route - front_routes) : (size_t)NO_ROUTE;
    size_t i = 0;

    while (i < BOUNDS && us > bounds_us[i])
        i++;
    add(&seconds[route].bucket[i], 1);
    add(&seconds[route].sum_us, us > 0 ? (uint64_t)us : 0);
    if (r->code != ERR_NONE)
        add(&refused[r->code], 1);
}

static void put_refused(struct buf *b)
{
    buf_puts(b, "# HELP pocketca_refused_total Requests refused.\n"
                "# TYPE pocketca_refused_total counter\n");
    for (int i = ERR_NONE + 1; i < ERR__MAX; i++)
        buf_printf(b, "pocketca_refused_total{code=\"%s\"} %" PRIu64 "\n",
                   err_code((enum err)i), get(&refused[i]));
}

/* Routes that nobody asked for yet are left out. */
static void put_route(struct buf *b, size_t route)
{
    static const char *const methods[METHOD__MAX] = {
        [METHOD_GET] = "GET",
        [METHOD_POST] = "POST",
        [METHOD_DELETE] = "DELETE",
    };
    const bool known = route < front_routes_n;
    const char *method = known ? methods[front_routes[route].method] : "other";
    const char *name = known ? front_routes[route].name : "other";
    uint64_t bucket[BOUNDS + 1], sum = 0;

    for (size_t i = 0; i <= BOUNDS; i++)
        sum += bucket[i] = get(&seconds[route].bucket[i]);
    if (!sum)
        return;
    sum = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        sum += bucket[i];
        buf_printf(b,
                   "pocketca_request_seconds_bucket{method=\"%s\","
                   "route=\"%s\",le=\"",
                   method, name);
        if (i < BOUNDS)
            buf_printf(b, "%g", (double)bounds_us[i] / 1e6);
        else
            buf_puts(b, "+Inf");
        buf_printf(b, "\"} %" PRIu64 "\n", sum);
    }
    buf_printf(b,
               "pocketca_request_seconds_sum{method=\"%s\",route=\"%s\"} "
               "%.6f\n"
               "pocketca_request_seconds_count{method=\"%s\",route=\"%s\"} "
               "%" PRIu64 "\n",
               method, name, (double)get(&seconds[route].sum_us) / 1e6, method,
               name, sum);
}

void front_metrics_put(const struct req *r, struct buf *out)
{
    put_refused(out);
    buf_puts(out, "# HELP pocketca_request_seconds Time to answer, by route.\n"
                  "# TYPE pocketca_request_seconds histogram\n");
    for (size_t i = 0; i <= NO_ROUTE; i++)
        if (i < front_routes_n || i == NO_ROUTE)
            put_route(out, i);
    buf_printf(out,
               "# HELP pocketca_connections Connections that are open.\n"
               "# TYPE pocketca_connections gauge\n"
               "pocketca_connections %u\n",
               atomic_load(&r->front->connections));
}
