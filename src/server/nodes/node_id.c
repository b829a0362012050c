#include "server/nodes/node_id.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"

void node_id_text(const uint8_t id[NODE_ID_SIZE], char out[NODE_ID_TEXT])
{
    char hex[2 * NODE_ID_SIZE + 1];
    gb_hex_encode(gb_bytes(id, NODE_ID_SIZE), hex);
    snprintf(out, NODE_ID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

bool node_id_parse(struct gb_bytes text, uint8_t ret_id[NODE_ID_SIZE])
{
    uint8_t id[NODE_ID_SIZE];
    char hex[2 * NODE_ID_SIZE], again[NODE_ID_TEXT];
    size_t len = 0;
    if (text.len != NODE_ID_TEXT - 1)
        return false;
    for (size_t i = 0; i < text.len && len < sizeof hex; i++)
        if (text.data[i] != '-')
            hex[len++] = (char)text.data[i];
    if (len != sizeof hex || !gb_hex_decode(gb_bytes(hex, len), id, sizeof id))
        return false;
    node_id_text(id, again); /* one way to write it: no upper case, dashes in place */
    if (memcmp(again, text.data, text.len) != 0)
        return false;
    memcpy(ret_id, id, sizeof id);
    return true;
}
