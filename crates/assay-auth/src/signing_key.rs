//! Keys that sign tokens, and the compact signed form (RFC 7515) of what they
//! sign. Each key has one algorithm; what a token says of its algorithm is
//! compared with that and never followed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair as RsaKeyPair, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::AuthError;
use crate::secret::{from_base64, to_base64};

/// A shorter secret of HMAC could be guessed.
const SHARED_SECRET_BYTES_MIN: usize = 32;
const NAME_BYTES_MAX: usize = 64;
const PEM_BYTES_MAX: usize = 16 * 1024;
/// So long may a signed token be.
pub(crate) const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// So many bytes has a coordinate on the curve P-256.
const COORDINATE_BYTES: usize = 32;

/// The name of a key, in tokens (`kid`) and envelopes: letters, digits, `-`, `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, AuthError> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_fit) {
            return Err(AuthError::KeyNameMalformed);
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256: who verifies can also sign.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// Returns the name that tokens use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

enum Material {
    Shared(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    RsaPublic { n: Vec<u8>, e: Vec<u8> },
    Curve(Box<EcdsaKeyPair>),
    CurvePublic { point: Vec<u8> },
}

/// A key that signs or, of those with a public half, perhaps only verifies.
pub struct SigningKey {
    name: KeyName,
    material: Material,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.name, self.algorithm().name())
    }
}

impl SigningKey {
    /// Takes a shared secret of at least 32 bytes, for HS256.
    pub fn shared(name: KeyName, secret: &SecretSlice<u8>) -> Result<Self, AuthError> {
        let secret = secret.expose_secret();
        if secret.len() < SHARED_SECRET_BYTES_MIN {
            return Err(AuthError::KeyMaterialUnfit);
        }
        let material = Material::Shared(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Ok(Self { name, material })
    }

    /// Takes a private key in PEM: `PRIVATE KEY` (PKCS #8; RSA of 2048 to 4096
    /// bits, or P-256) or `RSA PRIVATE KEY` (PKCS #1, as GitHub gives it to apps).
    pub fn private_pem(name: KeyName, pem: &SecretString) -> Result<Self, AuthError> {
        let (label, der) = decode_pem(pem.expose_secret()).ok_or(AuthError::KeyMaterialUnfit)?;
        let rsa = match label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            _ => return Err(AuthError::KeyMaterialUnfit),
        };
        let material = match rsa {
            Ok(pair) => Material::Rsa(Box::new(pair)),
            Err(_) => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, &der, &SystemRandom::new());
                Material::Curve(Box::new(pair.map_err(|_| AuthError::KeyMaterialUnfit)?))
            }
        };
        Ok(Self { name, material })
    }

    /// Takes a public key as a JSON web key (RFC 7517) with `kid`; it verifies only.
    /// What is not for signatures of RS256 or ES256 is refused, also a shared secret.
    pub fn public_jwk(jwk: &Value) -> Result<Self, AuthError> {
        let text = |key: &str| jwk.get(key).and_then(Value::as_str);
        let bytes = |key: &str| text(key).and_then(from_base64);
        let name = KeyName::parse(text("kid").ok_or(AuthError::KeyNameMalformed)?)?;
        let is_for = |key: &str, wanted: &str| text(key).is_none_or(|found| found == wanted);
        let is_fit = is_for("use", "sig") && jwk.get("d").is_none();
        let material = match text("kty") {
            Some("RSA") if is_fit && is_for("alg", "RS256") => (bytes("n").zip(bytes("e")))
                .filter(|(n, e)| (256..=512).contains(&n.len()) && (1..=4).contains(&e.len()))
                .map(|(n, e)| Material::RsaPublic { n, e }),
            Some("EC") if is_fit && is_for("alg", "ES256") && text("crv") == Some("P-256") => {
                (bytes("x").zip(bytes("y")))
                    .filter(|(x, y)| x.len() == COORDINATE_BYTES && y.len() == COORDINATE_BYTES)
                    .map(|(x, y)| Material::CurvePublic {
                        point: [&[4], &x[..], &y].concat(),
                    })
            }
            _ => None,
        };
        let material = material.ok_or(AuthError::KeyMaterialUnfit)?;
        Ok(Self { name, material })
    }

    /// Returns the name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Returns the one algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Shared(_) => Algorithm::Hs256,
            Material::Rsa(_) | Material::RsaPublic { .. } => Algorithm::Rs256,
            Material::Curve(_) | Material::CurvePublic { .. } => Algorithm::Es256,
        }
    }

    /// Returns whether the key can sign.
    pub fn can_sign(&self) -> bool {
        matches!(
            self.material,
            Material::Shared(_) | Material::Rsa(_) | Material::Curve(_)
        )
    }

    /// Returns the public half as a JSON web key, if there is one.
    pub fn to_public_jwk(&self) -> Option<Value> {
        let mut jwk = match &self.material {
            Material::Shared(_) => return None,
            Material::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": to_base64(&public.n), "e": to_base64(&public.e)})
            }
            Material::RsaPublic { n, e } => {
                json!({"kty": "RSA", "n": to_base64(n), "e": to_base64(e)})
            }
            Material::Curve(pair) => curve_jwk(pair.public_key().as_ref())?,
            Material::CurvePublic { point } => curve_jwk(point)?,
        };
        jwk["kid"] = self.name.as_str().into();
        jwk["alg"] = self.algorithm().name().into();
        jwk["use"] = "sig".into();
        Some(jwk)
    }

    /// Returns the claims as a signed token in the compact form.
    pub fn sign(&self, claims: &Value) -> Result<SecretString, AuthError> {
        let header = json!({
            "alg": self.algorithm().name(),
            "kid": self.name.as_str(),
            "typ": "JWT",
        });
        let header = to_base64(header.to_string().as_bytes());
        let mut token = header + "." + &to_base64(claims.to_string().as_bytes());
        let signature = self.sign_bytes(token.as_bytes())?;
        token.push('.');
        token.push_str(&to_base64(&signature));
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::TokenTooLong);
        }
        Ok(token.into())
    }

    /// Returns the signature over a message.
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, AuthError> {
        // The library takes its own randomness only. It blinds and makes nonces with
        // it; nothing that anybody reads depends on it.
        let random = SystemRandom::new();
        match &self.material {
            Material::Shared(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Material::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| AuthError::KeyMaterialUnfit)?;
                Ok(signature)
            }
            Material::Curve(pair) => {
                let signature = pair.sign(&random, message);
                let signature = signature.map_err(|_| AuthError::KeyMaterialUnfit)?;
                Ok(signature.as_ref().to_vec())
            }
            Material::RsaPublic { .. } | Material::CurvePublic { .. } => {
                Err(AuthError::KeyCannotSign)
            }
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match &self.material {
            Material::Shared(key) => hmac::verify(key, message, signature),
            Material::Rsa(pair) => PublicKeyComponents::<Vec<u8>>::from(pair.public()).verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            Material::RsaPublic { n, e } => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Material::Curve(pair) => {
                let point = pair.public_key().as_ref();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::CurvePublic { point } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        };
        checked.is_ok()
    }
}

/// A token in the compact form, taken apart and not yet believed.
pub(crate) struct SignedToken<'a> {
    header: Header,
    message: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The only members of a header that are looked at: never `jku`, `jwk`, `x5u`.
/// A member that stands twice is an error.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

impl<'a> SignedToken<'a> {
    /// Takes a token apart.
    pub(crate) fn parse(token: &'a str) -> Result<Self, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::TokenTooLong);
        }
        let malformed = || AuthError::TokenMalformed;
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        let header = from_base64(header).ok_or_else(malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| malformed())?;
        let is_known = header.typ.as_deref().is_none_or(|typ| typ == "JWT");
        if header.crit.is_some() || !is_known {
            return Err(malformed());
        }
        Ok(Self {
            header,
            message,
            payload: from_base64(payload).ok_or_else(malformed)?,
            signature: from_base64(signature).ok_or_else(malformed)?,
        })
    }

    /// Returns the name of the key that it says it was signed with.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Returns what was signed, if the key signed it by its own algorithm.
    pub(crate) fn verify(&self, key: &SigningKey) -> Result<&[u8], AuthError> {
        if self.header.alg != key.algorithm().name() {
            return Err(AuthError::TokenAlgorithmWrong);
        }
        if !key.verifies(self.message.as_bytes(), &self.signature) {
            return Err(AuthError::TokenSignatureWrong);
        }
        Ok(&self.payload)
    }
}

fn curve_jwk(point: &[u8]) -> Option<Value> {
    let (x, y) = point
        .strip_prefix(&[4])?
        .split_at_checked(COORDINATE_BYTES)?;
    Some(json!({"kty": "EC", "crv": "P-256", "x": to_base64(x), "y": to_base64(y)}))
}

/// Reads the first block of a PEM text: its label and its bytes.
fn decode_pem(pem: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    if pem.len() > PEM_BYTES_MAX {
        return None;
    }
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, rest) = rest.split_once("-----END ")?;
    rest.strip_prefix(label)?.strip_prefix("-----")?;
    let digits: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(Zeroizing::new(digits).as_bytes()).ok()?;
    Some((label, Zeroizing::new(der)))
}
