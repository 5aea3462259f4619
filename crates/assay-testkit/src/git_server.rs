//! A repository host over HTTP: git's own `http-backend` behind a listener on
//! loopback, which can ask for a header and break off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How the host behaves.
#[derive(Clone, Debug, Default)]
pub struct GitServerOptions {
    /// A header line that each request must have; others are refused with 401.
    pub header: Option<String>,
    /// Answers break off after so many bytes of their body.
    pub cut_after: Option<usize>,
    /// Each request is sent elsewhere.
    pub redirect: Option<String>,
}

/// Serves the bare repositories below a folder until it is dropped.
pub struct GitServer {
    address: SocketAddr,
    is_ended: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    options: Arc<Mutex<GitServerOptions>>,
    listener: Option<JoinHandle<()>>,
}

impl GitServer {
    /// Starts on a free port of loopback. `root` holds repositories, such as
    /// `owner/name.git`.
    pub fn start(root: &Path, options: GitServerOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let is_ended = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(AtomicUsize::new(0));
        let options = Arc::new(Mutex::new(options));
        let (ended, counted, root) = (
            Arc::clone(&is_ended),
            Arc::clone(&requests),
            root.to_owned(),
        );
        let behaviour = Arc::clone(&options);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let (root, behaviour) = (root.clone(), Arc::clone(&behaviour));
                std::thread::spawn(move || {
                    let options = behaviour
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone();
                    // A client that hangs up is none of our business.
                    let _ = answer(stream, root, &options);
                });
            }
        });
        Self {
            address,
            is_ended,
            requests,
            options,
            listener: Some(thread),
        }
    }

    /// Returns the address of a repository, such as `owner/name.git`.
    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }

    /// Returns how many requests came.
    pub fn request_count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Changes how the host behaves from now on.
    pub fn behave(&self, options: GitServerOptions) {
        *self.options.lock().unwrap_or_else(PoisonError::into_inner) = options;
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn answer(stream: TcpStream, root: PathBuf, options: &GitServerOptions) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut parts = line.split_whitespace();
    let (method, target) = (
        parts.next().unwrap_or_default().to_owned(),
        parts.next().unwrap_or_default().to_owned(),
    );
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        headers.push(line.trim().to_owned());
    }
    let value = |name: &str| {
        headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    let is_same = |line: &String, wanted: &String| line.eq_ignore_ascii_case(wanted);
    if let Some(wanted) = &options.header
        && !headers.iter().any(|line| is_same(line, wanted))
    {
        return out.write_all(
            b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    if let Some(to) = &options.redirect {
        let head = format!(
            "HTTP/1.1 301 Moved\r\nLocation: {to}{target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        return out.write_all(head.as_bytes());
    }
    let body = if value("transfer-encoding").is_some_and(|value| value == "chunked") {
        read_chunks(&mut reader)?
    } else {
        let length = value("content-length").and_then(|value| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        body
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut backend = Command::new("git");
    backend
        .args(["-c", "safe.directory=*", "http-backend"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &method)
        .env("CONTENT_TYPE", value("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("GIT_PROTOCOL", value("git-protocol").unwrap_or_default())
        .env(
            "HTTP_CONTENT_ENCODING",
            value("content-encoding").unwrap_or_default(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut backend = backend.spawn()?;
    let mut input = backend.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || input.write_all(&body));
    let output = backend.wait_with_output()?;
    let _ = writer.join();
    let split = output
        .stdout
        .windows(4)
        .position(|four| four == b"\r\n\r\n");
    let (head, body) = match split {
        Some(at) => (&output.stdout[..at], &output.stdout[at + 4..]),
        None => (&b""[..], &output.stdout[..]),
    };
    let head = String::from_utf8_lossy(head);
    let status = head
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    )?;
    for line in head.lines().filter(|line| !line.starts_with("Status:")) {
        write!(out, "{line}\r\n")?;
    }
    out.write_all(b"\r\n")?;
    let sent = options
        .cut_after
        .map_or(body.len(), |most| most.min(body.len()));
    out.write_all(&body[..sent])
}

fn read_chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}
