//! How often somebody may call: by their address, before it is known who they are,
//! and by what they showed.

use std::net::IpAddr;

use assay_auth::{RateDecision, RateLimit};

use crate::app::App;
use crate::error::Error;

/// So many log-ins may an address try.
const LOGINS: RateLimit = RateLimit {
    calls: 30,
    period_ms: 60_000,
    burst: 15,
};
/// So many failed log-ins are written down.
const FAILURES: RateLimit = RateLimit {
    calls: 60,
    period_ms: 60_000,
    burst: 60,
};

impl App {
    /// Decides over a webhook of an address.
    pub(crate) async fn webhook_rate(&self, address: IpAddr, limit: RateLimit) -> RateDecision {
        let caller = format!("webhook:{}", network_of(address));
        let rates = &self.options().rates;
        rates.decide(&caller, limit, self.now_ms()).await
    }

    /// Turns an address away that tries to log in too often.
    pub async fn check_login_rate(&self, address: IpAddr) -> Result<(), Error> {
        let caller = format!("login:{}", network_of(address));
        let rates = &self.options().rates;
        match rates.decide(&caller, LOGINS, self.now_ms()).await {
            RateDecision::Pass(..) => Ok(()),
            RateDecision::Wait { retry_ms } => Err(Error::Busy { retry_ms }),
        }
    }

    /// Returns whether a failed log-in is to be written down: not more often than
    /// somebody reads.
    pub(crate) fn may_note_failure(&self) -> bool {
        let rates = &self.options().rates;
        let decision = rates.decide_here("login failures", FAILURES, self.now_ms());
        matches!(decision, RateDecision::Pass(..))
    }
}

/// Returns what counts as one address: a customer has a whole /64 of IPv6.
pub fn network_of(caller: IpAddr) -> IpAddr {
    match caller.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            std::net::Ipv6Addr::from_bits(network).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::network_of;

    #[test]
    fn one_customer_is_one_address() {
        for (address, network) in [
            ("10.0.0.1", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:db8::1", "2001:db8::"),
            ("2001:db8::2", "2001:db8::"),
            ("2001:db8:0:1::3", "2001:db8:0:1::"),
        ] {
            let parse = |text: &str| text.parse::<IpAddr>().unwrap();
            assert_eq!(network_of(parse(address)), parse(network), "{address}");
        }
    }
}
