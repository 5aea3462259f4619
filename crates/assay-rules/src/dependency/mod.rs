//! Rule pack: packages that the project depends on. The findings are made in
//! `assay-review` from advisories and from what package files say; here is what
//! they mean.

pub(crate) mod install_script_added;
pub(crate) mod licence_denied;
pub(crate) mod lookalike_name;
pub(crate) mod malicious_package;
pub(crate) mod unmaintained_package;
pub(crate) mod unpinned;
pub(crate) mod unsound_package;
pub(crate) mod vulnerable_package;
