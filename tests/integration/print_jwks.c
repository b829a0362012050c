/* Prints the keys by which keyd's tokens are checked, as keyd gives them. usage: print_jwks SOCKET
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "rpc/keyd.h"

int main(int argc, char **argv)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(keyd_client_freep) struct keyd_client *client = NULL;
    struct keyd_status status;
    struct gb_err err = {0};
    int r = argc == 2 && arena ? keyd_client_new(argv[1], 5000, &client, &err) : GB_ERR_CONFIG;
    if (r == GB_OK)
        r = keyd_status(client, arena, &status, &err);
    if (r < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    puts(status.jwks);
    return 0;
}
