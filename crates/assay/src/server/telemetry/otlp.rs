//! Traces for a collector of OpenTelemetry: OTLP over HTTP, as JSON.

use anyhow::ensure;
use assay_app::{Listener, Span, SpanKind};
use serde_json::{Value, json};

use super::outbox::Outbox;

const PATH: &str = "/v1/traces";

/// Sends spans.
pub(in crate::server) struct Otlp(Outbox<Value>);

impl Otlp {
    pub(super) fn start(endpoint: &str, headers: &[(String, String)]) -> anyhow::Result<Self> {
        ensure!(
            endpoint.starts_with("http://") || endpoint.starts_with("https://"),
            "telemetry.otlp_endpoint: an address that begins with `http://` or `https://`"
        );
        let url = format!("{}{PATH}", endpoint.trim_end_matches('/'));
        let headers = headers.to_vec();
        let send = move |agent: &ureq::Agent, spans: Vec<Value>| {
            let mut request = agent.post(&url).header("content-type", "application/json");
            for (name, value) in &headers {
                request = request.header(name.as_str(), value.as_str());
            }
            if let Err(error) = request.send(document(spans).to_string()) {
                tracing::debug!(%error, "spans were not taken");
            }
        };
        Ok(Self(Outbox::start("otlp", send)?))
    }
}

impl Listener for Otlp {
    fn span(&self, span: &Span) {
        self.0.put(wire(span));
    }
}

fn document(spans: Vec<Value>) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [("service.name", "assay"), ("service.version", version)];
    json!({"resourceSpans": [{
        "resource": {"attributes": resource.map(|(key, value)| attribute(key, value))},
        "scopeSpans": [{"scope": {"name": "assay", "version": version}, "spans": spans}],
    }]})
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn wire(span: &Span) -> Value {
    let attributes = span.attributes.iter();
    let attributes: Vec<_> = attributes
        .map(|(key, value)| attribute(key, value))
        .collect();
    let nanos = |ms: i64| format!("{ms}000000");
    json!({
        "traceId": span.context.trace_id(),
        "spanId": span.context.span_id(),
        "parentSpanId": span.parent.map_or_else(String::new, |parent| parent.span_id()),
        "name": span.name,
        "kind": match span.kind {
            SpanKind::Server => 2,
            SpanKind::Consumer => 5,
        },
        "startTimeUnixNano": nanos(span.began_ms),
        "endTimeUnixNano": nanos(span.ended_ms),
        "attributes": attributes,
        "status": {"code": if span.is_failed { 2 } else { 0 }},
    })
}
