#include <librdkafka/rdkafka.h>

#ifdef __linux__
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* dup3, which Swift does not see: `place` leads to where `descriptor` does, and closes in programs that are started. */
static inline int xqueue_replace_descriptor(int place, int descriptor)
{
    return (int)syscall(SYS_dup3, descriptor, place, O_CLOEXEC);
}
#endif

/* rd_kafka_producev takes a list of arguments without end, which Swift cannot call. `headers` is freed by
   librdkafka if the message was taken, and is the caller's otherwise. */
static inline rd_kafka_resp_err_t xqueue_kafka_produce(
    rd_kafka_t *client, const char *topic, const void *key, size_t key_size, const void *value,
    size_t value_size, rd_kafka_headers_t *headers, void *opaque)
{
    return rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE((void *)value, value_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}
