//! Recovery: a device on paper. Its whole secret is 32 bytes, written down as 24 words (BIP-39, English,
//! with its checksum) or as a text for a QR code. It is welcomed and removed like any device. Beside a
//! computer's identity file lies an envelope, the same identity encrypted to the paper, so that the words
//! open that computer's home without a network. Splitting the secret among people is not here.

use bech32::Hrp;
use bip39::{Language, Mnemonic};
use tessera_protocol::device::Device;
use tessera_protocol::ids::DeviceId;
use zeroize::{Zeroize, Zeroizing};

use crate::age_file;
use crate::identity::{DeviceSecret, IDENTITY_BYTES};
use crate::secret::{self, secret_types};

/// How many words a paper has.
pub const WORDS: usize = 24;
/// Letters that tell every word of the list from every other.
const UNIQUE_LETTERS: usize = 4;
const CODE_PREFIX: Hrp = Hrp::parse_unchecked("tesserapaper");
const LABEL: &str = "tessera/1 recovery";

secret_types! {
    /// The secret of a recovery paper. `Clone`, because it is typed back and compared.
    Paper;
}

/// Why typed words or a scanned code are no recovery secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// Another number of words.
    #[error("{found} words, where {WORDS} are needed")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// A word that is not in the list, or too short to tell.
    #[error("word {position} is not in the list")]
    Word {
        /// Its place, from 1.
        position: usize,
    },
    /// All words are in the list, and the checksum does not fit: one of them is another, or two changed places.
    #[error("the checksum does not fit: a word is wrong or out of place")]
    Checksum,
    /// A code that is none, or mistyped.
    #[error("not a recovery code")]
    Code,
}

impl Paper {
    /// The words to write down.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let mnemonic = Mnemonic::from_entropy(self.expose()).expect("32 bytes are 24 words");
        let mut text = Zeroizing::new(String::with_capacity(WORDS * 9));
        for word in mnemonic.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// Reads typed words: any case, any white space, and of a word at least its first four letters (three
    /// where it has no more).
    ///
    /// # Errors
    /// [`PaperError`]; it names the word that is wrong.
    pub fn from_words(typed: &str) -> Result<Self, PaperError> {
        let typed: Vec<Zeroizing<String>> =
            typed.split_whitespace().map(|word| Zeroizing::new(word.to_lowercase())).collect();
        if typed.len() != WORDS {
            return Err(PaperError::Count { found: typed.len() });
        }
        let mut whole = Zeroizing::new(String::with_capacity(WORDS * 9));
        for (position, word) in (1..).zip(&typed) {
            let word = complete(word).ok_or(PaperError::Word { position })?;
            if position > 1 {
                whole.push(' ');
            }
            whole.push_str(word);
        }
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &whole).map_err(|_| PaperError::Checksum)?;
        let (mut entropy, _) = mnemonic.to_entropy_array();
        let bytes = entropy.first_chunk().expect("24 words are 32 bytes");
        let paper = Self::from_bytes(bytes);
        entropy.zeroize();
        Ok(paper)
    }

    /// The same secret for a QR code: Bech32m (BIP-350) in capitals.
    #[must_use]
    pub fn code(&self) -> Zeroizing<String> {
        secret::to_text(CODE_PREFIX, self.expose())
    }

    /// Reads a scanned or typed code.
    ///
    /// # Errors
    /// [`PaperError::Code`].
    pub fn from_code(code: &str) -> Result<Self, PaperError> {
        secret::from_text(CODE_PREFIX, code).map(|bytes| Self::from_bytes(&bytes)).ok_or(PaperError::Code)
    }

    /// The paper as a device.
    #[must_use]
    pub fn device_secret(&self) -> DeviceSecret {
        DeviceSecret::of_paper(self.expose())
    }
}

/// The one word that was meant.
fn complete(typed: &str) -> Option<&'static str> {
    if let Some(index) = Language::English.find_word(typed) {
        return Some(Language::English.word_list()[usize::from(index)]);
    }
    let mut words = Language::English.words_by_prefix_iter(typed);
    let word = words.next().filter(|_| typed.len() >= UNIQUE_LETTERS)?;
    words.next().is_none().then_some(word)
}

/// Why an envelope was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The paper has no key that can be sent to.
    #[error("the paper has no key that this program can send to")]
    Recipient,
    /// Not made for this paper, of another device, or damaged.
    #[error("the recovery words do not open this device")]
    Failed,
}

/// Encrypts a computer's identity to a paper.
///
/// # Errors
/// [`EnvelopeError::Recipient`] where the paper cannot be sent to.
pub fn seal_envelope(secret: &DeviceSecret, paper: &Device) -> Result<Vec<u8>, EnvelopeError> {
    let keys = age_file::keys([paper]).map_err(|_| EnvelopeError::Recipient)?;
    Ok(age_file::encrypt(&keys, &secret::encode(LABEL, secret)))
}

/// Opens an envelope. As anyone can write an age file, the identity inside must be the expected one.
///
/// # Errors
/// [`EnvelopeError::Failed`], whatever the reason.
pub fn open_envelope(file: &[u8], paper: &Paper, expected: DeviceId) -> Result<DeviceSecret, EnvelopeError> {
    let contents = age_file::decrypt(&paper.device_secret().age, 1, file, IDENTITY_BYTES)
        .map_err(|_| EnvelopeError::Failed)?;
    let secret: DeviceSecret = secret::decode(LABEL, &contents).map_err(|_| EnvelopeError::Failed)?;
    if secret.id() == expected { Ok(secret) } else { Err(EnvelopeError::Failed) }
}
