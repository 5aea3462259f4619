//! Looks through a text for secrets, at once. The text is kept nowhere, and no
//! secret is in the answer. Another process reads it.

use assay_auth::Permission;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::examine::{ExamineRequest, ExamineRules, ExaminedFile};
use crate::record::secrets;

const TEXT_BYTES_MAX: usize = 1024 * 1024;
const FOUND_MAX: usize = 1_000;

/// A text that is to be looked through.
#[derive(Clone, Debug)]
pub struct SecretScan {
    /// What the file would be called; what stands where depends on it.
    pub path: String,
    /// The text.
    pub text: String,
}

/// A secret that was found, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFound {
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: String,
    /// How sure it is.
    pub confidence: String,
    /// What it says.
    pub message: String,
    /// The line and column, from 1, where it begins.
    pub start: (u32, u32),
    /// The line and column after its end.
    pub end: (u32, u32),
    /// Its identity.
    pub fingerprint: String,
}

impl App {
    /// Scans a text.
    pub async fn scan_secrets(
        &self,
        caller: &Caller,
        scan: SecretScan,
    ) -> Result<Vec<SecretFound>, Error> {
        let scope = caller.authorise(Permission::ScanRun)?;
        if scan.text.len() > TEXT_BYTES_MAX {
            let why = format!("at most {TEXT_BYTES_MAX} bytes");
            return Err(Error::invalid("text", why));
        }
        let request = ExamineRequest {
            base: String::new(),
            head: "text".to_owned(),
            files: vec![ExaminedFile {
                path: scan.path,
                base: None,
                head: Some(scan.text),
            }],
            rules: ExamineRules::Secrets,
        };
        request.check()?;
        let owner = scope
            .organisation()
            .map(|organisation| organisation.to_string());
        let owner = owner.unwrap_or_default();
        let examiner = self.options().examiner.as_deref();
        let examiner = examiner.ok_or(Error::NotSetUp("examine texts"))?;
        let permit = self.scans().acquire().await;
        let permit = permit.map_err(|_| Error::Busy { retry_ms: 1_000 })?;
        let report = examiner.examine(&owner, &request).await?;
        drop(permit);
        let mut secrets = secrets(&report)?;
        secrets.truncate(FOUND_MAX);
        Ok(secrets)
    }
}
