//! Private keys of one run of the tests, in PEM: the tree holds no text that looks
//! like one.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::OsRng;

/// Returns an RSA key of 2048 bits, the same one in the whole process: making one
/// takes a while.
///
/// # Panics
/// When the machine has no randomness.
pub fn rsa_pem() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    let make = || {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).expect("a key can be made");
        let der = key.to_pkcs8_der().expect("a key can be written");
        private_pem(der.as_bytes())
    };
    KEY.get_or_init(make).clone()
}

/// Returns a new key on the curve P-256.
///
/// # Panics
/// When the machine has no randomness.
pub fn curve_pem() -> String {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
    private_pem(key.expect("a key can be made").as_ref())
}

fn private_pem(der: &[u8]) -> String {
    let label = "PRIVATE KEY";
    let body = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
