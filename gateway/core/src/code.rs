//! Pickup codes: nine digits derived by HMAC from the recipient's counter, and a check digit. Never stored.

use alloc::collections::BTreeMap;
use alloc::string::String;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::building::CodeKey;
use crate::id::{BuildingId, CarrierId, ParcelId, UnitId};
use crate::limits::{CARRIER_CODE_DIGITS, PICKUP_CODE_DIGITS};
use crate::parcel::Parcel;
use crate::unit::Digest;

/// Number of codes: nine digits carry the secret, the tenth checks them.
const CODES: u64 = 1_000_000_000;

/// The nine secret digits of a pickup code. No Debug, no Display; wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct Code(u32);

impl Code {
    /// The code of a recipient's counter.
    pub(crate) fn derive(key: &CodeKey, building: &BuildingId, unit: &UnitId, counter: u32) -> Self {
        let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.0) else {
            unreachable!("HMAC takes keys of any length")
        };
        // Ids hold no zero byte, so that no two (building, unit) pairs run together.
        let mac = mac
            .chain_update(b"vestibule-pickup-code/1\0")
            .chain_update(building.as_str())
            .chain_update([0])
            .chain_update(unit.as_str())
            .chain_update([0])
            .chain_update(counter.to_be_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut head = [0; 8];
        head.copy_from_slice(&bytes[..8]);
        // 2^64 modulo 10^9 is so small against 2^64 that no code is likelier than another by more than 1 in 10^10.
        Self(u32::try_from(u64::from_be_bytes(head) % CODES).unwrap_or(0))
    }

    /// The ten digits as they are shown to the recipient.
    pub(crate) fn digits(&self) -> String {
        let mut text = alloc::format!("{:09}", self.0);
        text.push(char::from(b'0' + check_digit(text.bytes())));
        text
    }

    pub(crate) const fn is(&self, other: &Self) -> bool {
        self.equal(other) == 1
    }

    /// One if equal, zero if not, in the same number of steps.
    const fn equal(&self, other: &Self) -> u64 {
        let difference = self.0 as u64 ^ other.0 as u64;
        ((difference | difference.wrapping_neg()) >> 63) ^ 1
    }
}

/// What somebody typed where a code is expected.
pub(crate) enum TypedCode {
    /// Ten digits whose check digit is right.
    Pickup(Code),
    /// Ten digits whose check digit is wrong.
    Typo,
    /// Digits of a carrier's code.
    Carrier(CarrierCode),
    /// Something else.
    Other,
}

/// Digits of a carrier's code. Wiped on drop.
#[derive(ZeroizeOnDrop)]
pub(crate) struct CarrierCode(String);

impl TypedCode {
    /// Reads digits; spaces and dashes are for the eye.
    pub(crate) fn read(text: &str) -> Self {
        let mut digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Other;
        }
        let read = match digits.len() {
            PICKUP_CODE_DIGITS if check_digit(digits.bytes()) != 0 => Self::Typo,
            PICKUP_CODE_DIGITS => digits[..PICKUP_CODE_DIGITS - 1]
                .parse()
                .map_or(Self::Other, |value| Self::Pickup(Code(value))),
            length if CARRIER_CODE_DIGITS.contains(&length) => Self::Carrier(CarrierCode(digits.clone())),
            _ => Self::Other,
        };
        zeroize::Zeroize::zeroize(&mut digits);
        read
    }
}

impl CarrierCode {
    /// Whether this is the carrier's code, in the same number of steps whether it is or not.
    pub(crate) fn matches(&self, building: &BuildingId, carrier: &CarrierId, digest: &Digest) -> bool {
        let own = Sha256::new()
            .chain_update(b"vestibule-carrier-code/1:")
            .chain_update(building.as_str())
            .chain_update(b":")
            .chain_update(carrier.as_str())
            .chain_update(b":")
            .chain_update(&self.0)
            .finalize();
        own.iter().zip(digest.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

/// Codes of all parcels that have one, live or recent. Kept in memory only, derived again at each start.
pub(crate) struct Keyring {
    key: CodeKey,
    codes: BTreeMap<ParcelId, Code>,
}

impl Keyring {
    pub(crate) const fn new(key: CodeKey) -> Self {
        Self { key, codes: BTreeMap::new() }
    }

    /// The code of a recipient's counter.
    pub(crate) fn derive(&self, building: &BuildingId, unit: &UnitId, counter: u32) -> Code {
        Code::derive(&self.key, building, unit, counter)
    }

    /// Follows a parcel's row.
    pub(crate) fn follow(&mut self, building: &BuildingId, id: ParcelId, parcel: Option<&Parcel>) {
        let counter = parcel.and_then(|parcel| parcel.state.code());
        let Self { key, codes } = self;
        match (parcel, counter) {
            (Some(parcel), Some(counter)) => {
                // A parcel keeps its counter for life; deriving again gives the same code.
                codes.entry(id).or_insert_with(|| Code::derive(key, building, &parcel.unit, counter));
            }
            _ => {
                codes.remove(&id);
            }
        }
    }

    /// The parcel whose code this is; looks at every code, whether one matches or not.
    pub(crate) fn find(&self, typed: &Code) -> Option<ParcelId> {
        let mut found = (0_u64, 0_u64);
        for (id, code) in &self.codes {
            let mask = code.equal(typed).wrapping_neg();
            found.0 |= mask & (u64::from(id.0.boot) << 32 | u64::from(id.0.number));
            found.1 |= mask & 1;
        }
        let (low, high) = (found.0 & u64::from(u32::MAX), found.0 >> 32);
        let serial = crate::id::Serial {
            boot: u32::try_from(high).unwrap_or(0),
            number: u32::try_from(low).unwrap_or(0),
        };
        (found.1 == 1).then_some(ParcelId(serial))
    }

    pub(crate) fn knows(&self, code: &Code) -> bool {
        self.find(code).is_some()
    }
}

/// Damm's quasigroup of order ten: catches every single wrong digit and every swap of neighbours.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// Damm's check digit of these ASCII digits: the one that ends a pickup code; zero if the last one already is it. It
/// finds every single wrong digit and every swap of two neighbours.
pub fn check_digit(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |interim, digit| DAMM[usize::from(interim)][usize::from(digit.wrapping_sub(b'0') % 10)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(counter: u32) -> Code {
        let building = BuildingId::new("maple-court").unwrap();
        Code::derive(&CodeKey([7; 32]), &building, &UnitId::new("4b").unwrap(), counter)
    }

    #[test]
    fn typo_is_seen_when_one_digit_is_wrong_or_two_neighbours_are_swapped() {
        for counter in 0..50 {
            let right = code(counter).digits();
            assert!(matches!(TypedCode::read(&right), TypedCode::Pickup(_)));
            for at in 0..10 {
                for digit in b'0'..=b'9' {
                    let mut wrong = right.clone().into_bytes();
                    wrong[at] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert!(wrong == right || matches!(TypedCode::read(&wrong), TypedCode::Typo), "{wrong}");
                }
            }
            for at in 0..9 {
                let mut wrong = right.clone().into_bytes();
                wrong.swap(at, at + 1);
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(wrong == right || matches!(TypedCode::read(&wrong), TypedCode::Typo), "{wrong}");
            }
        }
    }

    #[test]
    fn code_stays_the_same_when_it_is_derived_again() {
        assert_eq!(code(1).digits(), code(1).digits());
        assert_ne!(code(1).digits(), code(2).digits());
        // Golden: if this changes, every code in residents' hands dies with the update.
        assert_eq!(code(1).digits(), "1748009373");
    }

    #[test]
    fn spaces_and_dashes_are_ignored_when_a_code_is_typed_as_it_is_shown() {
        let digits = code(3).digits();
        let shown = alloc::format!("{} {}-{}", &digits[..3], &digits[3..6], &digits[6..]);
        assert!(matches!(TypedCode::read(&shown), TypedCode::Pickup(typed) if typed.equal(&code(3)) == 1));
    }

    #[test]
    fn carrier_code_is_never_read_as_a_pickup_code_when_it_has_six_to_eight_digits() {
        for text in ["123456", "12345678"] {
            assert!(matches!(TypedCode::read(text), TypedCode::Carrier(_)));
        }
        for text in ["12345", "123456789", "12345678901", "4b", ""] {
            assert!(matches!(TypedCode::read(text), TypedCode::Other));
        }
    }
}
