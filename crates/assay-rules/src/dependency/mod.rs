//! Rule pack: packages that the project depends on. The findings are made in
//! `assay-review` from advisories; here is what they mean.

pub(crate) mod malicious_package;
pub(crate) mod unmaintained_package;
pub(crate) mod unsound_package;
pub(crate) mod vulnerable_package;
