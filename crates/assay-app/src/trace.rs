//! Which request a piece of work belongs to, over the API, the queue and the workers:
//! the context of W3C's `traceparent`, and the spans that are told of it.
//!
//! Invariant: a span has names, numbers and times; never a text of a repository, a
//! caller or a secret.

use std::fmt;
use std::sync::Arc;

use assay_source::Randomness;

/// Bytes of a header that is looked at.
const HEADER_BYTES_MAX: usize = 128;

/// Where in a trace something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
}

impl TraceContext {
    /// Begins a trace.
    pub fn new(randomness: &dyn Randomness) -> Self {
        // Asking the machine for some takes longer than how much it is.
        let mut bytes = [0; 24];
        randomness.fill(&mut bytes);
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&bytes[..16]);
        span.copy_from_slice(&bytes[16..]);
        Self {
            // Neither number is zero in the standard.
            trace: u128::from_be_bytes(trace) | 1,
            span: u64::from_be_bytes(span) | 1,
        }
    }

    /// Returns the context of something that happens within this.
    #[must_use]
    pub fn child(self, randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 8];
        randomness.fill(&mut bytes);
        Self {
            span: u64::from_be_bytes(bytes) | 1,
            ..self
        }
    }

    /// Reads a `traceparent`, such as
    /// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
    pub fn parse(header: &str) -> Option<Self> {
        if header.len() > HEADER_BYTES_MAX {
            return None;
        }
        let mut parts = header.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length: usize| {
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            text.len() == length && text.bytes().all(is_digit)
        };
        if !is_hex(version, 2) || version == "ff" || !is_hex(trace, 32) || !is_hex(span, 16) {
            return None;
        }
        parts.next().filter(|flags| is_hex(flags, 2))?;
        let trace = u128::from_str_radix(trace, 16).ok()?;
        let span = u64::from_str_radix(span, 16).ok()?;
        (trace != 0 && span != 0).then_some(Self { trace, span })
    }

    /// Returns the number of the trace, as logs have it.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// Returns the number of the span.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace, self.span)
    }
}

/// What is happening now, as each line of the log says it.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Where in a trace it is.
    pub context: TraceContext,
    /// The caller's number of the request, if it is one.
    pub request: Option<Arc<str>>,
}

tokio::task_local! {
    static CURRENT: Happening;
}

/// Does something as a part of a trace.
pub fn within<T>(happening: Happening, work: impl Future<Output = T>) -> impl Future<Output = T> {
    CURRENT.scope(happening, work)
}

/// Returns what is happening now, if that is traced.
pub fn happening() -> Option<Happening> {
    CURRENT.try_with(Happening::clone).ok()
}

/// Returns where in a trace we are, if we are.
pub(crate) fn current() -> Option<TraceContext> {
    CURRENT.try_with(|happening| happening.context).ok()
}

/// On which side of a call something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A request was answered.
    Server,
    /// A task was done.
    Consumer,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Span {
    /// Where.
    pub context: TraceContext,
    /// Within what.
    pub parent: Option<TraceContext>,
    /// What it is called.
    pub name: String,
    /// On which side.
    pub kind: SpanKind,
    /// When it began.
    pub began_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
    /// What else there is to say.
    pub attributes: Vec<(&'static str, String)>,
    /// Whether it failed.
    pub is_failed: bool,
}

/// Something that somebody has to look at.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What it was, in words of ours.
    pub what: String,
    /// What else there is to say.
    pub attributes: Vec<(&'static str, String)>,
    /// Where it happened.
    pub context: Option<TraceContext>,
    /// When.
    pub at_ms: i64,
}

/// Hears what happened. It does so at once and keeps nobody waiting.
pub trait Listener: Send + Sync {
    /// Hears of a span that ended.
    fn span(&self, _span: &Span) {}

    /// Hears of a fault.
    fn fault(&self, _fault: &Fault) {}
}

#[cfg(test)]
mod tests {
    use super::TraceContext;

    #[test]
    fn only_what_the_standard_allows_is_read() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = TraceContext::parse(good).unwrap();
        assert_eq!(context.to_string(), good);
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.span_id(), "b7ad6b7169203331");
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            &"0".repeat(200),
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }
}
