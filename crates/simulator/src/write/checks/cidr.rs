//! Networks as texts: what the API server reads, and what of that it does not want to be written.

use std::net::IpAddr;

/// An address with the length of a prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    pub(super) address: IpAddr,
    pub(super) length: u8,
}

impl Network {
    /// Reads a network; zeros in front of numbers are let pass.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let is_number = !length.is_empty() && length.bytes().all(|digit| digit.is_ascii_digit());
        let length: u8 = length.parse().ok().filter(|_| is_number)?;
        let address: IpAddr = plain(address).parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (length <= most).then_some(Self { address, length })
    }

    /// What is wrong with the text of a network that can be read.
    pub(super) fn objection(self, text: &str) -> Option<&'static str> {
        let (address, length) = text.split_once('/')?;
        let padded = length.len() > 1 && length.starts_with('0');
        if padded || address.parse::<IpAddr>().is_err() {
            return Some("must not have leading 0s in IP or prefix length");
        }
        if matches!(self.address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some()) {
            return Some("must not have an IPv4-mapped IPv6 address");
        }
        (self.masked(self.address) != bits(self.address))
            .then_some("must not have bits set beyond the prefix length")
    }

    /// Whether an address lies in it.
    pub(super) fn holds(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && self.masked(address) == self.masked(self.address)
    }

    fn masked(self, address: IpAddr) -> u128 {
        let mask = u128::MAX.checked_shl(128 - u32::from(self.length));
        bits(address) & mask.unwrap_or_default()
    }
}

/// An address as a number; one of 32 bits stands in front.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

/// An address without zeros in front of its decimal numbers.
fn plain(address: &str) -> String {
    let (front, back) = address.rsplit_once(':').unwrap_or(("", address));
    if !back.contains('.') {
        return address.to_owned();
    }
    let number = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let numbers: Vec<String> = back.split('.').map(number).collect();
    let colon = if address.contains(':') { ":" } else { "" };
    format!("{front}{colon}{}", numbers.join("."))
}
