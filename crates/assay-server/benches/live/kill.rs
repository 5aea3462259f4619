//! A node of two is killed while clients are in sessions: they go on at the other one, and
//! each message is there once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::node::Node;
use crate::{ms, quantile};

/// So many are at one review.
const OF_REVIEW: usize = 20;
/// Each says so many messages, one after the other.
const SAYS: usize = 20;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);
/// Who lost the connection comes again after so long, and then after twice that, and so on.
const AGAIN: Duration = Duration::from_millis(200);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// By then everybody has heard everything, or something is lost.
const LIMIT: Duration = Duration::from_secs(180);
const AT_A_TIME: usize = 64;

/// What happens to all of them.
struct Stage {
    nodes: [SocketAddr; 2],
    key: String,
    reviews: Vec<String>,
    gate: Semaphore,
    is_killed: AtomicBool,
    clients: usize,
    joined: AtomicUsize,
    deadline: Instant,
}

impl Stage {
    /// Whether all were in their session once: nobody speaks before, so that all are there when
    /// the node is killed.
    fn is_full(&self) -> bool {
        self.joined.load(Ordering::Relaxed) >= self.clients
    }
}

/// What one of them saw.
struct Seen {
    ids: Vec<String>,
    own: Vec<String>,
    is_in_order: bool,
    /// From the loss of the connection until the session was joined again.
    away: Vec<Duration>,
}

/// Measures it; returns what is not as promised.
pub(crate) async fn measure(url: &str, clients: usize) -> Vec<String> {
    let rooms = clients.div_ceil(OF_REVIEW);
    let mut first = Node::start(url, rooms, None);
    let second = Node::start(url, 0, Some(&first));
    let stage = Arc::new(Stage {
        nodes: [first.address, second.address],
        key: first.key.clone(),
        reviews: first.reviews.clone(),
        gate: Semaphore::new(AT_A_TIME),
        is_killed: AtomicBool::new(false),
        clients,
        joined: AtomicUsize::new(0),
        deadline: Instant::now() + LIMIT,
    });
    let mut running = JoinSet::new();
    for number in 0..clients {
        running.spawn(one(Arc::clone(&stage), number, clients));
    }
    let half = Instant::now();
    while !stage.is_full() && half.elapsed() < LIMIT / 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // In the middle of what they say.
    tokio::time::sleep(PAUSE * (SAYS as u32 / 3)).await;
    first.kill();
    stage.is_killed.store(true, Ordering::Relaxed);
    let killed = Instant::now();
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        all.extend(done.ok());
    }
    let faults = verdict(&all, clients);
    println!(
        "the end of it {:.1} s after the kill",
        killed.elapsed().as_secs_f64()
    );
    faults
}

/// Says all that it has to say, and hears all that its room says, whatever breaks.
async fn one(stage: Arc<Stage>, number: usize, clients: usize) -> (usize, Seen) {
    let room = number / OF_REVIEW;
    let in_room = OF_REVIEW.min(clients - room * OF_REVIEW);
    let mut seen = Seen {
        ids: Vec::new(),
        own: (0..SAYS)
            .map(|count| format!("01900000-0000-7000-8000-{number:06x}{count:06x}"))
            .collect(),
        is_in_order: true,
        away: Vec::new(),
    };
    let mut kept = 0;
    let mut node = number % 2;
    let mut pause = AGAIN;
    let mut lost: Option<Instant> = None;
    let mut was_there = false;
    while Instant::now() < stage.deadline && seen.ids.len() < in_room * SAYS {
        let turn = stage.gate.acquire().await.expect("it is never closed");
        let at = (stage.nodes[node], stage.key.as_str());
        let review = &stage.reviews[room];
        let client = Client::join(number, at, review, seen.ids.len() as i64).await;
        drop(turn);
        let Some(mut client) = client else {
            // The other node may be there.
            node = 1 - node;
            tokio::time::sleep(pause.mul_f64(0.5 + (number % 100) as f64 / 200.0)).await;
            pause = (pause * 2).min(AGAIN_MAX);
            continue;
        };
        pause = AGAIN;
        seen.away.extend(lost.take().map(|since| since.elapsed()));
        if !was_there {
            was_there = true;
            stage.joined.fetch_add(1, Ordering::Relaxed);
        }
        talk(&stage, &mut client, &mut seen, (&mut kept, in_room)).await;
        lost = Some(Instant::now());
        node = 1 - node;
    }
    (room, seen)
}

/// Goes on until the connection breaks or there is no more to hear.
async fn talk(
    stage: &Stage,
    client: &mut Client,
    seen: &mut Seen,
    (kept, in_room): (&mut usize, usize),
) -> Option<()> {
    // What is not known to be kept is said again, under the same name.
    let mut is_sent = false;
    let mut turns = tokio::time::interval(PAUSE);
    while Instant::now() < stage.deadline && seen.ids.len() < in_room * SAYS {
        tokio::select! {
            _ = turns.tick(), if *kept < SAYS && !is_sent && stage.is_full() => {
                let id = &seen.own[*kept];
                client.send(&json!({"type": "send_message", "id": id, "text": "as it is"})).await?;
                is_sent = true;
            }
            told = client.next() => hear(&told?, seen, kept, &mut is_sent),
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    Some(())
}

fn hear(told: &Value, seen: &mut Seen, kept: &mut usize, is_sent: &mut bool) {
    match told["type"].as_str() {
        Some("message_kept") if told["id"] == seen.own[(*kept).min(SAYS - 1)] => {
            *kept += 1;
            *is_sent = false;
        }
        // It is said again.
        Some("error") => *is_sent = false,
        Some("message") => {
            let message = &told["message"];
            let is_next = message["number"].as_i64() == Some(seen.ids.len() as i64 + 1);
            seen.is_in_order &= is_next;
            seen.ids
                .push(message["id"].as_str().unwrap_or_default().to_owned());
        }
        _ => {}
    }
}

fn verdict(all: &[(usize, Seen)], clients: usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut away: Vec<Duration> = all.iter().flat_map(|(_, seen)| seen.away.clone()).collect();
    let returned = all.iter().filter(|(_, seen)| !seen.away.is_empty()).count();
    let heard: usize = all.iter().map(|(_, seen)| seen.ids.len()).sum();
    println!(
        "killed: {returned} of {clients} clients lost their node and came again; half within {:.0} ms, all within {:.0} ms; {heard} messages heard",
        ms(quantile(&mut away, 500)),
        ms(quantile(&mut away, 1_000)),
    );
    let mut said: std::collections::BTreeMap<usize, std::collections::BTreeSet<&str>> =
        std::collections::BTreeMap::new();
    for (room, seen) in all {
        said.entry(*room)
            .or_default()
            .extend(seen.own.iter().map(String::as_str));
    }
    let (mut unordered, mut wrong) = (0, 0);
    for (room, seen) in all {
        unordered += usize::from(!seen.is_in_order);
        let once: std::collections::BTreeSet<_> = seen.ids.iter().map(String::as_str).collect();
        wrong += usize::from(once.len() != seen.ids.len() || once != said[room]);
    }
    for (count, what) in [
        (clients - all.len(), "clients fell over"),
        (unordered, "clients saw a gap or a repeat in the numbers"),
        (wrong, "clients did not hear each message once"),
        (usize::from(returned == 0), "kill that nobody noticed"),
    ] {
        if count > 0 {
            faults.push(format!("{count} {what}"));
        }
    }
    faults
}
