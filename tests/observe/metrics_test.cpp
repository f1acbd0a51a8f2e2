#include "core/observe/metrics.hpp"

#include <catch2/catch.hpp>

using namespace syslab;

TEST_CASE("metrics: a handle stays valid while others are made", "[observe][metrics]") {
  Metrics m;
  Counter& first = m.counter("requests_total", {{"node", "a"}});
  for (int i = 0; i < 1000; ++i) m.counter("requests_total", {{"node", std::to_string(i)}});
  first.add(3);
  CHECK(&m.counter("requests_total", {{"node", "a"}}) == &first);
  CHECK(m.counter("requests_total", {{"node", "a"}}).value() == 3);
}

TEST_CASE("metrics: the order of labels does not matter", "[observe][metrics]") {
  Metrics m;
  CHECK(&m.gauge("depth", {{"b", "2"}, {"a", "1"}}) == &m.gauge("depth", {{"a", "1"}, {"b", "2"}}));
  CHECK(&m.gauge("depth", {{"a", "1"}}) != &m.gauge("depth", {{"a", "2"}}));
}

TEST_CASE("metrics: kind says what a name is used for", "[observe][metrics]") {
  Metrics m;
  m.counter("a");
  m.gauge("b");
  m.histogram("c");
  CHECK(m.kind("a") == Metrics::Kind::counter);
  CHECK(m.kind("b") == Metrics::Kind::gauge);
  CHECK(m.kind("c") == Metrics::Kind::histogram);
  CHECK_FALSE(m.kind("d"));
}

TEST_CASE("metrics: names follow the rules of Prometheus", "[observe][metrics]") {
  CHECK(Metrics::valid_name("http_requests_total"));
  CHECK(Metrics::valid_name("_a:b9"));
  CHECK_FALSE(Metrics::valid_name(""));
  CHECK_FALSE(Metrics::valid_name("9a"));
  CHECK_FALSE(Metrics::valid_name("a-b"));
  CHECK_FALSE(Metrics::valid_name("größe"));
}

TEST_CASE("metrics: the snapshot is a map by name and labels", "[observe][metrics]") {
  Metrics m;
  m.gauge("queue_depth").set(4);
  m.gauge("queue_depth").add(-1.5);
  m.counter("requests_total", {{"node", "b"}}).add(2);
  m.counter("requests_total", {{"node", "a"}}).add();
  Histogram& latency = m.histogram("latency_seconds");
  latency.record(1'000'000);
  latency.record(3'000'000);
  CHECK(m.snapshot().json() ==
        "{\"latency_seconds\":{\"count\":2,\"max\":0.003,\"mean\":0.002,\"min\":0.001,\"p50\":0.001003519,"
        "\"p95\":0.003,\"p99\":0.003,\"p99_9\":0.003},\"queue_depth\":2.5,"
        "\"requests_total{node=\\\"a\\\"}\":1,\"requests_total{node=\\\"b\\\"}\":2}");
}

TEST_CASE("metrics: the Prometheus text is sorted, typed and escaped", "[observe][metrics]") {
  Metrics m;
  m.gauge("temperature").set(1.0 / 0.0);
  m.counter("requests_total", {{"path", "a\\b\"c\nd"}, {"code", "200"}}).add(12345678901234567890ull);
  m.counter("requests_total", {{"path", "/"}, {"code", "200"}}).add(7);
  m.describe("requests_total", "All requests.\nEven \"these\".");
  m.histogram("empty_bytes", {}, 1);
  Histogram& latency = m.histogram("latency_seconds", {{"node", "a"}});
  latency.record(2'000'000'000);
  latency.record(1);
  CHECK(m.prometheus() ==
        "# TYPE empty_bytes summary\n"
        "empty_bytes{quantile=\"0.5\"} NaN\n"
        "empty_bytes{quantile=\"0.95\"} NaN\n"
        "empty_bytes{quantile=\"0.99\"} NaN\n"
        "empty_bytes{quantile=\"0.999\"} NaN\n"
        "empty_bytes_sum 0\n"
        "empty_bytes_count 0\n"
        "# TYPE latency_seconds summary\n"
        "latency_seconds{node=\"a\",quantile=\"0.5\"} 1e-09\n"
        "latency_seconds{node=\"a\",quantile=\"0.95\"} 2\n"
        "latency_seconds{node=\"a\",quantile=\"0.99\"} 2\n"
        "latency_seconds{node=\"a\",quantile=\"0.999\"} 2\n"
        "latency_seconds_sum{node=\"a\"} 2.000000001\n"
        "latency_seconds_count{node=\"a\"} 2\n"
        "# HELP requests_total All requests.\\nEven \"these\".\n"
        "# TYPE requests_total counter\n"
        "requests_total{code=\"200\",path=\"/\"} 7\n"
        "requests_total{code=\"200\",path=\"a\\\\b\\\"c\\nd\"} 12345678901234567890\n"
        "# TYPE temperature gauge\n"
        "temperature +Inf\n");
}
