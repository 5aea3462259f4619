//! Thousands at one server: who only listens, and who talks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::client::Client;
use crate::node::Node;
use crate::{Settings, ms, quantile};

/// So many who only listen are at one review.
const IDLE_OF_REVIEW: usize = 1_000;
/// So many who talk are at one review.
const CHAT_OF_REVIEW: usize = 20;
/// Each of them says something so often.
const SAYS: Duration = Duration::from_secs(10);
/// So many connections are opened at a time.
const AT_A_TIME: usize = 64;
/// What was said is heard by then, or lost.
const HEARD: Duration = Duration::from_secs(60);
/// A connection that only listens takes at most so much of the server's memory.
const CONNECTION_BYTES_MAX: u64 = 64 * 1024;
/// Of a hundred messages to one who hears them, 99 take no longer.
const FAN_OUT_P99_MAX: Duration = Duration::from_millis(500);

/// What one who talks has seen.
#[derive(Default)]
struct Heard {
    took: Vec<Duration>,
    is_in_order: bool,
    last: i64,
}

/// Measures it; returns what is not as promised.
pub(crate) async fn measure(name: &str, url: &str, settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    let idle_rooms = settings.idle.div_ceil(IDLE_OF_REVIEW);
    let chat_rooms = settings.chat.div_ceil(CHAT_OF_REVIEW);
    let node = Arc::new(Node::start(url, (idle_rooms + chat_rooms).max(1), None));
    let empty = node.memory();
    let (done, over) = watch::channel(false);
    let lost = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let joined = listen(&node, settings.idle, over.clone(), &lost).await;
    let took = begun.elapsed();
    let failed = settings.idle - joined;
    println!(
        "{name}: {joined} of {} connections that listen, in {:.1} s ({:.0} a second), {failed} failed",
        settings.idle,
        took.as_secs_f64(),
        joined as f64 / took.as_secs_f64().max(0.001)
    );
    if failed > 0 {
        faults.push(format!("{failed} connections were not made"));
    }
    if joined > 0 {
        let each = node.memory().saturating_sub(empty) / joined as u64;
        println!(
            "{name}: {:.1} KiB of memory a connection",
            each as f64 / 1_024.0
        );
        if each > CONNECTION_BYTES_MAX {
            faults.push(format!("a connection takes {each} bytes"));
        }
    }
    if settings.chat > 0 {
        faults.extend(talk(name, &node, idle_rooms, settings).await);
    }
    let gone = lost.load(Ordering::Relaxed);
    if gone > 0 {
        faults.push(format!("{gone} connections that listened broke off"));
    }
    println!(
        "{name}: {:.0} MiB of memory at the end",
        node.memory() as f64 / 1_048_576.0
    );
    let _ = done.send(true);
    faults
}

/// Opens connections that only listen; returns how many were made.
async fn listen(
    node: &Arc<Node>,
    count: usize,
    over: watch::Receiver<bool>,
    lost: &Arc<AtomicUsize>,
) -> usize {
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    let mut opening = JoinSet::new();
    for number in 0..count {
        let (node, gate, lost) = (Arc::clone(node), Arc::clone(&gate), Arc::clone(lost));
        let mut over = over.clone();
        opening.spawn(async move {
            let turn = gate.acquire_owned().await.expect("it is never closed");
            let review = &node.reviews[number / IDLE_OF_REVIEW];
            let at = (node.address, node.key.as_str());
            let client = Client::join(number, at, review, 0).await;
            drop(turn);
            let Some(mut client) = client else {
                return false;
            };
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        _ = over.changed() => return,
                        told = client.next() => if told.is_none() {
                            lost.fetch_add(1, Ordering::Relaxed);
                            return;
                        },
                    }
                }
            });
            true
        });
    }
    let mut joined = 0;
    while let Some(one) = opening.join_next().await {
        joined += usize::from(one.unwrap_or(false));
    }
    joined
}

/// Lets people talk; returns what is not as promised.
async fn talk(name: &str, node: &Arc<Node>, first_room: usize, settings: &Settings) -> Vec<String> {
    let gate = Arc::new(Semaphore::new(AT_A_TIME));
    let origin = Instant::now();
    let said = Arc::new(AtomicUsize::new(0));
    let is_talking = Arc::new(AtomicBool::new(false));
    let (begin, begun) = watch::channel(None);
    let mut talking = JoinSet::new();
    for number in 0..settings.chat {
        let (node, gate, said) = (Arc::clone(node), Arc::clone(&gate), Arc::clone(&said));
        let mut begun: watch::Receiver<Option<Instant>> = begun.clone();
        let (is_talking, talk) = (Arc::clone(&is_talking), settings.talk);
        talking.spawn(async move {
            let turn = gate.acquire_owned().await.expect("it is never closed");
            let review = &node.reviews[first_room + number / CHAT_OF_REVIEW];
            let at = (node.address, node.key.as_str());
            let mut client = Client::join(settings_number(number), at, review, 0).await?;
            drop(turn);
            let mut heard = Heard {
                is_in_order: true,
                ..Heard::default()
            };
            // All of them begin at one time, each in its own moment of the first turn.
            let start = loop {
                tokio::select! {
                    _ = begun.changed() => if let Some(start) = *begun.borrow() { break start },
                    told = client.next() => { told?; },
                }
            };
            let own = SAYS.mul_f64((number % 997) as f64 / 997.0);
            let mut turns = tokio::time::interval_at((start + own).into(), SAYS);
            let end = start + talk + HEARD;
            while Instant::now() < end && (is_talking.load(Ordering::Relaxed) || Instant::now() < start + talk) {
                tokio::select! {
                    _ = turns.tick(), if Instant::now() < start + talk => {
                        let id = uuid(number, said.fetch_add(1, Ordering::Relaxed));
                        let text = origin.elapsed().as_nanos().to_string();
                        client.send(&json!({"type": "send_message", "id": id, "text": text})).await?;
                    }
                    told = client.next() => {
                        let told = told?;
                        if told["type"] != "message" {
                            continue;
                        }
                        let message = &told["message"];
                        let sent = message["text"].as_str().and_then(|text| text.parse().ok());
                        let sent = Duration::from_nanos(sent.unwrap_or(0));
                        heard.took.push(origin.elapsed().saturating_sub(sent));
                        let number = message["number"].as_i64().unwrap_or(0);
                        heard.is_in_order &= number == heard.last + 1;
                        heard.last = number;
                    }
                    () = tokio::time::sleep(Duration::from_millis(200)) => {}
                }
            }
            Some((number / CHAT_OF_REVIEW, heard))
        });
    }
    // Who comes is told to all; that is over before it is measured.
    tokio::time::sleep(Duration::from_secs(2 + settings.chat as u64 / 400)).await;
    is_talking.store(true, Ordering::Relaxed);
    let _ = begin.send(Some(Instant::now()));
    tokio::time::sleep(settings.talk + Duration::from_secs(10)).await;
    is_talking.store(false, Ordering::Relaxed);
    let mut all = Vec::new();
    let mut broken = 0;
    while let Some(one) = talking.join_next().await {
        match one.ok().flatten() {
            Some(one) => all.push(one),
            None => broken += 1,
        }
    }
    verdict(name, all, (broken, said.load(Ordering::Relaxed)))
}

/// Those who talk come from addresses that those who listen do not use.
fn settings_number(number: usize) -> usize {
    100_000 + number
}

fn uuid(number: usize, count: usize) -> String {
    format!("01900000-0000-7000-8000-{number:06x}{count:06x}")
}

fn verdict(name: &str, all: Vec<(usize, Heard)>, (broken, said): (usize, usize)) -> Vec<String> {
    let mut faults = Vec::new();
    let mut of_room: std::collections::BTreeMap<usize, Vec<i64>> =
        std::collections::BTreeMap::new();
    let mut took = Vec::new();
    let mut out_of_order = 0;
    for (room, heard) in all {
        of_room.entry(room).or_default().push(heard.last);
        out_of_order += usize::from(!heard.is_in_order);
        took.extend(heard.took);
    }
    let kept: i64 = of_room
        .values()
        .filter_map(|lasts| lasts.iter().max())
        .sum();
    let behind: usize = of_room
        .values()
        .map(|lasts| {
            lasts
                .iter()
                .filter(|last| Some(*last) != lasts.iter().max())
                .count()
        })
        .sum();
    let (p50, p99, p999) = (
        quantile(&mut took, 500),
        quantile(&mut took, 990),
        quantile(&mut took, 999),
    );
    println!(
        "{name}: {said} messages said, {kept} kept, {} heard; half within {:.1} ms, 99 % within {:.1} ms, 99.9 % within {:.1} ms",
        took.len(),
        ms(p50),
        ms(p99),
        ms(p999)
    );
    for (count, what) in [
        (broken, "connections that talked broke off"),
        (out_of_order, "heard something twice or missed something"),
        (behind, "did not hear the last of what was said"),
        (
            said.abs_diff(usize::try_from(kept).unwrap_or(0)),
            "messages were lost or kept twice",
        ),
    ] {
        if count > 0 {
            faults.push(format!("{count} {what}"));
        }
    }
    if p99 > FAN_OUT_P99_MAX {
        faults.push(format!(
            "1 % of messages took longer than {:.0} ms",
            ms(p99)
        ));
    }
    faults
}
