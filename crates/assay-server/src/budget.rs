//! How much strangers may make the server hold before it knows who they are: bytes of
//! bodies that are being read or handled, and connections; of all together and of each
//! address. What is too much is answered with 503 and `Retry-After`, and costs others
//! nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use assay_app::network_of;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;

use crate::problem::Problem;

/// After so many seconds whoever was turned away may come again.
pub(crate) const RETRY_S: u64 = 2;
/// What an allocation of a body is counted as at least, so that many small ones are not
/// free.
const PIECE_BYTES_MIN: usize = 256;

/// So much of something there is, for all and for each address.
#[derive(Debug)]
pub(crate) struct Budget {
    all_max: usize,
    address_max: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    all: usize,
    /// Addresses that use nothing are not in it: it is no longer than what is used.
    addresses: HashMap<IpAddr, usize>,
}

impl Budget {
    pub(crate) fn new(all_max: usize, address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            all_max,
            address_max: address_max.min(all_max),
            used: Mutex::default(),
        })
    }

    /// Returns a share of an address with nothing in it yet.
    pub(crate) fn share(self: &Arc<Self>, address: IpAddr) -> Share {
        Share {
            budget: Arc::clone(self),
            address: network_of(address),
            amount: 0,
        }
    }

    /// Returns how much is used.
    pub(crate) fn used(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        // Both sums are changed together, and nothing between panics.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is used of a budget; dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    address: IpAddr,
    amount: usize,
}

impl Share {
    /// Takes more, unless that is too much.
    pub(crate) fn take(&mut self, amount: usize) -> Result<(), TooMuch> {
        let mut used = self.budget.lock();
        let own = used.addresses.get(&self.address).copied().unwrap_or(0);
        let all = used.all.saturating_add(amount);
        let own = own.saturating_add(amount);
        if all > self.budget.all_max || own > self.budget.address_max {
            return Err(TooMuch);
        }
        used.all = all;
        used.addresses.insert(self.address, own);
        self.amount += amount;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut used = self.budget.lock();
        used.all = used.all.saturating_sub(self.amount);
        if let Some(own) = used.addresses.get_mut(&self.address) {
            *own = own.saturating_sub(self.amount);
            if *own == 0 {
                used.addresses.remove(&self.address);
            }
        }
    }
}

/// There is no more of it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl From<TooMuch> for Problem {
    fn from(_: TooMuch) -> Self {
        let detail = "the server handles as much as it can hold, of all or of your address";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(RETRY_S)
    }
}

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is larger than what it is for takes.
    TooLarge,
    /// The budget is used up.
    TooMuch,
    /// It ended early.
    Broken,
}

/// Bytes of a body, which count until nobody has them any more.
struct Held {
    bytes: Vec<u8>,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body. What has arrived counts, and not what is announced: whoever announces
/// much and sends little holds little.
pub(crate) async fn read(
    mut body: Body,
    bytes_max: usize,
    mut share: Share,
) -> Result<Bytes, BodyError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bytes_max {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > bytes_max - bytes.len() {
            return Err(BodyError::TooLarge);
        }
        let amount = data.len().max(PIECE_BYTES_MIN);
        share.take(amount).map_err(|TooMuch| BodyError::TooMuch)?;
        bytes.extend_from_slice(&data);
    }
    Ok(Bytes::from_owner(Held {
        bytes,
        _share: share,
    }))
}

/// An answer that counts until it is sent.
pub(crate) struct Counted {
    body: Body,
    _share: Share,
}

impl Counted {
    /// Returns the body of an answer that counts as a share until its end.
    pub(crate) fn body(body: Body, share: Share) -> Body {
        Body::new(Self {
            body,
            _share: share,
        })
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use axum::body::Body;

    use super::{BodyError, Budget, read};

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn shares_are_counted_for_all_and_each_and_given_back() {
        let budget = Budget::new(10, 6);
        let mut first = budget.share(ONE);
        assert_eq!(first.take(6), Ok(()));
        assert!(first.take(1).is_err(), "an address has six");
        assert!(budget.share(ONE).take(1).is_err());
        let mut second = budget.share(OTHER);
        assert_eq!(second.take(4), Ok(()));
        assert!(second.take(1).is_err(), "all have ten");
        drop(first);
        assert_eq!(second.take(2), Ok(()));
        assert_eq!(budget.used(), 6);
        drop(second);
        assert_eq!(budget.used(), 0);
        assert!(budget.lock().addresses.is_empty());
    }

    #[tokio::test]
    async fn a_body_counts_for_as_long_as_somebody_has_it() {
        let budget = Budget::new(2_000, 1_500);
        let body = || Body::from(vec![b'x'; 1_000]);
        let kept = read(body(), 1_000, budget.share(ONE)).await.unwrap();
        assert_eq!((kept.len(), budget.used()), (1_000, 1_000));
        let copy = kept.clone();
        drop(kept);
        for (address, expected) in [(ONE, Err(BodyError::TooMuch)), (OTHER, Ok(1_000))] {
            let read = read(body(), 1_000, budget.share(address)).await;
            assert_eq!(read.map(|bytes| bytes.len()), expected);
        }
        drop(copy);
        assert_eq!(budget.used(), 0);
        let large = read(body(), 999, budget.share(ONE)).await;
        assert_eq!(large.unwrap_err(), BodyError::TooLarge);
        assert_eq!(budget.used(), 0);
    }
}
