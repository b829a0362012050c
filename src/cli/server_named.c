#include "cli/server_named.h"

#include "cli/cmd.h"
#include "cli/server_client.h"
#include "wire/json.h"

int server_get_named(const struct cmd_line *line, struct gb_arena *arena, const char *before,
                     const char *after, struct json **ret_reply, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    const char *path = server_path(arena, before, line->args[0], after);
    if (!path)
        return gb_err_nomem(err);
    int r = server_client_new(arena, line, &client, err);
    return r != 0 ? r : server_get(client, path, ret_reply, err);
}

int server_delete_named(const struct cmd_line *line, struct gb_arena *arena, const char *before,
                        struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    const char *path = server_path(arena, before, line->args[0], "");
    if (!path)
        return gb_err_nomem(err);
    int r = server_client_new(arena, line, &client, err);
    return r != 0 ? r : server_delete(client, path, err);
}
