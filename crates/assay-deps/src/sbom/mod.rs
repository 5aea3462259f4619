//! The packages of a whole project as one list for others: an SBOM.

mod bill;
mod cyclonedx;

pub use bill::Project;
pub use cyclonedx::cyclonedx;
