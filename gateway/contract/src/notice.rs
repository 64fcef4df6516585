//! Notices: sealed to the notifier's key (HPKE, RFC 9180), so that no broker between reads a code.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable, single_shot_open,
    single_shot_seal_with_rng,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use vestibule_core::building::NoticeText;
use vestibule_core::id::{BuildingId, NoticeId};
use vestibule_core::row::NoticeKind;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::identity::Epoch;
use crate::{PayloadError, event, hex, time, written};

type Suite = X25519HkdfSha256;

/// Bytes of an X25519 key.
const KEY_BYTES: usize = 32;

/// The message on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedNotice {
    /// `{building}:{epoch}:{notice}`: the same for each sending of one notice, and authenticated with it.
    pub id: String,
    /// The building; part of the HPKE info string.
    pub building: String,
    /// First 16 hexadecimal digits of SHA-256 of the public key it is sealed to.
    pub key: String,
    /// HPKE encapsulated key, base64url without padding.
    pub enc: String,
    /// HPKE ciphertext, base64url without padding.
    pub ciphertext: String,
}

/// What the notifier reads. Holds a code in clear: wiped on drop, no Debug.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// As in [`SealedNotice::id`].
    #[zeroize(skip)]
    pub id: String,
    /// What it says.
    #[zeroize(skip)]
    pub kind: NoticeWord,
    /// To whom.
    #[zeroize(skip)]
    pub unit: String,
    /// About which parcel.
    #[zeroize(skip)]
    pub parcel: String,
    /// What the compartment's sticker says.
    #[zeroize(skip)]
    pub label: String,
    /// The pickup code, shown 3-3-4; absent where none is live.
    pub code: Option<String>,
    /// Until when the parcel is held for pickup, RFC 3339; absent where there is no code.
    #[zeroize(skip)]
    pub deadline: Option<String>,
    /// When it was decided, RFC 3339.
    #[zeroize(skip)]
    pub at: String,
    /// Whom to call.
    #[zeroize(skip)]
    pub support: String,
}

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeWord {
    /// Your parcel waits.
    Arrived,
    /// Your delivery was interrupted; the office looks after it.
    Interrupted,
    /// Your compartment was opened by somebody else.
    OpenedByOther,
    /// A fresh reminder of a code that was tried after its time.
    Reminder,
}

/// What all notices of a journal have in common.
#[derive(Clone, Debug)]
pub struct Context {
    /// The building.
    pub building: BuildingId,
    /// The journal's identity.
    pub epoch: Epoch,
    /// Telephone number of the office.
    pub support: String,
}

/// Public key of the notifier.
#[derive(Clone)]
pub struct NotifierKey(<Suite as Kem>::PublicKey);

/// Private key of the notifier: simulated notifiers and tests hold one, the gateway never does.
pub struct NotifierSecret(<Suite as Kem>::PrivateKey);

/// Why a notice cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// Not a key.
    #[error("read the notifier's key: 32 bytes as 64 hexadecimal digits or base64 are expected")]
    Key,
    /// A payload type has a defect.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The cipher refused.
    #[error("seal notice {id}: {source}")]
    Seal {
        /// Which notice.
        id: String,
        /// What it says.
        source: HpkeError,
    },
    /// Not for this key or building, or changed on the way.
    #[error("open notice {id}: {source}")]
    Open {
        /// Which notice.
        id: String,
        /// What it says.
        source: HpkeError,
    },
    /// Not a sealed notice at all.
    #[error("read sealed notice")]
    Form(#[source] serde_json::Error),
    /// `enc` or `ciphertext` is not base64url.
    #[error("sealed notice: {0} is not base64url")]
    Base64(&'static str),
}

impl NotifierKey {
    /// Takes the key's bytes.
    ///
    /// # Errors
    /// [`NoticeError::Key`] if they are not a key.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, NoticeError> {
        <Suite as Kem>::PublicKey::from_bytes(bytes).map(Self).map_err(|_| NoticeError::Key)
    }

    /// Reads 64 hexadecimal digits, or base64 in either alphabet.
    ///
    /// # Errors
    /// [`NoticeError::Key`] if it is neither.
    pub fn parse(text: &str) -> Result<Self, NoticeError> {
        let from_base64 = || {
            let alphabets = [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD];
            alphabets.iter().find_map(|alphabet| alphabet.decode(text).ok()?.try_into().ok())
        };
        let bytes = hex::decode(text).or_else(from_base64).ok_or(NoticeError::Key)?;
        Self::from_bytes(&bytes)
    }

    /// The key's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY_BYTES] {
        self.0.to_bytes().into()
    }

    /// What names the key in messages and logs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = hex::encode(&event::hash(&self.to_bytes()).0);
        text.truncate(16);
        text
    }
}

impl NotifierSecret {
    /// Derives a key pair from 32 random bytes.
    #[must_use]
    pub fn generate(entropy: &[u8; 32]) -> (Self, NotifierKey) {
        let (secret, public) = <Suite as Kem>::derive_keypair(entropy);
        (Self(secret), NotifierKey(public))
    }

    /// Takes the key's bytes.
    ///
    /// # Errors
    /// [`NoticeError::Key`] if they are not a key.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, NoticeError> {
        <Suite as Kem>::PrivateKey::from_bytes(bytes).map(Self).map_err(|_| NoticeError::Key)
    }

    /// The key's bytes, wiped on drop.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// Opens a message.
    ///
    /// # Errors
    /// [`NoticeError`] if it is not for this key, or was changed.
    pub fn open(&self, message: &[u8]) -> Result<Notice, NoticeError> {
        let sealed: SealedNotice = serde_json::from_slice(message).map_err(NoticeError::Form)?;
        let enc = decoded("enc", &sealed.enc)?;
        let ciphertext = decoded("ciphertext", &sealed.ciphertext)?;
        let failed = |source| NoticeError::Open { id: sealed.id.clone(), source };
        let enc = <Suite as Kem>::EncappedKey::from_bytes(&enc).map_err(failed)?;
        let plain = single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeR::Base,
            &self.0,
            &enc,
            &info(&sealed.building),
            &ciphertext,
            sealed.id.as_bytes(),
        );
        let plain = Zeroizing::new(plain.map_err(failed)?);
        serde_json::from_slice(&plain).map_err(NoticeError::Form)
    }
}

/// Seals a notice; `entropy` must be random and used once.
///
/// # Errors
/// [`NoticeError`] if the cipher refuses.
pub fn seal(
    context: &Context,
    key: &NotifierKey,
    id: NoticeId,
    text: &NoticeText,
    entropy: [u8; 32],
) -> Result<Vec<u8>, NoticeError> {
    let id = format!("{}:{}:{id}", context.building, context.epoch);
    let plain = Zeroizing::new(written("notice", &in_clear(context, id.clone(), text))?);
    let building = context.building.to_string();
    let sealed = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
        &OpModeS::Base,
        &key.0,
        &info(&building),
        &plain,
        id.as_bytes(),
        &mut Expanded { entropy: Zeroizing::new(entropy), blocks: 0 },
    );
    let (enc, ciphertext) = sealed.map_err(|source| NoticeError::Seal { id: id.clone(), source })?;
    let message = SealedNotice {
        id,
        building,
        key: key.fingerprint(),
        enc: URL_SAFE_NO_PAD.encode(enc.to_bytes()),
        ciphertext: URL_SAFE_NO_PAD.encode(ciphertext),
    };
    Ok(written("sealed notice", &message)?)
}

fn in_clear(context: &Context, id: String, text: &NoticeText) -> Notice {
    Notice {
        id,
        kind: text.row.kind.into(),
        unit: text.row.unit.to_string(),
        parcel: text.row.parcel.to_string(),
        label: text.label.clone(),
        code: text.code.as_deref().map(shown),
        deadline: text.deadline.map(time::text),
        at: time::text(text.row.at),
        support: context.support.clone(),
    }
}

/// Ten digits as people read them: 3-3-4. Anything else is left alone.
fn shown(code: &str) -> String {
    match (code.len(), code.get(..3), code.get(3..6), code.get(6..)) {
        (10, Some(first), Some(second), Some(third)) => format!("{first}-{second}-{third}"),
        _ => code.into(),
    }
}

fn info(building: &str) -> Vec<u8> {
    format!("vestibule-notice/1:{building}").into_bytes()
}

fn decoded(field: &'static str, text: &str) -> Result<Vec<u8>, NoticeError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NoticeError::Base64(field))
}

impl From<NoticeKind> for NoticeWord {
    fn from(kind: NoticeKind) -> Self {
        match kind {
            NoticeKind::Arrived => Self::Arrived,
            NoticeKind::Interrupted => Self::Interrupted,
            NoticeKind::OpenedByOther => Self::OpenedByOther,
            NoticeKind::Reminder => Self::Reminder,
        }
    }
}

/// Random bytes given in, expanded by SHA-256 over a counter: the core's determinism reaches to the sealed bytes.
struct Expanded {
    entropy: Zeroizing<[u8; 32]>,
    blocks: u64,
}

impl Expanded {
    fn block(&mut self) -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(b"vestibule-notice-entropy/1")
            .chain_update(*self.entropy)
            .chain_update(self.blocks.to_be_bytes());
        self.blocks += 1;
        hash.finalize().into()
    }
}

impl TryRng for Expanded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let [a, b, c, d, ..] = self.block();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let [a, b, c, d, e, f, g, h, ..] = self.block();
        Ok(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Expanded {}

#[cfg(test)]
mod tests;
