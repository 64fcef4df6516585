//! The forms in which a secret may stand somewhere: raw, hexadecimal, base64 in all three alignments, URL-encoded, and
//! each of them backwards.

use memchr::memmem;
use zeroize::Zeroizing;

/// Shorter forms would be found in anything.
const LEAST: usize = 6;
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every form of one secret.
#[must_use]
pub fn forms(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let hex = |digits: &[u8; 16], before: &[u8]| -> Vec<u8> {
        let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or_default();
        let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
        secret.iter().flat_map(|byte| before.iter().copied().chain(pair(byte))).collect()
    };
    let (lower, upper) = (b"0123456789abcdef", b"0123456789ABCDEF");
    let mut all = vec![
        secret.to_vec(),
        hex(lower, b""),
        hex(upper, b""),
        hex(lower, b"%"),
        hex(upper, b"%"),
        url_encoded(secret, upper),
        url_encoded(secret, lower),
    ];
    // With something between bytes, the first one has nothing before it.
    for (digits, between) in [(lower, b":"), (upper, b":"), (lower, b" "), (upper, b" ")] {
        all.push(hex(digits, between).split_off(1));
    }
    for alphabet in [STANDARD, URL] {
        all.extend((0..3).map(|offset| base64(secret, offset, alphabet)));
    }
    let backwards: Vec<Vec<u8>> = all.iter().map(|form| form.iter().rev().copied().collect()).collect();
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    let of_reversed = (0..3).map(|offset| base64(&reversed, offset, STANDARD));
    all.extend(of_reversed.chain(backwards).chain([{
        let digit = |nibble: u8| lower.get(usize::from(nibble)).copied().unwrap_or_default();
        reversed.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }]));
    all.retain(|form| form.len() >= LEAST);
    all.sort_unstable();
    all.dedup();
    // The longest first: what is removed must not leave an end behind.
    all.sort_by_key(|form| std::cmp::Reverse(form.len()));
    all.into_iter().map(Zeroizing::new).collect()
}

/// As it stands in the base64 of something longer that it begins in at this byte of three: only the characters that no
/// neighbour decides, without the last one, which some cut off.
fn base64(secret: &[u8], offset: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bits: Vec<u8> = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    // Characters are six bits; the first whole one begins here.
    let skip = (6 - offset * 8 % 6) % 6;
    let whole = bits.get(skip..).unwrap_or_default().chunks_exact(6);
    let value = |six: &[u8]| six.iter().fold(0_usize, |value, bit| value << 1 | usize::from(*bit));
    let mut text: Vec<u8> = whole.filter_map(|six| alphabet.get(value(six)).copied()).collect();
    text.pop();
    text
}

/// As a URL has it: letters and digits as they are.
fn url_encoded(secret: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let digit = |nibble: u8| digits.get(usize::from(nibble)).copied().unwrap_or_default();
    let encode = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => vec![*byte],
        byte => vec![b'%', digit(byte >> 4), digit(byte & 15)],
    };
    secret.iter().flat_map(encode).collect()
}

/// Whether any form stands in these bytes, blanks between its parts or not.
#[must_use]
pub fn stands_in(forms: &[Zeroizing<Vec<u8>>], bytes: &[u8]) -> bool {
    let dense: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let found = |form: &Zeroizing<Vec<u8>>| {
        let finder = memmem::Finder::new(form.as_slice());
        finder.find(bytes).is_some() || finder.find(&dense).is_some()
    };
    forms.iter().any(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_found_in_every_form_and_wrapped_over_lines() {
        let secret = b"\x01s3cret/with+odd bytes\xff";
        let forms = forms(secret);
        let lower: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(stands_in(&forms, format!("key={lower};").as_bytes()));
        assert!(stands_in(&forms, lower.to_uppercase().as_bytes()));
        assert!(stands_in(&forms, lower.chars().rev().collect::<String>().as_bytes()));
        assert!(stands_in(&forms, &[b"before".as_slice(), secret, b"after"].concat()));
        assert!(stands_in(&forms, b"%01s3cret%2Fwith%2Bodd%20bytes%FF"));
        let wrapped = format!("{}\n{}", &lower[..10], &lower[10..]);
        assert!(stands_in(&forms, wrapped.as_bytes()), "{wrapped}");
        assert!(!stands_in(&forms, b"nothing of it: 01s3 cre"));
    }

    #[test]
    fn secret_is_found_in_the_base64_of_what_surrounds_it_at_each_alignment() {
        let secret = b"hunter2-hunter2";
        let forms = forms(secret);
        for (before, encoded) in [
            ("", "aHVudGVyMi1odW50ZXIyIQ=="),
            ("x", "eGh1bnRlcjItaHVudGVyMiE="),
            ("xy", "eHlodW50ZXIyLWh1bnRlcjIh"),
        ] {
            assert!(stands_in(&forms, encoded.as_bytes()), "after {before:?}");
        }
        assert!(!stands_in(&forms, b"aGFycG8tbWFyeC1ncm91Y2hv"));
    }
}
