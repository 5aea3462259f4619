//! The HTTP side of a fake: requests in, answers out, connections cut as planned.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a request fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut and nothing is done.
    CutBefore,
    /// It is done, and the connection is cut without an answer.
    CutAfter,
    /// It is done, and the answer breaks off.
    CutWithin,
    /// An error, and nothing is done.
    ErrorBefore(u16),
    /// It is done, and the answer is an error.
    ErrorAfter(u16),
    /// It is done, and the answer comes so many milliseconds later.
    Slow(u64),
    /// A secondary limit, with this `Retry-After`.
    Limited(Option<String>),
}

/// A request that came, and the status of its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query.
    pub query: String,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// The time by the fake's clock.
    pub at_ms: i64,
}

impl Exchange {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns a value of the query, decoded.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| decode(value))
        })
    }

    /// Returns the parts of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').skip(1).map(decode).collect()
    }

    /// Returns the body as JSON; null when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What answers.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Does what is asked. A fault that is none of the connection's is for it.
    fn answer(&self, exchange: &Exchange, limited: Option<&Option<String>>) -> Reply;
    /// Returns the time.
    fn now_ms(&self) -> i64;
    /// Returns the reply of an error that a proxy makes up.
    fn broken(&self, status: u16) -> Reply {
        Reply::json(status, &serde_json::json!({ "message": "Server Error" }))
    }
}

type Plan = Box<dyn FnMut(&Exchange) -> Option<Fault> + Send>;

struct Inner {
    answers: Box<dyn Answers>,
    plan: Mutex<Plan>,
    seen: Mutex<Vec<Exchange>>,
    is_ended: AtomicBool,
}

/// Serves on a free port of loopback until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    inner: Arc<Inner>,
    listener: Option<JoinHandle<()>>,
}

pub(crate) fn held<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(crate) fn start(answers: Box<dyn Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            answers,
            plan: Mutex::new(Box::new(|_| None)),
            seen: Mutex::default(),
            is_ended: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if shared.is_ended.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that hangs up is none of our business.
                    let _ = serve(&stream, &shared);
                });
            }
        });
        Self {
            address,
            inner,
            listener: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn plan(&self, plan: Plan) {
        *held(&self.inner.plan) = plan;
    }

    pub(crate) fn seen(&self) -> Vec<Exchange> {
        held(&self.inner.seen).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.is_ended.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// Answers the requests of one connection.
fn serve(stream: &TcpStream, inner: &Inner) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream.try_clone()?;
    while let Some(mut exchange) = read(&mut reader)? {
        if inner.is_ended.load(Ordering::SeqCst) {
            return Ok(());
        }
        exchange.at_ms = inner.answers.now_ms();
        let fault = (held(&inner.plan))(&exchange);
        let answer = |limited| inner.answers.answer(&exchange, limited);
        let mut is_cut = false;
        let reply = match &fault {
            Some(Fault::CutBefore) => None,
            Some(Fault::CutAfter) => {
                answer(None);
                None
            }
            Some(Fault::ErrorBefore(status)) => Some(inner.answers.broken(*status)),
            Some(Fault::ErrorAfter(status)) => {
                answer(None);
                Some(inner.answers.broken(*status))
            }
            Some(Fault::Limited(retry_after)) => Some(answer(Some(retry_after))),
            Some(Fault::CutWithin) => {
                is_cut = true;
                Some(answer(None))
            }
            Some(Fault::Slow(wait_ms)) => {
                let reply = answer(None);
                std::thread::sleep(Duration::from_millis(*wait_ms));
                Some(reply)
            }
            None => Some(answer(None)),
        };
        exchange.status = reply.as_ref().map_or(0, |reply| reply.status);
        let is_head = exchange.method == "HEAD";
        let is_last = exchange
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        held(&inner.seen).push(exchange);
        let Some(reply) = reply else { return Ok(()) };
        write(&mut out, &reply, is_cut, is_head)?;
        if is_cut || is_last {
            return Ok(());
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Exchange>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut exchange = Exchange {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        status: 0,
        at_ms: 0,
    };
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            exchange.headers.push((name, value.trim().to_owned()));
        }
    }
    let length = exchange.header("content-length");
    let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
    exchange.body = vec![0; length];
    reader.read_exact(&mut exchange.body)?;
    Ok(Some(exchange))
}

fn write(out: &mut TcpStream, reply: &Reply, is_cut: bool, is_head: bool) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} Fake\r\ncontent-length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let sent = match (is_head, is_cut) {
        (true, _) => 0,
        (_, true) => reply.body.len() / 2,
        _ => reply.body.len(),
    };
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&reply.body[..sent]);
    out.write_all(&bytes)
}

pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let code = tail.get(..2).and_then(|two| {
            let two = std::str::from_utf8(two).ok()?;
            u8::from_str_radix(two, 16).ok()
        });
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
