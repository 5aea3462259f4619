//! Somebody in a session, over a real WebSocket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// So many connections come from one address, which has about 28,000 ports.
const OF_ADDRESS: usize = 10_000;
/// A connection that does not come to be in so long has failed.
const OPEN: Duration = Duration::from_secs(60);

/// A connection to a session that was joined.
pub(crate) struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Joins the session of a review after what was seen; `number` says from which of the
    /// machine's own addresses.
    pub(crate) async fn join(
        number: usize,
        (address, key): (SocketAddr, &str),
        review: &str,
        after: i64,
    ) -> Option<Self> {
        let joining = async {
            let own = Ipv4Addr::new(127, 0, 1, 1 + (number / OF_ADDRESS) as u8);
            let socket = TcpSocket::new_v4().ok()?;
            socket.bind(SocketAddr::new(IpAddr::V4(own), 0)).ok()?;
            let stream = socket.connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            let url = format!("ws://{address}/api/v1/review/{review}/live");
            let mut request = url.into_client_request().ok()?;
            let bearer = format!("Bearer {key}").parse().ok()?;
            request.headers_mut().insert("authorization", bearer);
            let (socket, _) = tokio_tungstenite::client_async(request, stream)
                .await
                .ok()?;
            let mut client = Self(socket);
            client
                .send(&json!({"type": "join_session", "after_message": after}))
                .await?;
            let joined = client.next().await?;
            (joined["type"] == "session_joined").then_some(client)
        };
        tokio::time::timeout(OPEN, joining).await.ok().flatten()
    }

    /// Says something; nothing when the connection is gone.
    pub(crate) async fn send(&mut self, value: &Value) -> Option<()> {
        let text = Message::Text(value.to_string().into());
        self.0.send(text).await.ok()
    }

    /// Returns what is told next; nothing when the connection is gone. Pings are answered
    /// on the way.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
