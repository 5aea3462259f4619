//! What is refused, and why. The caller learns the kind; the reason is for the log.

use assay_source::ErrorKind;
use thiserror::Error;

use crate::permission::{Permission, PermissionSet};

/// Somebody may not do what they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// Nobody knows who asks.
    #[error("this needs a key, a token or a session")]
    Unauthenticated,
    /// There is no such thing, or the caller may not know of it.
    #[error("there is no such thing")]
    NotFound,
    /// The caller may see the thing, but not do that.
    #[error("this needs the permission `{0}`")]
    Forbidden(Permission),
}

impl Denied {
    /// Returns the kind, from which status and exit code follow.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Unauthenticated | Self::Forbidden(_) => ErrorKind::Denied,
            Self::NotFound => ErrorKind::NotFound,
        }
    }

    /// Checks that a permission is there; without it a thing that may be seen is
    /// forbidden, and any other is not there.
    pub(crate) fn check(permissions: PermissionSet, permission: Permission) -> Result<(), Self> {
        if permissions.has(permission) {
            return Ok(());
        }
        match permission.sight() {
            Some(sight) if permissions.has(sight) => Err(Self::Forbidden(permission)),
            _ => Err(Self::NotFound),
        }
    }
}

/// Something shown to us is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthError {
    /// The text is no identifier.
    #[error("this is no identifier")]
    IdentifierMalformed,
    /// No permission has the name.
    #[error("there is no such permission")]
    PermissionUnknown,
    /// The name is not made of lower-case words with hyphens.
    #[error("a role is named by lower-case words with hyphens between them")]
    RoleNameMalformed,
    /// The text is no API key.
    #[error("this is no API key")]
    KeyMalformed,
    /// The API key is not the one that was given out.
    #[error("the API key is wrong")]
    KeyWrong,
    /// The API key was revoked.
    #[error("the API key is revoked")]
    KeyRevoked,
    /// The API key is over.
    #[error("the API key has expired")]
    KeyExpired,
    /// The text is no session token.
    #[error("this is no session")]
    SessionMalformed,
    /// The session is over.
    #[error("the session has expired")]
    SessionExpired,
    /// The text is none of a log-in.
    #[error("this is no log-in")]
    LoginMalformed,
    /// The log-in was begun elsewhere, is over, or was ended before.
    #[error("this log-in was not begun here, or is over; begin again")]
    LoginStrange,
    /// Nobody let this person in.
    #[error("nobody let this person in")]
    LoginRefused,
    /// A form came without the token of its session.
    #[error("the form is not of this session")]
    FormTokenWrong,
    /// A webhook came without a signature.
    #[error("the signature is missing")]
    SignatureMissing,
    /// The signature of a webhook has not its form.
    #[error("the signature is malformed")]
    SignatureMalformed,
    /// No secret makes the signature.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// The signature is too old, or from the future.
    #[error("the signature is too old")]
    SignatureStale,
    /// The text is no signed token, or asks for what we do not do.
    #[error("the token is malformed")]
    TokenMalformed,
    /// The token is longer than any of ours.
    #[error("the token is too long")]
    TokenTooLong,
    /// The token names no key, or none that is in use.
    #[error("the token is signed by an unknown key")]
    TokenKeyUnknown,
    /// The token names another algorithm than its key has.
    #[error("the token names another algorithm than its key has")]
    TokenAlgorithmWrong,
    /// The key did not sign this.
    #[error("the signature of the token is wrong")]
    TokenSignatureWrong,
    /// The token is somebody else's.
    #[error("the token is of another issuer")]
    TokenIssuerWrong,
    /// The token is for somebody else.
    #[error("the token is for another audience")]
    TokenAudienceWrong,
    /// The token is not good yet.
    #[error("the token is not valid yet")]
    TokenNotYet,
    /// The token is over.
    #[error("the token has expired")]
    TokenExpired,
    /// The token is signed, and says nothing that we understand.
    #[error("the token's claims are unfit")]
    TokenClaimsUnfit,
    /// The name of a key is not made of letters, digits, `-` and `_`.
    #[error("a key is named by letters, digits, `-` and `_`")]
    KeyNameMalformed,
    /// The key is too short, damaged, or of another kind.
    #[error("the key is too short, damaged, or of a kind that is not supported")]
    KeyMaterialUnfit,
    /// No key is there that signs by now.
    #[error("there is no key that can sign")]
    KeyCannotSign,
    /// A set of keys has none, too many, or two of one name.
    #[error("a set of keys has between 1 and 16 keys of different names")]
    KeySetUnfit,
    /// An encrypted field has not its form.
    #[error("the encrypted field is malformed")]
    FieldMalformed,
    /// A field is too long to encrypt.
    #[error("the field is too long")]
    FieldTooLong,
    /// The key that encrypted a field is not there.
    #[error("the key of the encrypted field is not there")]
    FieldKeyUnknown,
    /// The field was damaged, or moved here from elsewhere.
    #[error("the encrypted field was changed or moved")]
    FieldWrong,
    /// The text is no hash of an audit entry.
    #[error("this is no hash of an audit entry")]
    AuditHashMalformed,
    /// The details of an audit entry are nested too deep, or have fractions.
    #[error("the details are nested too deep or have fractions")]
    AuditDetailsUnfit,
    /// An entry does not follow from the one before it.
    #[error("entry {number} of the audit log does not follow from the one before it")]
    AuditChainBroken {
        /// The entry's number.
        number: u64,
    },
    /// The text is no network, or there are too many.
    #[error("this is no network in CIDR notation, or one too many")]
    NetworkMalformed,
}

impl AuthError {
    /// Returns the kind, from which status and exit code follow.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::IdentifierMalformed
            | Self::PermissionUnknown
            | Self::RoleNameMalformed
            | Self::KeyNameMalformed
            | Self::KeyMaterialUnfit
            | Self::KeyCannotSign
            | Self::KeySetUnfit
            | Self::FieldMalformed
            | Self::FieldTooLong
            | Self::AuditHashMalformed
            | Self::AuditDetailsUnfit
            | Self::NetworkMalformed => ErrorKind::Invalid,
            Self::KeyMalformed
            | Self::KeyWrong
            | Self::KeyRevoked
            | Self::KeyExpired
            | Self::SessionMalformed
            | Self::SessionExpired
            | Self::LoginMalformed
            | Self::LoginStrange
            | Self::LoginRefused
            | Self::FormTokenWrong
            | Self::SignatureMissing
            | Self::SignatureMalformed
            | Self::SignatureWrong
            | Self::SignatureStale
            | Self::TokenMalformed
            | Self::TokenTooLong
            | Self::TokenKeyUnknown
            | Self::TokenAlgorithmWrong
            | Self::TokenSignatureWrong
            | Self::TokenIssuerWrong
            | Self::TokenAudienceWrong
            | Self::TokenNotYet
            | Self::TokenExpired
            | Self::TokenClaimsUnfit => ErrorKind::Denied,
            Self::FieldKeyUnknown | Self::FieldWrong | Self::AuditChainBroken { .. } => {
                ErrorKind::Internal
            }
        }
    }
}
