/* A cluster inside librdkafka, for tests. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
