/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "cmd_record.h"
#include "tm.h"
#include "view.h"

static void show_value(const char *key, const json_t *v)
{
    const char *inner;
    const json_t *each;
    size_t i;

    if (json_is_null(v))
        return;
    if (json_is_object(v)) {
        json_object_foreach((json_t *)(uintptr_t)v, inner, each)
        {
            char name[64];

            snprintf(name, sizeof(name), "%s.%s", key, inner);
            show_value(name, each);
        }
        return;
    }
    if (json_is_array(v)) {
        json_array_foreach(v, i, each) show_value(key, each);
        return;
    }
    if (json_is_string(v))
        printf("%-16s %s\n", key, json_string_value(v));
    else if (json_is_integer(v))
        printf("%-16s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(v));
    else
        printf("%-16s %s\n", key, json_is_true(v) ? "true" : "false");
}

/* The object, a member a line; the PEM last, as it is. */
static void show_text(const json_t *object)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcmp(key, "pem") != 0 && strcmp(key, "chain_pem") != 0)
            show_value(key, value);
    }
    fputs(json_string_value(json_object_get(object, "pem")), stdout);
}

int cmd_show(int argc, char **argv)
{
    const char *file = NULL, *json = NULL;
    const struct cmd_option options[] = {
        {"json", 'j', NULL, "the certificate object", &json, NULL},
        CMD_CONF_OPTION(file),
        {0}};
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = NULL;
    AUTO(msg_hello) struct msg_hello hello = {0};
    AUTO(record) struct record r = {0};
    AUTO(json) json_t *object = NULL;
    struct serial serial;
    int code;

    if (cmd_options(&argc, &argv, options, "show SERIAL [--json]", &code) < 0)
        return code;
    if (argc != 1)
        return cmd_usage("show", "one serial number, please");
    if (cmd_serial(&serial, argv[0], &e) < 0)
        return cmd_bad(&e);
    c = cmd_client(file, &code);
    if (!c)
        return code;
    if (cmd_authorities(c, &hello, &e) < 0 ||
        cmd_record_get(c, &serial, &r, &e) < 0)
        return cmd_fail(&e);
    object = view_record(&r, tm_now(), &hello.authorities);
    if (json)
        cmd_print_json(take_ptr(object));
    else
        show_text(object);
    return EXIT_DONE;
}
