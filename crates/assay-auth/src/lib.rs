//! Who may do what, and how one shows who one is.
//!
//! Start at [`Principal::authorise`]: it alone turns a caller and a wish into a
//! [`Scope`], the proof that everything that reads or writes for somebody asks
//! for. How a caller becomes a [`Principal`]: by an API key ([`KeptKey`]), a token
//! ([`TokenKeys`]) or a session ([`SessionToken`]).
//!
//! Invariant: no I/O; the clock and the randomness are passed in (but for the
//! blinding inside of a signature), secrets do not print, and what is compared with
//! a secret is compared in constant time.
//! Must not know: databases, HTTP, forges, what is reviewed.

mod error;
mod identifier;
mod permission;
mod role;
mod scope;
// Where the proof comes from.
mod principal;
// What a caller shows.
mod api_key;
mod login;
mod session;
mod signature;
mod signing_key;
mod token;
// What protects what is kept.
mod audit;
mod field;
mod secret;
// What holds callers back.
mod address;
mod rate;

pub use address::{Network, Networks, caller_address};
pub use api_key::{IssuedKey, KeptKey, KeyHash, PresentedKey};
pub use audit::{AuditEvent, AuditHash, AuditWalk};
pub use error::{AuthError, Denied};
pub use field::{FIELD_KEY_BYTES, FieldKeys};
pub use identifier::{Identifier, KeyId, OrganisationId, RoleId, SessionId, TeamId, UserId};
pub use login::{ExpectedIdentity, Identity, IdentityKeys, LoginSecret, own_path};
pub use permission::{Permission, PermissionSet};
pub use principal::{Actor, Grant, Principal};
pub use rate::{Quota, QuotaDecision, RateDecision, RateLimit, RateState, Usage};
pub use role::{BuiltInRole, RoleName};
pub use scope::Scope;
pub use session::{SessionHash, SessionLimits, SessionToken};
pub use signature::{
    OutgoingHeaders, check_github, check_gitlab, check_outgoing, make_outgoing_secret, sign_github,
    sign_outgoing,
};
pub use signing_key::{Algorithm, KeyName, SigningKey};
pub use token::{RotatedKey, Subject, TokenClaims, TokenKeys};
