//! A client that does little: it writes bytes that are there already to connections that
//! stay, and reads until the answer is whole. And how busy threads were.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What threads that serve are called.
pub(crate) const SERVER: &str = "bench-server";
/// What threads that ask are called.
pub(crate) const CLIENT: &str = "bench-client";
/// Answers that are measured are no larger.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A connection that stays.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = vec![0; ANSWER_BYTES_MAX];
        Ok(Self { stream, buffer })
    }

    /// Sends a request and returns the bytes of its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(length) = length_of(&self.buffer[..filled])
                && filled >= length
            {
                return Ok(&self.buffer[..filled]);
            }
        }
    }
}

/// Returns how long an answer is, once its headers are there.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let name = b"content-length: ";
    let head = &bytes[..end];
    let at = head.windows(name.len()).position(|part| part == name)? + name.len();
    let digits = head[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let body = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some(end + body)
}

/// Returns how long the threads of a name (and all, for an empty one) ran so far.
pub(crate) fn processor_time(name: &str) -> Duration {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let is_one = fs::read_to_string(task.path().join("comm"))
            .is_ok_and(|comm| name.is_empty() || comm.trim() == name);
        let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let ran = stat
            .split(' ')
            .next()
            .and_then(|text| text.parse::<u64>().ok());
        if is_one {
            sum += ran.unwrap_or(0);
        }
    }
    Duration::from_nanos(sum)
}

/// What one turn came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// Answers a second.
    pub(crate) a_second: f64,
    /// Processor time of everything but the client, in microseconds an answer.
    pub(crate) server_us: f64,
    /// Which part of the time the client's thread ran.
    pub(crate) client_busy: f64,
}

/// Asks the same over and over from some connections, each as soon as it is answered.
pub(crate) async fn ask_for(
    address: SocketAddr,
    request: &'static [u8],
    connections: usize,
    time: Duration,
) -> Turn {
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(Connection::open(address).await.expect("the server listens"));
    }
    let (ran, client_ran) = (processor_time(""), processor_time(CLIENT));
    let start = Instant::now();
    let asking = all.into_iter().map(|mut connection| {
        tokio::spawn(async move {
            let mut count = 0_u64;
            while start.elapsed() < time {
                let answer = connection.ask(request).await.expect("an answer");
                assert!(answer.starts_with(b"HTTP/1.1 200 "), "it is an answer");
                count += 1;
            }
            count
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut count = 0;
    for one in asking {
        count += one.await.expect("no connection panics");
    }
    let took = start.elapsed();
    let client = processor_time(CLIENT).saturating_sub(client_ran);
    let server = processor_time("")
        .saturating_sub(ran)
        .saturating_sub(client);
    Turn {
        a_second: count as f64 / took.as_secs_f64(),
        server_us: server.as_secs_f64() * 1e6 / count as f64,
        client_busy: client.as_secs_f64() / took.as_secs_f64(),
    }
}
