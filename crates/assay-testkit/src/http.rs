//! A client of HTTP that sends what it is told to, also what no library would: it
//! writes bytes to a connection and reads what comes back.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server of a test that does not answer in that time never will.
const ANSWER_MS: u64 = 60_000;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Returns a request without headers and body.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Returns a request that reads.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Returns a request that sends bytes.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::new("POST", path)
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a body of JSON.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    /// Shows a key or a token.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    /// Sends the request to a server that may be gone: none is no answer.
    pub async fn try_send(self, address: SocketAddr) -> Option<Answer> {
        exchange(address, &self.bytes()).await
    }

    /// Sends the request, for those who send several at once.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send_to(self, address: SocketAddr) -> Answer {
        self.send(address).await
    }

    /// Sends the request and returns the connection once the answer's headers are
    /// there, for answers that go on for as long as somebody reads.
    ///
    /// # Panics
    /// When there is no answer, or another than success.
    pub async fn begin(&self, address: SocketAddr) -> TcpStream {
        let limit = Duration::from_millis(ANSWER_MS);
        let begun = tokio::time::timeout(limit, begin(address, &self.bytes())).await;
        let (head, stream) = begun.expect("an answer in time").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        stream
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: test\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!(
            "connection: close\r\ncontent-length: {}\r\n\r\n",
            self.body.len()
        ));
        [text.as_bytes(), &self.body].concat()
    }

    /// Sends the request and returns the answer.
    ///
    /// # Panics
    /// When there is none.
    pub async fn send(&self, address: SocketAddr) -> Answer {
        exchange(address, &self.bytes()).await.expect("an answer")
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }
}

/// Sends bytes as they are; no answer is one that ended before its headers did.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // Who refuses a large body need not read it.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Sends bytes and reads up to the end of the answer's headers.
async fn begin(address: SocketAddr, bytes: &[u8]) -> std::io::Result<(String, TcpStream)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok((String::from_utf8_lossy(&head).into_owned(), stream))
}

/// Reads an answer to its end.
pub async fn read(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    let limit = Duration::from_millis(ANSWER_MS);
    // A connection that is cut after the answer still gave it.
    let _ = tokio::time::timeout(limit, reading).await.ok()?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Some(Answer {
        status,
        headers: lines.filter_map(header).collect(),
        body: bytes[end + 4..].to_vec(),
    })
}
