//! A search for secrets that shares nothing with the product's: its own forms, its own unpacking.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::read::GzDecoder;

/// A file of a bundle, and of every archive in it.
pub struct Unpacked {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A secret with its name for a failure.
pub struct Secret {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Secret {
    pub fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.as_ref().to_vec() }
    }

    /// Raw, hexadecimal, base64 at its three alignments and in both alphabets, URL-encoded; each forwards and backwards.
    pub fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let hex: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = self.bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
        let mut forms = vec![
            ("raw", self.bytes.clone()),
            ("hex", hex.clone().into_bytes()),
            ("upper hex", hex.to_uppercase().into_bytes()),
            ("url", percent.into_bytes()),
        ];
        for before in 0..3 {
            let bytes = [vec![0; before], self.bytes.clone()].concat();
            // The first characters hold what was before, and the last one may hold what comes after.
            let kept = |text: String| text.as_bytes()[[0, 2, 3][before]..text.len() - 1].to_vec();
            forms.push(("base64", kept(STANDARD_NO_PAD.encode(&bytes))));
            forms.push(("base64 of URLs", kept(URL_SAFE_NO_PAD.encode(&bytes))));
        }
        let back = forms.iter().map(|(_, form)| ("backwards", form.iter().rev().copied().collect()));
        let back: Vec<_> = back.collect();
        forms.extend(back);
        forms
    }
}

/// Unpacks an archive, and every archive in it.
pub fn unpack(name: &str, bytes: &[u8]) -> Vec<Unpacked> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inner = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut inner).unwrap();
        return unpack(name, &inner);
    }
    if bytes.get(257..262) != Some(b"ustar") {
        return vec![Unpacked { name: name.to_owned(), bytes: bytes.to_vec() }];
    }
    // The archive as a whole is searched as well: what its headers say is in no file.
    let mut all = vec![Unpacked { name: format!("{name} itself"), bytes: bytes.to_vec() }];
    for entry in tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut inner = Vec::new();
        entry.read_to_end(&mut inner).unwrap();
        all.push(Unpacked { name: format!("{path} (name)"), bytes: path.clone().into_bytes() });
        all.extend(unpack(&path, &inner));
    }
    all
}

/// A part of a key is as good as all of it: long forms are looked for by halves.
fn parts(form: &[u8]) -> Vec<&[u8]> {
    if form.len() < 40 {
        return vec![form];
    }
    let (first, second) = form.split_at(form.len() / 2);
    vec![first, second]
}

/// Where a secret stands, in which form.
pub fn found(secrets: &[Secret], files: &[Unpacked]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let dense: Vec<u8> = file.bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        for secret in secrets {
            for (how, form) in secret.forms() {
                let within =
                    |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
                if parts(&form).into_iter().any(|part| within(&file.bytes, part) || within(&dense, part)) {
                    found.push(format!("{} stands {how} in {}", secret.name, file.name));
                }
            }
        }
    }
    found
}

/// Where a code of digits stands as a number of its own, with or without dashes and blanks.
pub fn typed(code: &str, files: &[Unpacked]) -> Vec<String> {
    let stands = |file: &&Unpacked| {
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        let joined = text.replace(['-', ' '], "");
        [text, joined].iter().any(|text| text.split(|c: char| !c.is_ascii_digit()).any(|run| run == code))
    };
    files.iter().filter(stands).map(|file| file.name.clone()).collect()
}
