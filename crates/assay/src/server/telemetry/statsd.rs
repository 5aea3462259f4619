//! Numbers for StatsD, or with tags for DogStatsD: each ten seconds what grew, and
//! what is.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use assay_app::{App, Kind};
use tokio::net::UdpSocket;

/// So large is a datagram at most, so that none is cut on its way.
const DATAGRAM_BYTES_MAX: usize = 1_400;

/// Sends numbers until it is dropped.
pub(in crate::server) async fn send_numbers(
    app: App,
    address: String,
    has_tags: bool,
    every_ms: u64,
) -> anyhow::Result<()> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).await;
    let socket = socket.context("telemetry.statsd: no socket can be opened")?;
    let mut before = HashMap::new();
    loop {
        tokio::time::sleep(Duration::from_millis(every_ms)).await;
        if let Err(error) = app.metrics_gather().await {
            tracing::debug!(%error, "gauges could not be brought up to date");
        }
        for datagram in datagrams(lines(&app, &mut before, has_tags)) {
            // Nobody has to listen.
            let _ = socket.send_to(datagram.as_bytes(), &address).await;
        }
    }
}

fn lines(app: &App, before: &mut HashMap<String, f64>, has_tags: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (family, labels, value, count) in app.metrics().samples() {
        let labels: Vec<_> = family.labels.iter().zip(&labels).collect();
        let mut line = |suffix: &str, value: f64, kind: &str| {
            let name = format!("{}{suffix}", family.name);
            lines.push(written(&name, &labels, value, kind, has_tags));
        };
        let mut grown = |suffix: &str, now: f64| {
            let key = format!("{}{suffix} {labels:?}", family.name);
            now - before.insert(key, now).unwrap_or(0.0)
        };
        match family.kind {
            Kind::Gauge => line("", value, "g"),
            Kind::Counter => line("", grown("", value), "c"),
            Kind::Histogram => {
                let (count, sum) = (grown(".count", count as f64), grown(".sum", value));
                line(".count", count, "c");
                line(".sum", sum, "c");
            }
        }
    }
    lines
}

fn written(
    name: &str,
    labels: &[(&&'static str, &String)],
    value: f64,
    kind: &str,
    has_tags: bool,
) -> String {
    let plain = |text: &str| -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/');
        text.chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect()
    };
    if has_tags {
        let tags: Vec<_> = labels
            .iter()
            .map(|(label, value)| format!("{label}:{}", plain(value)))
            .collect();
        let tags = if tags.is_empty() {
            String::new()
        } else {
            format!("|#{}", tags.join(","))
        };
        return format!("{name}:{value}|{kind}{tags}");
    }
    let parts: String = labels
        .iter()
        .map(|(_, value)| format!(".{}", plain(value)))
        .collect();
    format!("{name}{parts}:{value}|{kind}")
}

fn datagrams(lines: Vec<String>) -> Vec<String> {
    let mut datagrams: Vec<String> = Vec::new();
    for line in lines {
        match datagrams.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= DATAGRAM_BYTES_MAX => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => datagrams.push(line),
        }
    }
    datagrams
}
