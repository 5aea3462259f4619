//! Addresses of callers: lists of networks, and which address a caller has behind
//! proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::AuthError;

/// So many networks may a list have.
const NETWORKS_MAX: usize = 1_000;
/// So many proxies may stand in a row.
const PROXIES_MAX: usize = 16;

/// A network in CIDR notation, such as `192.30.252.0/22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads a network; an address alone is a network of one. Bits beyond the
    /// prefix are an error: whoever wrote them meant something else.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| AuthError::NetworkMalformed)?;
        let width = width(address);
        let bits = match bits {
            None => width,
            Some(bits) if bits.len() > 3 || !bits.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(AuthError::NetworkMalformed);
            }
            Some(bits) => bits.parse().map_err(|_| AuthError::NetworkMalformed)?,
        };
        if bits > width || masked(address, bits) != address {
            return Err(AuthError::NetworkMalformed);
        }
        Ok(Self { address, bits })
    }

    /// Returns whether the address is in it. An IPv4 address in IPv6's clothes is
    /// an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.address) && masked(address, self.bits) == self.address
    }
}

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Reads a list.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, AuthError> {
        let mut networks = Vec::new();
        for text in texts {
            if networks.len() == NETWORKS_MAX {
                return Err(AuthError::NetworkMalformed);
            }
            networks.push(Network::parse(text)?);
        }
        Ok(Self(networks))
    }

    /// Returns whether there is none in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the address is in any of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// Returns the address of a caller: of the peer, or, where that is one of our
/// proxies, the last address that no proxy of ours has, of those that the proxies
/// wrote down (`X-Forwarded-For`, in its order). What a stranger wrote there counts
/// for nothing.
pub fn caller_address(peer: IpAddr, forwarded: &str, proxies: &Networks) -> IpAddr {
    let mut caller = peer.to_canonical();
    for hop in forwarded.rsplit(',').take(PROXIES_MAX) {
        if !proxies.contains(caller) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        caller = address.to_canonical();
    }
    caller
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, Networks, caller_address};

    #[test]
    fn networks_hold_what_their_prefix_says() {
        for (network, address, inside) in [
            ("192.30.252.0/22", "192.30.252.0", true),
            ("192.30.252.0/22", "192.30.255.255", true),
            ("192.30.252.0/22", "192.31.0.0", false),
            ("192.30.252.0/22", "::ffff:192.30.253.7", true),
            ("192.30.252.0/22", "::192.30.253.7", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("2a0a:a440::/29", "2a0a:a447:ffff::1", true),
            ("2a0a:a440::/29", "2a0a:a448::", false),
            ("::/0", "::1", true),
            ("::1/128", "::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                inside,
                "{network:?} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/+8",
            "10.0.0.0/08 ",
            "10.0.0/8",
            "::/129",
            "::1/64",
            "example.org",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "10.0.0.0/0008",
            "010.0.0.0/8",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let proxies = Networks::parse(["10.0.0.0/8", "::1"]).unwrap();
        for (peer, forwarded, caller) in [
            ("203.0.113.9", "", "203.0.113.9"),
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("::1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, junk", "10.0.0.1"),
            ("10.0.0.1", "junk, 10.0.0.3", "10.0.0.3"),
            ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ] {
            let got = caller_address(peer.parse().unwrap(), forwarded, &proxies);
            assert_eq!(got.to_string(), caller, "{peer} {forwarded}");
        }
        let row = vec!["10.0.0.2"; 100].join(",");
        let got = caller_address("10.0.0.1".parse().unwrap(), &row, &proxies);
        assert_eq!(got.to_string(), "10.0.0.2");
        assert!(Networks::parse(vec!["10.0.0.0/8"; 1_001]).is_err());
    }
}
