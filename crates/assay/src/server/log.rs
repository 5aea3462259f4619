//! The lines of a server's log: each says to which trace and request it belongs.

use std::fmt;

use assay_app::happening;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::settings::LogFormat;

/// Writes lines as another format does, with the numbers of what is happening. They are
/// asked for where a line is written: a span that carries them would be written out for
/// each request, also where nothing is said.
pub(super) struct Numbered<F> {
    lines: F,
    format: LogFormat,
}

impl<F> Numbered<F> {
    /// Adds the numbers to the lines of a format.
    pub(super) fn new(lines: F, format: LogFormat) -> Self {
        Self { lines, format }
    }
}

impl<S, N, F> FormatEvent<S, N> for Numbered<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(happening) = happening() else {
            return self.lines.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.lines
            .format_event(context, Writer::new(&mut line), event)?;
        let trace = happening.context.trace_id();
        // A request's number is of letters, digits, `-`, `_` and `.`: there is nothing to escape.
        let request = happening.request.as_deref();
        match self.format {
            LogFormat::Json => {
                let rest = line.strip_prefix('{').unwrap_or(&line);
                write!(writer, "{{\"trace_id\":\"{trace}\",")?;
                if let Some(request) = request {
                    write!(writer, "\"request_id\":\"{request}\",")?;
                }
                writer.write_str(rest)
            }
            LogFormat::Text => {
                let text = line.trim_end_matches('\n');
                write!(writer, "{text} trace_id={trace}")?;
                if let Some(request) = request {
                    write!(writer, " request_id={request}")?;
                }
                writeln!(writer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use assay_app::{Happening, TraceContext, within};
    use tracing_subscriber::fmt::format;

    use super::Numbered;
    use crate::server::settings::LogFormat;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Says one thing within a request and one outside; returns both lines.
    fn said(log: LogFormat) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let builder = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false);
        let text = Numbered::new(format::Format::default().with_ansi(false), log);
        let json = Numbered::new(format::json(), log);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let work = || {
            let context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let happening = Happening {
                context: TraceContext::parse(context).unwrap(),
                request: Some("r-1".into()),
            };
            runtime.block_on(within(happening, async {
                tracing::warn!(count = 2, "within");
            }));
            tracing::warn!("outside");
        };
        match log {
            LogFormat::Text => {
                let subscriber = builder.event_format(text).finish();
                tracing::subscriber::with_default(subscriber, work);
            }
            LogFormat::Json => {
                let subscriber = builder
                    .fmt_fields(format::JsonFields::new())
                    .event_format(json)
                    .finish();
                tracing::subscriber::with_default(subscriber, work);
            }
        }
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_line_names_its_trace_and_request() {
        let lines = said(LogFormat::Json);
        assert_eq!(lines.len(), 2);
        let within: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(within["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(within["request_id"], "r-1");
        assert_eq!(within["fields"]["count"], 2);
        let outside: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
        assert!(outside.get("trace_id").is_none());
        let lines = said(LogFormat::Text);
        assert_eq!(lines.len(), 2);
        let end = "within count=2 trace_id=0af7651916cd43dd8448eb211c80319c request_id=r-1";
        assert!(lines[0].ends_with(end), "{}", lines[0]);
        assert!(lines[1].ends_with("outside"), "{}", lines[1]);
    }
}
